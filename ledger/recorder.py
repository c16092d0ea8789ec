"""The Postgres recorder of the ledger: one writer at a time, positions without gaps, bulk appends that may be repeated.

It replaces four things of the library's recorder. Its EXCLUSIVE table lock fights with VACUUM: a row lock on the head takes its place.
Its sequence leaves gaps: the head hands out positions. Its text arrays are slow: rows are copied in binary. Its retry after a lost commit
ends in a conflict with itself: an append is idempotent, and a strict insert recognises its own rows.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection
from psycopg.errors import LockNotAvailable, UniqueViolation
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from ledger.binary import COPY_HEADER, COPY_TRAILER, UuidArray, UuidArrayDumper, at_positions, event_row
from ledger.entries import ID, Place, place_of
from ledger.statements import ADVANCE, COPY, CREATE, FIND, FIND_ONE, HEAD, LOCK, LOCK_IF_FREE, LOG_APPEND, READ, SETTINGS, STATES

ATTEMPTS = 5
RETRY_WAIT_SECONDS = 0.2

T = TypeVar("T")


class Appended(NamedTuple):
    """What an append found. `standing` has the beginnings of the states that were there before, as far as their digest, by place."""

    recorded: int
    standing: dict[Place, bytes]
    position: int  # of the last event in the log: covers all of these


def persistently(work: Callable[[], T]) -> T:
    """What `work` gives, which is safe to repeat, and is repeated where the connection was lost."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return work()
        except (InterfaceError, OperationalError):
            if attempt == ATTEMPTS:
                raise
            time.sleep(RETRY_WAIT_SECONDS * attempt)
    raise AssertionError


class LedgerRecorder(PostgresApplicationRecorder):
    """Keeps `<name>_events`, and beside it `<name>_head` (one row) and `<name>_appends` (a row per append)."""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        datastore.db_type_names.clear()  # rows go in as COPY: the library's composite type is not needed
        name = events_table_name.removesuffix("_events")
        self._names = {
            "events": Identifier(datastore.schema, events_table_name),
            "head": Identifier(datastore.schema, f"{name}_head"),
            "appends": Identifier(datastore.schema, f"{name}_appends"),
            "appends_by_time": Identifier(f"{name}_appends_recorded_at"),
            "index": Identifier(self.notification_id_index_name),
        }
        self.sql_create_statements = [self._sql(statement) for statement in CREATE]
        self._lock, self._lock_if_free = map(self._sql, (LOCK, LOCK_IF_FREE))
        self._find, self._copy, self._advance, self._log = map(self._sql, (FIND, COPY, ADVANCE, LOG_APPEND))
        self._read = self._sql(READ)
        self._look_first = False

    def append(self, events: Mapping[Place, bytes]) -> Appended:
        """Record those events that are not in the log yet, in their order.

        `events` has the COPY row of each, without the position, by its place.
        Safe to repeat, so a connection lost at any moment, even after the commit, is answered by trying again. Raises
        OperationalError of the library when Postgres stays away.
        """

        def once() -> Appended:
            with self.datastore.get_connection() as connection:
                if not self._look_first:  # most batches are all new: to look each event up before would take a quarter of the time
                    with suppress(UniqueViolation):
                        return self._append(connection, events, look=False)
                return self._append(connection, events, look=True)

        return persistently(once)

    def append_as_made(self, parts: Iterable[Sequence[bytes]]) -> int | None:
        """Record rows part by part, while they are being made, and return the position of the last.

        Null, and nothing is recorded, where somebody else is at the log, where a row bears a name that is taken, and where the connection
        is lost: then `append` has to do it, which waits, looks, and tries again. `parts` may be left before their end. What they raise is
        raised, and nothing is recorded.
        """
        if self._look_first:
            return None
        with (
            suppress(InterfaceError, OperationalError),
            self.datastore.get_connection() as connection,
            suppress(LockNotAvailable, UniqueViolation),  # of which the pool has not to hear: the connection is good
            connection.transaction(),
            connection.cursor(row_factory=tuple_row, binary=True) as cursor,
        ):
            position, digest = self._locked(connection, cursor, self._lock_if_free)
            return self._write(connection, cursor, position, digest, parts)
        return None

    def begin(self, rows: Sequence[bytes], recorded_at: datetime) -> bool:
        """Record `rows` as the first of a log that is said to have been kept since `recorded_at`, which is no later than now.

        Only of a log that is empty: else figures may have been told which this would change. False, and nothing, where it is not.
        """

        def once() -> bool:
            with (
                self.datastore.get_connection() as connection,
                connection.transaction(),
                connection.cursor(row_factory=tuple_row, binary=True) as cursor,
            ):
                position, digest = self._locked(connection, cursor, self._lock)
                if position:
                    return False
                self._write(connection, cursor, position, digest, [rows], recorded_at)
            return True

        return persistently(once)

    def _append(self, connection: Connection[Any], events: Mapping[Place, bytes], *, look: bool) -> Appended:
        """Raises UniqueViolation where it did not `look`, and one of `events` is in the log."""
        with connection.transaction(), connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            position, digest = self._locked(connection, cursor, self._lock)
            standing = self._standing(cursor, events) if look else {}
            rows = [row for place, row in events.items() if place not in standing] if standing else [*events.values()]
            self._look_first = bool(standing)  # who sends a batch again will send the next one again, too
            if rows:
                position = self._write(connection, cursor, position, digest, [rows])
        return Appended(len(rows), standing, position)

    @staticmethod
    def _locked(connection: Connection[Any], cursor: Any, lock: Composed) -> tuple[int, bytes]:
        """Position and digest of the head of the log, which is ours until the transaction ends."""
        with connection.pipeline():
            cursor.execute(SETTINGS, prepare=True)
            position, digest = _one(cursor.execute(lock, prepare=True).fetchone())
        return position, digest

    def _standing(self, cursor: Any, events: Mapping[Place, bytes]) -> dict[Place, bytes]:
        cursor.adapters.register_dumper(UuidArray, UuidArrayDumper)
        cursor.execute(self._find, [UuidArray.of([place[ID] for place in events])], prepare=True)
        return {place: head for id, version, head in cursor.fetchall() if (place := place_of(id, version)) in events}

    def found(self, places: Iterable[Place]) -> dict[Place, tuple[str, bytes]]:
        """Topics and whole states of events in the log, by place."""
        wanted = set(places)
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            cursor.adapters.register_dumper(UuidArray, UuidArrayDumper)
            cursor.execute(self._sql(STATES), [UuidArray.of([place[ID] for place in wanted])])
            rows = cursor.fetchall()
        return {place: (topic, state) for id, version, topic, state in rows if (place := place_of(id, version)) in wanted}

    def _write(  # noqa: PLR0917 - the head, as it was read under its lock
        self,
        connection: Connection[Any],
        cursor: Any,
        position: int,
        digest: bytes,
        parts: Iterable[Sequence[bytes]],
        recorded_at: datetime | None = None,
    ) -> int:
        """Copy rows in behind the head of the log, part by part, move that, and return its position.

        `recorded_at` is now where it is null, or to come.
        """
        chained = blake2b(digest, digest_size=32)  # the digest of the log up to here: of the digest before, and what is new
        with cursor.copy(self._copy) as copy:
            copy.write(COPY_HEADER)
            for rows in parts:
                copy.write(at_positions(rows, position + 1))
                chained.update(b"".join(rows))
                position += len(rows)
            copy.write(COPY_TRAILER)
        with connection.pipeline():
            cursor.execute(self._advance, [position, chained.digest(), recorded_at], prepare=True)
            cursor.execute(self._log, prepare=True)
        return position

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:  # noqa: ARG002
        """Record all of `stored_events` at their versions, or none: raises IntegrityError if one is taken."""
        uncertain = False
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.datastore.get_connection() as connection:
                    return self._insert(connection, stored_events)
            except IntegrityError:
                if uncertain and (positions := self._positions_of_own(stored_events)):
                    return positions  # the attempt whose answer was lost had been committed
                raise
            except (InterfaceError, OperationalError):
                if attempt == ATTEMPTS:
                    raise
                uncertain = True
                time.sleep(RETRY_WAIT_SECONDS * attempt)
        raise AssertionError

    def _insert(self, connection: Connection[Any], stored_events: Sequence[StoredEvent]) -> Sequence[int]:
        if not stored_events:
            return []
        rows = [
            event_row(UUID(str(event.originator_id)).bytes, event.originator_version, event.topic, event.state) for event in stored_events
        ]
        with connection.transaction(), connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            before, digest = self._locked(connection, cursor, self._lock)
            last = self._write(connection, cursor, before, digest, [rows])
        return [*range(before + 1, last + 1)]

    def _positions_of_own(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        """Positions of `stored_events` if the log holds exactly them, else none."""
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            positions: list[int] = []
            for event in stored_events:
                cursor.execute(self._sql(FIND_ONE), [event.originator_id, event.originator_version])
                found = cursor.fetchone()
                if found is None or (found[1], bytes(found[2])) != (event.topic, event.state):
                    return []
                positions.append(found[0])
        return positions

    def read(self, after: int, limit: int) -> list[tuple[int, bytes, str, bytes]]:
        """Position, originator id, topic and state of up to `limit` events past position `after`, in order."""
        with (
            self.datastore.get_connection() as connection,
            connection.cursor(row_factory=tuple_row, binary=True) as cursor,
        ):
            return cursor.execute(self._read, [after, limit], prepare=True).fetchall()

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:  # noqa: ARG002
        """Not offered: the library's waits for a NOTIFY that appends do not send, since it serialises commits. Read the log with `read`."""
        raise ProgrammingError("the ledger is followed by reading it past a position, not by subscription")

    def max_notification_id(self) -> int | None:
        """Position of the last event; null for an empty log."""
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            (position,) = _one(cursor.execute(self._sql(HEAD)).fetchone())
        return position or None

    def _sql(self, text: Any) -> Composed:
        return SQL(text).format(**self._names)


def _one(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    assert row is not None, "the head of the log has one row"
    return row

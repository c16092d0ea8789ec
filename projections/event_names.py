"""The name of every event of an account, kept for ever: finds a report that comes back with another time, or as another type of event,
which the log takes for another event.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from psycopg import Cursor
from psycopg.errors import UniqueViolation

from domain.names import event_name
from ledger.binary import UuidArray, UuidArrayDumper, copy_of_named_places, named_place, streams
from projections.read_model import Recorded, Tables

KEYS = ("ALTER TABLE {event_names} ADD PRIMARY KEY (account_id, name)",)
CREATE = (
    """
    CREATE TABLE {event_names} (
        account_id uuid NOT NULL,
        name uuid NOT NULL, -- 16 bytes of hash over source and id
        originator_id uuid NOT NULL,
        version integer NOT NULL
    )""",
    *KEYS,
    """
    CREATE TABLE {name_conflicts} (
        account_id uuid NOT NULL,
        position bigint NOT NULL,
        standing uuid NOT NULL,
        standing_version integer NOT NULL,
        refused uuid NOT NULL,
        refused_version integer NOT NULL,
        PRIMARY KEY (account_id, position)
    )""",
)

Name = bytes  # 32: of the account and of a hash over source and id
ACCOUNT, HASH = slice(0, 16), slice(16, 32)
Bearer = tuple[bytes, int]  # stream, version


class Streams(NamedTuple):
    """Some streams, each with its account."""

    accounts: UuidArray
    ids: UuidArray


class Change(NamedTuple):
    """The names of a batch, in the order of the index, whose pages are then visited once: twice as fast."""

    rows: bytes  # the whole of a COPY
    distinct: bool  # whether no two events of the batch bear one name

    def streams(self) -> Streams:
        """Of the events that bear them, or would."""
        return Streams(*streams(self.rows))


class Names:
    """The names of a batch of events of accounts, each with who bears it first."""

    def __init__(self) -> None:
        self._rows: dict[Name, bytes] = {}  # of a COPY
        self._events = 0

    def add(self, events: Sequence[Recorded]) -> None:
        """Some more of them."""
        rows = self._rows
        for _, originator_id, account_id, event, _ in events:
            hash = event_name(event.source, event.id)
            name = account_id + hash
            if name not in rows:
                rows[name] = named_place(account_id, hash, originator_id, event.originator_version)
        self._events += len(events)

    def change(self) -> Change:
        """To be applied. Rows begin with the account and the hash, so their order is that of the index."""
        return Change(copy_of_named_places(sorted(self._rows.values())), len(self._rows) == self._events)


class Taken(Protocol):
    """Knows which names are taken, and by whom."""

    def all_free(self, cursor: Cursor[Any], tables: Tables, change: Change) -> bool:
        """Whether no other event bears any of these names. They are taken, if so."""
        ...

    def standing(self, cursor: Cursor[Any], tables: Tables, asking: Mapping[Name, Bearer]) -> dict[Name, Bearer]:
        """Who bears those of the names that are taken. The others are those who ask from now on."""
        ...


class ByKey:
    """By the key of the table."""

    def all_free(self, cursor: Cursor[Any], tables: Tables, change: Change) -> bool:
        """They nearly always are: to look each up before would take a third of the time."""
        try:
            with cursor.connection.transaction():
                take(cursor, tables, change.rows)
        except UniqueViolation:
            return False
        return True

    def standing(self, cursor: Cursor[Any], tables: Tables, asking: Mapping[Name, Bearer]) -> dict[Name, Bearer]:
        """In one statement."""
        cursor.adapters.register_dumper(UuidArray, UuidArrayDumper)
        names = sorted(asking)
        arrays = [UuidArray.of([name[part] for name in names]) for part in (ACCOUNT, HASH)]
        return {
            account_id + hash: (id, version)
            for account_id, hash, id, version in cursor.execute(tables.sql(STANDING), arrays, prepare=True).fetchall()
        }


BY_KEY = ByKey()


def take(cursor: Cursor[Any], tables: Tables, rows: bytes) -> None:
    """Write the whole of a COPY."""
    with cursor.copy(tables.sql(COPY)) as copy:
        copy.write(rows)


def counted(cursor: Cursor[Any], tables: Tables, batch: Sequence[Recorded], taken: Taken) -> Sequence[Recorded]:
    """Take the names that are free, list the other events as conflicts, and return the events that count."""
    first: dict[Name, Bearer] = {}
    for each in batch:
        first.setdefault(_name(each), _bearer(each))
    standing = first | taken.standing(cursor, tables, first)
    free = [named_place(name[ACCOUNT], name[HASH], *bearer) for name, bearer in first.items() if standing[name] == bearer]
    take(cursor, tables, copy_of_named_places(free))
    told = [(each, standing[_name(each)], _bearer(each)) for each in batch]
    refused = [
        (UUID(bytes=each.account_id), each.position, UUID(bytes=first[0]), first[1], UUID(bytes=other[0]), other[1])
        for each, first, other in told
        if first != other
    ]
    cursor.executemany(tables.sql(CONFLICT), refused)
    return [each for each, first, other in told if first == other]


def _name(recorded: Recorded) -> Name:
    return recorded.account_id + event_name(recorded.event.source, recorded.event.id)


def _bearer(recorded: Recorded) -> Bearer:
    return recorded.originator_id, recorded.event.originator_version


COPY = "COPY {event_names} FROM STDIN (FORMAT BINARY)"
STANDING = """
    SELECT uuid_send(account_id), uuid_send(name), uuid_send(originator_id), version FROM {event_names}
    JOIN unnest(%b, %b) AS asked (account_id, name) USING (account_id, name)"""
CONFLICT = "INSERT INTO {name_conflicts} VALUES (%s, %s, %s, %s, %s, %s)"

"""Corrections and voidings: a request is folded anew from its events, and what it was is taken from the sums that it was in.

A change names the version that it was made of. One whose request, or whose version, is not there yet waits until it is.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Cursor

from domain.corrections import RequestChange, RequestCorrected, RequestVoided
from domain.events import RequestCompleted
from domain.prices import PriceBook
from domain.rating import UNRATED, rate
from ledger.binary import UuidArray, UuidArrayDumper
from ledger.shapes import READERS
from projections.event_names import Streams
from projections.history import Row
from projections.read_model import Recorded, Tables, columns

CREATE = (
    """
    CREATE TABLE {waiting_changes} (
        account_id uuid NOT NULL,
        originator_id uuid NOT NULL, -- of the request
        version integer NOT NULL, -- that the change makes
        position bigint NOT NULL,
        PRIMARY KEY (account_id, originator_id, version)
    )""",
)


class Corrected(NamedTuple):
    """A request before and after one change."""

    before: Row
    after: Row


def apply(
    cursor: Cursor[Any], tables: Tables, changes: Sequence[Recorded], came: Callable[[], Streams], book: Callable[[], PriceBook]
) -> list[Corrected]:
    """Let `changes` wait, and return what those do that need not wait any longer, in their order, rated as the requests were first.

    `came` gives the streams of the batch, whose requests are in history by now. The caller moves the sums.
    """
    if changes:
        cursor.execute(tables.sql(WAIT), columns(map(_waiting, changes)), prepare=True)
    elif not _any_waiting(cursor, tables):
        return []
    cursor.adapters.register_dumper(UuidArray, UuidArrayDumper)
    due = cursor.execute(tables.sql(DUE), [*_changed(changes), *came()], prepare=True).fetchall()
    if not due:
        return []
    fold = _Fold(cursor, tables, book())
    corrected = [each for found in due for each in fold.corrected(found)]
    if corrected:
        done = [(UUID(bytes=row.account_id), UUID(bytes=row.originator_id), row.version) for _, row in corrected]
        cursor.execute(tables.sql(WAIT_NO_LONGER), columns(done))
    return corrected


class _Fold:
    def __init__(self, cursor: Cursor[Any], tables: Tables, book: PriceBook) -> None:
        self._cursor = cursor
        self._tables = tables
        self._book = book

    def corrected(self, due: tuple[Any, ...]) -> list[Corrected]:
        """The request before and after each change that follows its version without a gap."""
        account_id, originator_id, version, position, rated_at, since, voided, waiting = due
        following = [change for i, change in enumerate(waiting) if change == version + 1 + i]
        if not following:
            return []
        events = self._cursor.execute(self._tables.sql(EVENTS), [account_id, originator_id, following[-1]], prepare=True).fetchall()
        rows = [*self._rows(events, account_id, originator_id, rated_at, since)][version - 1 :]
        assert (rows[0].position, rows[0].voided) == (position, voided), "history is what the log says"
        return [Corrected(before, after) for before, after in pairwise(rows)]

    def _rows(self, events: Sequence[tuple[Any, ...]], account_id: UUID, originator_id: UUID, rated_at: int, since: int) -> Iterator[Row]:
        """The request after each of its events. One that came early has waited for those before it: it holds since they came."""
        request, rated, voided = None, UNRATED, False
        for version, (position, topic, state, counts) in enumerate(events, 1):
            event = READERS[topic](state)
            if isinstance(event, RequestCompleted):
                request, rated = event, rate(self._book, event, rated_at)
            assert request is not None, "a request is the first of its stream"
            if counts and isinstance(event, RequestCorrected):
                request = event.applied(request)
                rated = rate(self._book, request, rated_at)
            voided = voided or (counts and isinstance(event, RequestVoided))
            since = max(since, position)
            yield Row(account_id.bytes, originator_id.bytes, position, rated_at, since, version, voided, request, rated)


def _changed(changes: Sequence[Recorded]) -> Streams:
    return Streams(UuidArray.of([each.account_id for each in changes]), UuidArray.of([each.originator_id for each in changes]))


def _any_waiting(cursor: Cursor[Any], tables: Tables) -> bool:
    return cursor.execute(tables.sql(ANY_WAITING), prepare=True).fetchone() is not None


def _waiting(change: Recorded) -> tuple[UUID, UUID, int, int]:
    assert isinstance(change.event, RequestChange)
    return UUID(bytes=change.account_id), UUID(bytes=change.originator_id), change.event.originator_version, change.position


ANY_WAITING = "SELECT FROM {waiting_changes} LIMIT 1"
WAIT = "INSERT INTO {waiting_changes} SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::int4[], %b::int8[])"
# A request's identifier begins with its time, in milliseconds, and so finds its row through the key of history. Waiting changes are few:
# OFFSET 0 keeps the planner from joining all of history with them.
DUE = """
    WITH change AS (
        SELECT account_id, originator_id, array_agg(version ORDER BY version) AS versions,
            ('x' || left(translate(originator_id::text, '-', ''), 12))::bit(48)::bigint AS began
        FROM {waiting_changes}
        JOIN (SELECT * FROM unnest(%b, %b) UNION SELECT * FROM unnest(%b, %b)) AS touched (account_id, originator_id)
            USING (account_id, originator_id)
        GROUP BY account_id, originator_id
    )
    SELECT request.account_id, request.id, request.version, request.position, request.rated_at, request.since, request.voided,
        change.versions
    FROM change CROSS JOIN LATERAL (
        SELECT * FROM {history} AS request
        WHERE request.account_id = change.account_id AND request.id = change.originator_id
            AND request.occurred_at >= to_timestamp(0) + change.began * interval '1 millisecond'
            AND request.occurred_at < to_timestamp(0) + (change.began + 1) * interval '1 millisecond'
        OFFSET 0
    ) AS request
    ORDER BY 1, 2"""
# A change that bears the name of another event is in the log, and changes nothing but the version.
EVENTS = """
    SELECT event.notification_id, event.topic, event.state, conflict.position IS NULL
    FROM {events} AS event
    LEFT JOIN {name_conflicts} AS conflict ON conflict.account_id = %b AND conflict.position = event.notification_id
    WHERE event.originator_id = %b AND event.originator_version <= %b ORDER BY event.originator_version"""
WAIT_NO_LONGER = """
    DELETE FROM {waiting_changes} AS change USING unnest(%b::uuid[], %b::uuid[], %b::int4[]) AS done (account_id, originator_id, version)
    WHERE change.account_id = done.account_id AND change.originator_id = done.originator_id AND change.version <= done.version"""

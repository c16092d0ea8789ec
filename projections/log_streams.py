"""Streams of the log, as they were told, and which of them bears a name: what a change is checked against before it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.events import UsageEvent
from domain.names import event_name
from domain.notation import cloudevent
from ledger.shapes import READERS
from projections.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event, as it was recorded."""

    position: int
    type: str
    version: int
    recorded_at: datetime
    occurred_at: datetime
    source: str
    event_id: str
    data: dict[str, Any]


def logged(position: int, type: str, version: int, recorded_at: datetime, state: bytes) -> LoggedEvent:
    """The event with those columns of the log."""
    event = READERS[type](state)
    return LoggedEvent(position, type, version, recorded_at, event.time, event.source, event.id, cloudevent(event)["data"])


class Told(NamedTuple):
    """An event, and where in the log it is."""

    position: int
    event: UsageEvent


async def told_of(snapshot: Snapshot, originator_id: UUID) -> list[Told]:
    """The events of a stream by version, whether or not the read models include them yet."""
    rows = await snapshot.rows(
        "SELECT notification_id, topic, state FROM {events} WHERE originator_id = %(id)s ORDER BY originator_version", {"id": originator_id}
    )
    return [Told(position, READERS[topic](state)) for position, topic, state in rows]


async def events_at(snapshot: Snapshot, positions: Sequence[int]) -> dict[int, LoggedEvent]:
    """The events at those places in the log, by place. The caller has seen to it that they are for the viewer's eyes."""
    rows = await snapshot.rows(f"{LOGGED} WHERE notification_id = ANY(%(positions)s::int8[])", {"positions": [*positions]})
    return {row[0]: logged(*row) for row in rows}


LOGGED = """
    SELECT notification_id, topic, originator_version,
        (SELECT recorded_at FROM {appends} WHERE position >= notification_id ORDER BY position LIMIT 1), state
    FROM {events}"""


async def bearer_of(snapshot: Snapshot, account_id: UUID, source: str, id: str) -> UUID | None:
    """The stream of the event that bears this name within the account; null while the read models know none."""
    name = UUID(bytes=event_name(source, id))
    named = {"account": account_id, "name": name}
    rows = await snapshot.rows("SELECT originator_id FROM {event_names} WHERE account_id = %(account)s AND name = %(name)s", named)
    return rows[0][0] if rows else None

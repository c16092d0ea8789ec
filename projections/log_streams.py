"""Streams of the log, as they were told, and which of them bears a name: what a change is checked against before it is told."""

from typing import NamedTuple
from uuid import UUID

from domain.events import UsageEvent
from domain.names import event_name
from ledger.shapes import READERS
from projections.snapshot import Snapshot


class Told(NamedTuple):
    """An event, and where in the log it is."""

    position: int
    event: UsageEvent


async def told_of(snapshot: Snapshot, originator_id: UUID) -> list[Told]:
    """The events of a stream by version, whether or not the read models include them yet."""
    rows = await snapshot.rows(
        "SELECT notification_id, topic, state FROM {events} WHERE originator_id = %s ORDER BY originator_version", [originator_id]
    )
    return [Told(position, READERS[topic](state)) for position, topic, state in rows]


async def bearer_of(snapshot: Snapshot, account_id: UUID, source: str, id: str) -> UUID | None:
    """The stream of the event that bears this name within the account; null while the read models know none."""
    name = UUID(bytes=event_name(source, id))
    rows = await snapshot.rows("SELECT originator_id FROM {event_names} WHERE account_id = %s AND name = %s", [account_id, name])
    return rows[0][0] if rows else None

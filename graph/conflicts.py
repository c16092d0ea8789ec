"""Conflicts: reports that bear a name already used for another content."""

from datetime import datetime
from uuid import UUID

import strawberry

from graph.context import Info
from graph.cursors import Cursors, Key, Listing
from graph.pages import fetched
from graph.paging import Connection, page_of
from graph.scalars import JSON
from projections import directory


@strawberry.type(
    description="A report that bears the name of another one with another content. The first one stands; this one counts nothing."
)
class Conflict:
    source: str = strawberry.field(description="Who reported.")
    event_id: str = strawberry.field(description="The event's id: with `source`, the name that both reports bear.")
    received_at: datetime = strawberry.field(description="When the refused report was received.")
    standing: JSON = strawberry.field(description="The report that stands, as a CloudEvent.")
    refused: JSON = strawberry.field(description="The report that was refused, as a CloudEvent.")


async def conflicts(info: Info, account_id: UUID, first: int, after: str | None) -> Connection[Conflict]:
    """A page of the account's conflicts, newest first."""
    snapshot = await info.context.snapshot()
    cursors = Cursors(info.context.services.seal, Listing(account_id.bytes, "conflicts", b"", ""))
    page = page_of(cursors, first=first, after=after)
    start = None
    if page.start is not None:
        received_at, originator_id, digest = page.start
        start = (received_at, originator_id, digest)
    rows = await fetched(info, page, lambda: directory.conflicts(snapshot, account_id, page.limit, start))

    async def count() -> int:
        return await directory.count_conflicts(snapshot, account_id)

    return Connection[Conflict].of(rows, page, cursors, key=_key, node=_conflict, count=count)


def _key(row: directory.ConflictingReport) -> Key:
    return (row.received_at, row.originator_id, row.digest)


def _conflict(row: directory.ConflictingReport) -> Conflict:
    return Conflict(source=row.source, event_id=row.event_id, received_at=row.received_at, standing=row.standing, refused=row.refused)

"""Changes that wait: corrections and voidings of requests that have not been reported."""

from uuid import UUID

from graph.context import Info
from graph.cursors import Cursors, Listing
from graph.event_log import Event, event
from graph.pages import fetched
from graph.paging import Connection, page_of
from projections import waiting
from projections.log_streams import LoggedEvent


async def waiting_changes(info: Info, account_id: UUID, first: int, after: str | None) -> Connection[Event]:
    """A page of the account's, in the order in which they were recorded."""
    context = info.context
    snapshot = await context.snapshot()
    cursors = Cursors(context.services.seal, Listing(account_id.bytes, "waiting changes", b"", ""))
    page = page_of(cursors, first=first, after=after)
    start = None if page.start is None else page.start[0]
    rows = await fetched(info, page, lambda: waiting.waiting_changes(snapshot, account_id, page.limit, start))

    async def count() -> int:
        return await waiting.count_waiting(snapshot, account_id)

    def node(row: LoggedEvent) -> Event:
        return event(context, row)

    return Connection[Event].of(rows, page, cursors, key=lambda row: (row.position,), node=node, count=count)

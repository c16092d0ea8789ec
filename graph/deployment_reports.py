"""What was reported of a deployment: its events, and those among them that contradict others."""

from datetime import datetime
from uuid import UUID

import strawberry

from domain.events import EPOCH, MICROSECOND
from graph.context import Context, Info
from graph.cursors import Cursors, Listing, fingerprint
from graph.event_log import Event, event
from graph.pages import fetched
from graph.paging import Connection, page_of
from projections import deployment_reports
from projections.deployment_reports import Contradicting, Reported


@strawberry.type(description="A report that cannot have been so, given the others. It is kept, and shown here.")
class Contradiction:
    source: str = strawberry.field(description="Who reported it.")
    event_id: str = strawberry.field(description="The event's id: with `source`, its name.")
    time: datetime = strawberry.field(description="When it is said to have happened.")
    type: str = strawberry.field(description='What it says, such as "deployment.started".')
    reading: str = strawberry.field(description="What it contradicts, and how it is read.")


async def events(info: Info, account_id: UUID, key: str, first: int, after: str | None) -> Connection[Event]:
    """A page of the deployment's events, in the order in which they happened."""
    snapshot, cursors = await info.context.snapshot(), await _cursors(info.context, account_id, key, "events")
    page = page_of(cursors, first=first, after=after)
    rows = await fetched(info, page, lambda: deployment_reports.events(snapshot, account_id, key, page.limit, page.start))

    async def count() -> int:
        return await deployment_reports.count_events(snapshot, account_id, key)

    def node(row: Reported) -> Event:
        return event(info.context, row.logged)

    return Connection[Event].of(rows, page, cursors, key=lambda row: row.place, node=node, count=count)


async def contradictions(info: Info, account_id: UUID, key: str, first: int, after: str | None) -> Connection[Contradiction]:
    """A page of what contradicts other reports of the deployment, in the order in which it is dated."""
    snapshot, cursors = await info.context.snapshot(), await _cursors(info.context, account_id, key, "contradictions")
    page = page_of(cursors, first=first, after=after)
    rows = await fetched(info, page, lambda: deployment_reports.contradictions(snapshot, account_id, key, page.limit, page.start))

    async def count() -> int:
        return await deployment_reports.count_contradictions(snapshot, account_id, key)

    return Connection[Contradiction].of(rows, page, cursors, key=lambda row: row.place, node=_contradiction, count=count)


async def _cursors(context: Context, account_id: UUID, key: str, kind: str) -> Cursors:
    generation = (await (await context.snapshot()).state()).number
    return Cursors(context.services.seal, Listing(account_id.bytes, f"deployment {kind}", fingerprint(key), str(generation)))


def _contradiction(row: Contradicting) -> Contradiction:
    source, event_id, occurred_at, type, sentence = row.contradiction
    return Contradiction(source=source, event_id=event_id, time=EPOCH + occurred_at * MICROSECOND, type=type, reading=sentence)

"""What changed on a bill between two positions, and which events changed it."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated, TypeAlias

import strawberry

from graph.as_of import snapshot_of
from graph.bill import Bill, BillDimension, BillLine, bill_lines, bill_of
from graph.context import Info
from graph.cursors import Cursors
from graph.errors import BadInputError
from graph.event_log import Event, event
from graph.inputs import After, First, given
from graph.listings import listing_of
from graph.pages import fetched
from graph.paging import Connection, page_of
from graph.range_errors import range_errors
from graph.scalars import Position
from projections import bill_changes
from projections.bill import BillOf
from projections.bill_changes import EventsBetween
from projections.bill_lines import BillDimension as By
from projections.log_streams import LoggedEvent
from projections.snapshot import Snapshot

Since: TypeAlias = Annotated[Position, strawberry.argument(name="from", description="The earlier position: of a receipt, or a dataState.")]
UpTo: TypeAlias = Annotated[Position | None, strawberry.argument(description="The later position; that of the answer where absent.")]


@strawberry.type(description="A line of the bill whose fee is another than before.")
class BillLineChange:
    line: BillLine = strawberry.field(
        description="What the line is of. Its figures, and what is behind it, are those of the later position."
    )
    before: Decimal = strawberry.field(description="Its fee at the earlier position; 0 where there was no such line.")
    after: Decimal = strawberry.field(description="Its fee at the later position; 0 where there is none.")
    change: Decimal = strawberry.field(description="The later fee less the earlier one: exact.")


@strawberry.type(
    description="What changed on the bill of a range between two positions of the log. What deployments cost also grows with time, without"
    " an event, until they stop."
)
class BillChanges:
    of: strawberry.Private[BillOf]
    currency: strawberry.Private[str]
    earlier: strawberry.Private[Snapshot]
    later: strawberry.Private[Snapshot]

    @strawberry.field(description="The bill at the earlier position.")
    async def before(self, info: Info) -> Bill:
        return await bill_of(info, self.earlier, self.of, self.currency)

    @strawberry.field(description="The bill at the later position.")
    async def after(self, info: Info) -> Bill:
        return await bill_of(info, self.later, self.of, self.currency)

    @strawberry.field(description="The lines that changed, in the order of their groups; their changes add up to that of the total.")
    async def lines(
        self,
        group_by: Annotated[
            list[BillDimension], strawberry.argument(description="What lines are told apart by; empty for one line of all.")
        ] = [BillDimension.SERVICE],  # noqa: B006 - a default of the schema, never changed
    ) -> list[BillLineChange]:
        dimensions = frozenset(By[each.name] for each in group_by)
        with range_errors(buckets="range"):
            found = await bill_changes.changed_lines(self.earlier, self.later, self.of, dimensions)
        lines = bill_lines(self.later, self.of, dimensions, [each.line for each in found])
        return [
            BillLineChange(line=line, before=each.before, after=each.after, change=each.change)
            for each, line in zip(found, lines, strict=True)
        ]

    @strawberry.field(
        description="The events between the two positions that concern the bill, in the order of the log: late reports, corrections and"
        " voidings of requests of the range, ratings again, what was told of deployments, prices of GPU hours."
    )
    async def events(self, info: Info, first: First = 50, after: After = strawberry.UNSET) -> Connection[Event]:
        context = info.context
        earlier, later = await self.earlier.state(), await self.later.state()
        between = EventsBetween(self.of.account_id, self.of.range, earlier.position, later.position)
        cursors = Cursors(context.services.seal, await listing_of(self.later, self.of.account_id, "bill changes", between))
        page = page_of(cursors, first=first, after=given(after))
        past = None if page.start is None else page.start[0]
        rows = await fetched(info, page, lambda: between.page(self.later, page.limit, past))

        async def count() -> int:
            return await between.count(self.later)

        def node(row: LoggedEvent) -> Event:
            return event(context, row)

        return Connection[Event].of(rows, page, cursors, key=lambda row: (row.position,), node=node, count=count)


async def bill_changes_of(info: Info, of: BillOf, currency: str, since: str, up_to: str | None) -> BillChanges:
    """Raises BadInputError where a position is not one, is ahead of the read models, or the earlier one is the later."""
    with field_named("from"):
        earlier = await snapshot_of(info.context, since, None)
    with field_named("upTo"):
        later = await snapshot_of(info.context, up_to, None)
    if (await earlier.state()).position > (await later.state()).position:
        raise BadInputError("from is the later of the two positions: give the earlier one first.", field=("from",))
    return BillChanges(of=of, currency=currency, earlier=earlier, later=later)


@contextmanager
def field_named(name: str) -> Iterator[None]:
    """What is said of asOf is said of this argument."""
    try:
        yield
    except BadInputError as error:
        raise BadInputError(str(error).replace("asOf", name), field=(name,)) from None

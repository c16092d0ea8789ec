"""Router buckets: figures by time and group, and the requests behind each."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from graph.context import Info
from graph.cursors import Cursors
from graph.drawn import drawn_buckets
from graph.history import Pages, Request, requests
from graph.history_inputs import HistoryOrder, UsageLineInput, usage_line
from graph.inputs import After, Direction, First, given
from graph.listings import listing_of
from graph.pages import fetched
from graph.paging import Connection, LongConnection, page_of
from graph.range_errors import range_errors
from graph.router_figures import wanted_of_buckets
from graph.router_inputs import RouterMeasure, RouterOrder, RouterOrderField
from graph.scalars import BigInt
from graph.selection import selected, selected_of_nodes
from graph.usage_factors import ApiKey, UsageFactor, api_key, factors
from graph.views import view_of
from projections import router_usage
from projections.buckets_drawn import drawn_page
from projections.history_matching import HistoryFilter, HistoryOf
from projections.router_usage import BucketsOf, Dimension, Measure, Range
from projections.snapshot import Snapshot


@strawberry.type(
    description="The requests of one group in one stretch of time, in figures. Dimensions that are not grouped by are null."
    " A bucket without requests does not exist."
)
class RouterBucket:
    time: datetime | None = strawberry.field(description="Where the bucket starts; null where the whole range is the bucket.")
    partial: bool = strawberry.field(description="Whether it shows but a part: the bucket has not ended, or the range cuts it.")
    model: str | None = strawberry.field(description="The model that was asked for.")
    provider: str | None = strawberry.field(description="Who served the requests; null also where that is unknown.")
    api_key: ApiKey | None = strawberry.field(description="The API key they were made with; null also where they had none.")
    requests: BigInt = strawberry.field(description="How many requests.")
    total_tokens: BigInt = strawberry.field(description="How many tokens, in and out.")
    input: list[UsageFactor] = strawberry.field(description="What went in, by category.")
    output: list[UsageFactor] = strawberry.field(description="What came out, by category.")
    average_latency: float | None = strawberry.field(
        description="Seconds: the mean over the requests that have a latency, failed ones too; null where none has."
    )
    success_rate: float | None = strawberry.field(description="Percent of the requests that succeeded.")
    error_count: BigInt = strawberry.field(description="How many requests failed.")
    total_fee: Decimal | None = strawberry.field(description="Sum of the known fees, in the account's currency; null where none is known.")
    reported_cost: Decimal | None = strawberry.field(
        description="Sum of what the reporters think the requests cost, where they say: to compare with. Null where none says."
    )
    unpriced_requests: BigInt = strawberry.field(description="Requests whose fee is unknown: they have no price yet.")
    throughput: float | None = strawberry.field(
        description="Requests per second over the part of the bucket that is past; null where none is."
    )
    snapshot: strawberry.Private[Snapshot]
    of: strawberry.Private[BucketsOf]
    row: strawberry.Private[router_usage.Bucket]

    @strawberry.field(description="The requests that make these figures, newest first; with `line`, those that make one of the factors.")
    async def history(
        self,
        info: Info,
        first: First = 50,
        after: After = strawberry.UNSET,
        line: Annotated[UsageLineInput | None, strawberry.argument(description="Only requests with such a line.")] = strawberry.UNSET,
    ) -> LongConnection[Request]:
        behind = _behind(self.of, self.row)
        behind = replace(behind, filter=replace(behind.filter, line=usage_line(line)))
        return await requests(info, self.snapshot, behind, HistoryOrder(), Pages(first=first, after=given(after)))


async def router_buckets(
    info: Info, snapshot: Snapshot, of: BucketsOf, order: RouterOrder | None, *, first: int, after: str | None
) -> Connection[RouterBucket]:
    """A page of buckets; newest first where no order is given. Raises RangeTooLargeError, BadInputError."""
    order = order or RouterOrder(field=RouterOrderField.TIME)
    by, descending = Measure[order.field.name], order.direction is Direction.DESC
    listing = await listing_of(snapshot, of.account_id, "router buckets", *_query(of), by, descending)
    cursors = Cursors(info.context.services.seal, listing)
    page = page_of(cursors, first=first, after=after)
    wanted = wanted_of_buckets(selected_of_nodes(info), selected_of_nodes(info, "apiKey"))
    where: dict[str, Any] = {"order": by, "descending": descending, "limit": page.limit, "after": page.start, "wanted": wanted}
    shown = drawn_buckets(info)

    async def fetch() -> Sequence[Any]:
        nonlocal shown
        with range_errors():
            if shown is not None and (texts := await drawn_page(snapshot, of, shown, **where)) is not None:
                return texts
            shown = None
            return await router_usage.buckets(snapshot, of, **where)

    async def count() -> int:
        with range_errors():
            return await router_usage.count_buckets(snapshot, of)

    rows = await fetched(info, page, fetch)

    if shown is not None:
        return Connection[RouterBucket].of_drawn(info, rows, page, cursors, count)

    def node(row: router_usage.Bucket) -> RouterBucket:
        return _router_bucket(snapshot, of, row)

    return Connection[RouterBucket].of(rows, page, cursors, key=lambda row: row.key, node=node, count=count)


async def peak(info: Info, snapshot: Snapshot, of: BucketsOf, by: RouterMeasure) -> RouterBucket | None:
    """The bucket with the most, the earliest of equals; null where none has any. Raises RangeTooLargeError."""
    with range_errors():
        found = await router_usage.peak(snapshot, of, Measure[by.name], wanted_of_buckets(selected(info), selected(info, "apiKey")))
    return None if found is None else _router_bucket(snapshot, of, found)


_router_bucket: Callable[[Snapshot, BucketsOf, router_usage.Bucket], RouterBucket] = view_of(
    RouterBucket,
    "snapshot",
    "of",
    "row",
    time="row.time",
    partial="row.partial",
    model="row.model",
    provider="row.provider",
    api_key=lambda view: api_key(view.row.api_key, view.row.api_key_name),
    requests="row.requests",
    total_tokens="row.tokens",
    input=lambda view: factors(view.row.input),
    output=lambda view: factors(view.row.output),
    average_latency="row.average_latency_seconds",
    success_rate="row.success_rate",
    error_count="row.errors",
    total_fee="row.fee",
    reported_cost="row.reported_cost",
    unpriced_requests="row.unpriced",
    throughput="row.throughput",
)


def _query(of: BucketsOf) -> tuple[object, ...]:
    """What decides which buckets there are."""
    groups = sorted(each.name for each in of.group_by)
    prices = None if of.repriced is None else of.repriced.prices
    return of.range, of.filter, of.interval, of.zone, groups, prices


def _behind(of: BucketsOf, row: router_usage.Bucket) -> HistoryOf:
    """The requests that make the bucket: those of its group, in that part of it which is in the range."""
    start = of.range.start if row.time is None else max(of.range.start, row.time)
    filter = HistoryFilter(models=of.filter.models, providers=of.filter.providers, api_keys=of.filter.api_keys, channel="router")
    if Dimension.MODEL in of.group_by:
        assert row.model is not None, "every request has a model"
        filter = replace(filter, models=[row.model])
    if Dimension.PROVIDER in of.group_by:
        filter = replace(filter, providers=[row.provider])
    if Dimension.API_KEY in of.group_by:
        filter = replace(filter, api_keys=[row.api_key])
    return HistoryOf(of.account_id, Range(start, min(of.range.end, row.end)), filter)

"""Router usage: what an account used through the router in a range of time."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry.dataloader import DataLoader

from domain import calendar
from domain.prices import Price
from graph import router_buckets
from graph.context import Info
from graph.data_state import DataState, data_state
from graph.errors import BadInputError
from graph.inputs import UTC, After, First, Zone, given
from graph.paging import Connection
from graph.range_errors import range_errors
from graph.router_buckets import RouterBucket
from graph.router_figures import wanted_of_usage
from graph.router_inputs import Interval, RouterDimension, RouterMeasure, RouterOrder
from graph.scalars import BigInt
from graph.selection import selected
from graph.usage_factors import UsageFactor, factors
from graph.what_if import at_prices
from projections.router_facts import Dimension, Range, Repriced, RouterFilter
from projections.router_latencies import latency_percentiles
from projections.router_totals import Line, Totals
from projections.router_usage import BucketsOf, figures, throughput
from projections.snapshot import Snapshot


@strawberry.type(
    description="What an account used through the router in a range of time: requests of the channel ROUTER that are not voided."
)
class RouterUsage:
    data_state: DataState = strawberry.field(description="How far these figures can be trusted.")
    total_requests: BigInt = strawberry.field(description="How many requests.")
    total_tokens: BigInt = strawberry.field(description="How many tokens, in and out.")
    used_models: int = strawberry.field(description="How many different models.")
    average_latency: float | None = strawberry.field(
        description="Seconds: the mean over the requests that have a latency, failed ones too; null where none has."
    )
    success_rate: float | None = strawberry.field(description="Percent of the requests that succeeded; null without requests.")
    error_count: BigInt = strawberry.field(description="How many requests failed.")
    total_fee: Decimal | None = strawberry.field(
        description="Sum of the known fees, in the account's currency; null where there are requests and none is priced."
    )
    reported_cost: Decimal | None = strawberry.field(
        description="Sum of what the reporters think the requests cost, where they say: to compare with. Null where none says."
    )
    throughput: float | None = strawberry.field(
        description="Requests per second over the part of the range before `completeThrough`; null where that is empty."
    )
    input: list[UsageFactor] = strawberry.field(description="What went in, by category.")
    output: list[UsageFactor] = strawberry.field(description="What came out, by category.")
    percentiles: strawberry.Private[DataLoader[float, float | None]]
    account_id: strawberry.Private[UUID]
    range: strawberry.Private[Range]
    filter: strawberry.Private[RouterFilter]
    repriced: strawberry.Private[Repriced | None]
    snapshot: strawberry.Private[Snapshot]

    @strawberry.field(
        description="Seconds that so many percent of the requests with a latency, failed ones too, took no longer than: exact, by linear"
        " interpolation between neighbours; null where none has a latency. It looks at the requests one by one, up to 5,000,000"
        " (MAX_PERCENTILE_REQUESTS)."
    )
    async def latency_percentile(
        self, p: Annotated[float, strawberry.argument(description="How many percent: more than 0, less than 100.")]
    ) -> float | None:
        if not 0 < p < 100:
            raise BadInputError("p is a percentage: give more than 0 and less than 100, such as 99 or 99.9.", field=("p",))
        with range_errors():
            return await self.percentiles.load(p)

    @strawberry.field(description="The same figures by time and group. Their sums are the totals, exactly.")
    async def buckets(
        self,
        info: Info,
        *,
        interval: Annotated[
            Interval | None, strawberry.argument(description="The width of a bucket; null for the whole range as one.")
        ] = Interval.HOUR,
        time_zone: Zone = UTC,
        group_by: Annotated[
            list[RouterDimension], strawberry.argument(description="What buckets are told apart by, beside time; empty for time alone.")
        ] = [RouterDimension.MODEL, RouterDimension.API_KEY],  # noqa: B006 - Strawberry shows the default, nobody changes it
        order_by: Annotated[
            RouterOrder | None, strawberry.argument(description="The order; newest first where absent.")
        ] = strawberry.UNSET,
        first: First = 50,
        after: After = strawberry.UNSET,
    ) -> Connection[RouterBucket]:
        of = self._buckets_of(interval, time_zone, frozenset(Dimension[each.name] for each in group_by))
        return await router_buckets.router_buckets(info, self.snapshot, of, given(order_by), first=first, after=given(after))

    @strawberry.field(description="The bucket with the most, the earliest of equals; null where there is none.")
    async def peak(
        self,
        info: Info,
        interval: Annotated[Interval, strawberry.argument(description="The width of a bucket.")] = Interval.HOUR,
        time_zone: Zone = UTC,
        by: Annotated[RouterMeasure, strawberry.argument(description="What there is the most of.")] = RouterMeasure.REQUESTS,
    ) -> RouterBucket | None:
        return await router_buckets.peak(info, self.snapshot, self._buckets_of(interval, time_zone, frozenset()), by)

    def _buckets_of(self, interval: Interval | None, zone: ZoneInfo, group_by: frozenset[Dimension]) -> BucketsOf:
        width = None if interval is None else calendar.Interval[interval.name]
        return BucketsOf(self.account_id, self.range, self.filter, width, zone, group_by, self.repriced)


NOT_ASKED_FOR = (Totals(), list[Line]())


async def router_usage(
    info: Info, snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter, *, prices: Sequence[Price] | None
) -> RouterUsage:
    """The figures that are selected, at other `prices` if there are such. The others are not fetched, and nobody sees them."""
    repriced = None if prices is None else await at_prices(snapshot, account_id, range, filter, prices)
    wanted = wanted_of_usage(selected(info), selected(info, "dataState"))
    sums, lines = NOT_ASKED_FOR
    if wanted is not None:
        sums, lines = await figures(snapshot, account_id, range, filter, wanted=wanted, repriced=repriced)
    return RouterUsage(
        data_state=await data_state(info.context, snapshot, sums),
        total_requests=sums.requests,
        total_tokens=sums.tokens,
        used_models=sums.models,
        average_latency=sums.average_latency_seconds,
        success_rate=sums.success_rate,
        error_count=sums.errors,
        total_fee=sums.fee,
        reported_cost=sums.reported_cost,
        throughput=await throughput(snapshot, range, sums),
        input=factors([line for line in lines if line.direction == "input"]),
        output=factors([line for line in lines if line.direction == "output"]),
        percentiles=DataLoader(partial(latency_percentiles, snapshot, account_id, range, filter), cache=False),
        account_id=account_id,
        range=range,
        filter=filter,
        repriced=repriced,
        snapshot=snapshot,
    )

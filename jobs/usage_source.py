"""The figures of exports, from the read models: what the API would answer at the same position."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from domain.calendar import Interval
from domain.price_events import CURRENCY
from domain.quantities import TOKEN
from domain.sealing import Seal
from jobs.errors import NotYetIncludedError
from jobs.request import ExportRequest
from jobs.usage import Quantity, UsageRow, UsageSnapshot
from ledger.application import CELL
from ledger.position import Position
from projections import router_usage
from projections.router_facts import Dimension, Range, RouterFilter
from projections.router_totals import Figures
from projections.router_usage import Bucket, BucketsOf, Line
from projections.snapshot import Snapshot, Snapshots

OPTIONS = "-c TimeZone=UTC -c client_connection_check_interval=1s"  # a query ends soon after a rendering that was killed
WAIT_SECONDS = 30.0  # for the read models to include what the export has to show


@dataclass(frozen=True, slots=True)
class RouterUsageSource:
    """A `UsageSource` of one cell. It holds no connection: it travels to the process that renders."""

    database_url: str
    secret: bytes
    cell: str = CELL

    @contextmanager
    def open(self, request: ExportRequest) -> Iterator[UsageSnapshot]:
        """One state of the read models, that includes the position the export was asked at."""
        with asyncio.Runner() as runner:
            stack = AsyncExitStack()
            try:
                yield runner.run(self._open(stack, runner, request))
            finally:
                runner.run(stack.aclose())

    async def _open(self, stack: AsyncExitStack, runner: asyncio.Runner, request: ExportRequest) -> UsageSnapshot:
        pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            self.database_url, min_size=1, max_size=1, open=False, kwargs={"application_name": "tallygraph export", "options": OPTIONS}
        )
        await stack.enter_async_context(pool)
        snapshots = Snapshots(pool, self.cell)
        if not await snapshots.wait_for(request.at_least, WAIT_SECONDS):
            raise NotYetIncludedError("The read models are behind what the export has to show.")
        snapshot = snapshots.open()
        stack.push_async_callback(snapshot.close)
        return await _figures(snapshot, runner, request, Seal(self.secret))


async def _figures(snapshot: Snapshot, runner: asyncio.Runner, request: ExportRequest, seal: Seal) -> UsageSnapshot:
    of = buckets_of(request)
    state = await snapshot.state()
    totals = await router_usage.totals(snapshot, of.account_id, of.range, of.filter)
    breakdown = await router_usage.breakdown(snapshot, of.account_id, of.range, of.filter)
    return UsageSnapshot(
        position=state.position,
        position_label=Position(snapshot.cell, state.position).sealed(seal),
        complete_through=state.complete_through,
        currency=CURRENCY,
        row_count=await router_usage.count_buckets(snapshot, of),
        totals=_row(totals, breakdown, throughput=await router_usage.throughput(snapshot, of.range, totals)),
        rows=_drawn(runner, router_usage.all_buckets(snapshot, of)),
    )


def buckets_of(request: ExportRequest) -> BucketsOf:
    """What the API would be asked for."""
    wanted = request.filter
    return BucketsOf(
        account_id=request.account_id,
        range=Range(request.period_from, request.period_to),
        filter=RouterFilter(wanted.models, wanted.providers, wanted.api_keys),
        interval=Interval[request.interval] if request.interval else None,
        zone=request.zone,
        group_by=frozenset(Dimension[name] for name in request.group_by),
    )


def _drawn(runner: asyncio.Runner, buckets: AsyncIterator[Bucket]) -> Iterator[UsageRow]:
    """The rows one by one: a workbook is written by ordinary code."""
    while (bucket := runner.run(_next(buckets))) is not None:
        yield _row(
            bucket,
            [*bucket.input, *bucket.output],
            time=bucket.time,
            model=bucket.model,
            provider=bucket.provider,
            api_key_id=bucket.api_key,
            api_key_name=bucket.api_key_name,
            throughput=bucket.throughput,
            partial=bucket.partial,
        )


async def _next(buckets: AsyncIterator[Bucket]) -> Bucket | None:
    return await anext(buckets, None)


def _row(totals: Figures, breakdown: list[Line], **others: Any) -> UsageRow:
    input, output = ([line for line in breakdown if line.direction == side] for side in ("input", "output"))
    return UsageRow(
        requests=totals.requests,
        input_tokens=_known_tokens(totals, input),
        output_tokens=_known_tokens(totals, output),
        total_tokens=None if totals.requests and totals.unknown_tokens == totals.requests else totals.tokens,
        unknown_token_requests=totals.unknown_tokens,
        estimated_requests=totals.estimated,
        input=tuple(map(_quantity, input)),
        output=tuple(map(_quantity, output)),
        average_latency_seconds=totals.average_latency_seconds,
        success_rate=totals.success_rate,
        error_count=totals.errors,
        fee=totals.fee,
        unpriced_requests=totals.unpriced,
        **others,
    )


def _known_tokens(totals: Figures, side: list[Line]) -> int | None:
    """Of one side; null where requests report nothing of it.

    Read models do not tell whether such requests say "none" of this side or do not say: the unknown is not zero, so it is not made one.
    """
    return sum(line.count for line in side if line.unit == TOKEN) if side or not totals.requests else None


def _quantity(line: Line) -> Quantity:
    return Quantity(line.category, line.unit, line.label, line.count)

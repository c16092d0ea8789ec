"""The bill: fees of a range, by whatever they are grouped by. The lines add up to the total exactly, however they are cut.

What went through the router is paid by the request, what deployments ran by the GPU hour.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.calendar import Interval, bucket_edges
from domain.events import microseconds
from domain.gpu_time import QUARTER_HOUR
from domain.gpu_usage import GpuSeries, GpuUsage
from domain.lifecycle import FINE_TUNING
from projections import router_usage
from projections.bill_lines import MAX_BILL_LINES, BillDimension, BillLine, Service, check_number, merged
from projections.deployment_lives import Deployment
from projections.deployment_usage import DeploymentFilter, DeploymentUsage
from projections.reckoning import reckoned
from projections.router_facts import Dimension, Facts, Range, Repriced, RouterFilter
from projections.router_sums import EXACT_SUMS
from projections.router_totals import Totals
from projections.router_usage import Wanted
from projections.snapshot import Snapshot

GPU_TIME, GPU_HOUR = "gpu_time", "gpu_hour"  # category and unit of what deployments ran


@dataclass(frozen=True, slots=True)
class BillOf:
    """Whose bill, of when, by whose calendar."""

    account_id: UUID
    range: Range
    zone: ZoneInfo
    repriced: Repriced | None = None


@dataclass(frozen=True, slots=True)
class BillTotals:
    """What the lines add up to, and what is in none of them, for want of a price."""

    router: Totals
    gpus: GpuUsage

    @property
    def fee(self) -> Decimal:
        """USD: the sum of the known fees."""
        return EXACT_SUMS.add(self.router.known_fee, self.gpus.fee)


async def totals(snapshot: Snapshot, of: BillOf) -> BillTotals:
    """The bill as one sum. Raises TooManyDeploymentsError."""
    router = await router_usage.totals(snapshot, of.account_id, of.range, RouterFilter(), wanted=SUMS, repriced=of.repriced)
    gpus = await DeploymentUsage(snapshot, of.account_id, of.range, DeploymentFilter()).gpu_usage(priced=True)
    return BillTotals(router, gpus)


async def lines(snapshot: Snapshot, of: BillOf, group_by: frozenset[BillDimension]) -> list[BillLine]:
    """In the order of their groups. What has no price is in no line. Raises TooManyLinesError, RangeTooLargeError."""
    interval = Interval.DAY if BillDimension.DAY in group_by else None
    edges = bucket_edges(of.range.start, of.range.end, interval, of.zone)
    by_category = BillDimension.CATEGORY in group_by
    router = await _by_category(snapshot, of, group_by, edges) if by_category else await _by_request(snapshot, of, group_by, edges)
    found = merged([*router, *await _gpu_lines(snapshot, of, group_by, edges)])
    check_number(len(found))
    return found


async def _by_request(snapshot: Snapshot, of: BillOf, group_by: frozenset[BillDimension], edges: list[datetime]) -> list[BillLine]:
    facts = await _facts(snapshot, of, group_by, edges)
    rows = await snapshot.rows(
        f"""WITH {facts.base()}, {facts.usage()},
        fees AS (
            SELECT bucket, model, provider, api_key, sum(fee) AS fee FROM usage
            GROUP BY 1, 2, 3, 4 HAVING sum(unpriced) < sum(requests) LIMIT {MAX_BILL_LINES + 1}
        )
        SELECT fees.*, known.name FROM fees {NAMES}""",
        facts.parameters,
    )
    check_number(len(rows))
    return [
        BillLine(fee=fee, **_group(group_by, edges, bucket, model, provider, api_key, name))
        for bucket, model, provider, api_key, fee, name in rows
    ]


async def _by_category(snapshot: Snapshot, of: BillOf, group_by: frozenset[BillDimension], edges: list[datetime]) -> list[BillLine]:
    facts = await _facts(snapshot, of, group_by, edges)
    rows = await snapshot.rows(
        f"""WITH {facts.base()}, {facts.lines()},
        fees AS (
            SELECT bucket, model, provider, api_key, direction, category, unit, sum(priced) AS quantity, sum(fee) AS fee FROM line
            GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(priced_requests) > 0 LIMIT {MAX_BILL_LINES + 1}
        )
        SELECT fees.*, known.name FROM fees {NAMES}""",
        facts.parameters,
    )
    check_number(len(rows))
    return [
        BillLine(
            fee=fee,
            direction=direction,
            category=category,
            unit=unit,
            counted=quantity,
            **_group(group_by, edges, bucket, model, provider, api_key, name),
        )
        for bucket, model, provider, api_key, direction, category, unit, quantity, fee, name in rows
    ]


async def _facts(snapshot: Snapshot, of: BillOf, group_by: frozenset[BillDimension], edges: list[datetime]) -> Facts:
    shown = {dimension for each, dimension in DIMENSIONS.items() if each in group_by}
    now = (await snapshot.state()).complete_through
    return Facts(of.account_id, of.range, RouterFilter(), shown, edges=edges, now=now, repriced=of.repriced, as_of=snapshot.as_of)


def _group(group_by: frozenset[BillDimension], edges: list[datetime], bucket: int, *names: str | None) -> dict[str, Any]:
    model, provider, api_key, name = (each or None for each in names)
    return {
        "service": Service.ROUTER if BillDimension.SERVICE in group_by else None,
        "model": model,
        "provider": provider,
        "api_key": api_key,
        "api_key_name": name or api_key,
        "day": edges[bucket - 1] if BillDimension.DAY in group_by else None,
    }


async def _gpu_lines(snapshot: Snapshot, of: BillOf, group_by: frozenset[BillDimension], edges: list[datetime]) -> list[BillLine]:
    """GPU time, deployment by deployment and day by day, as far as it is priced."""
    usage = DeploymentUsage(snapshot, of.account_id, of.range, DeploymentFilter())
    lives, prices, now = await usage.lives(), await usage.prices(), await usage.now()
    between = [instant - instant % QUARTER_HOUR for instant in map(microseconds, edges[1:-1])]

    def used(each: Deployment) -> list[GpuUsage]:
        series = GpuSeries([usage.start, *between, usage.end], now)
        series.add(each.phases, prices.of(each.gpu_type))
        return series.buckets()

    def reckon() -> list[BillLine]:
        return [
            gpu_line(group_by, each, edges[day], used_that_day)
            for each in lives
            for day, used_that_day in enumerate(used(each))
            if used_that_day.gpu_time > used_that_day.unpriced
        ]

    return await reckoned(len(lives) * len(edges), reckon) if of.range.start < of.range.end else []


def gpu_line(group_by: frozenset[BillDimension], deployment: Deployment, day: datetime, used: GpuUsage) -> BillLine:
    """The line that what a deployment used on a day is part of."""
    service = Service.FINE_TUNING if deployment.kind == FINE_TUNING else Service.DEPLOYMENT
    by_category = BillDimension.CATEGORY in group_by
    return BillLine(
        fee=used.fee,
        service=service if BillDimension.SERVICE in group_by else None,
        model=deployment.model if BillDimension.MODEL in group_by else None,
        deployment=deployment.key if BillDimension.DEPLOYMENT in group_by else None,
        category=GPU_TIME if by_category else None,
        day=day if BillDimension.DAY in group_by else None,
        unit=GPU_HOUR if by_category else None,
        gpu_time=used.gpu_time - used.unpriced if by_category else None,
    )


SUMS = Wanted(frozenset({"fee", "unpriced", "estimated", "unknown_tokens"}), lines=False, models=False)
DIMENSIONS = {
    BillDimension.MODEL: Dimension.MODEL,
    BillDimension.PROVIDER: Dimension.PROVIDER,
    BillDimension.API_KEY: Dimension.API_KEY,
}
NAMES = "LEFT JOIN {api_keys} AS known ON known.account_id = %(account)s AND known.api_key = fees.api_key"

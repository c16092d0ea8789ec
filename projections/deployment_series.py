"""Deployments over time: bucket by bucket in any time zone, those without usage as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.calendar import Interval, bucket_edges
from domain.events import microseconds
from domain.gpu_time import QUARTER_HOUR
from domain.gpu_usage import GpuSeries, GpuUsage
from projections.deployment_requests import Served, served_by_bucket
from projections.deployment_usage import DeploymentUsage
from projections.reckoning import reckoned


@dataclass(frozen=True, slots=True)
class Point:
    """What was used from `time` on, as far as the range goes."""

    time: datetime
    partial: bool  # the bucket has not ended, or the range cuts it
    served: Served
    used: GpuUsage


async def series(of: DeploymentUsage, interval: Interval, zone: ZoneInfo, *, requests: bool, gpus: bool, fees: bool) -> list[Point]:
    """A point for each bucket that the range touches; requests, GPU time and fees are reckoned only if asked for.

    Raises RangeTooLargeError, TooManyDeploymentsError.
    """
    edges = bucket_edges(of.range.start, of.range.end, interval, zone)
    served = await _served(of, edges) if requests else {}
    used = await _used(of, edges, priced=fees) if gpus or fees else [GpuUsage()] * (len(edges) - 1)
    complete_through = (await of.snapshot.state()).complete_through
    return [
        Point(
            time=start,
            partial=end > complete_through or start < of.range.start or end > of.range.end,
            served=served.get(bucket, Served()),
            used=used[bucket],
        )
        for bucket, (start, end) in enumerate(pairwise(edges))
    ]


async def _served(of: DeploymentUsage, edges: list[datetime]) -> dict[int, Served]:
    keys = None if of.filter.is_open else sorted(await of.served())
    return await served_by_bucket(of.snapshot, of.account_id, of.range, edges, keys)


async def _used(of: DeploymentUsage, edges: Sequence[datetime], *, priced: bool) -> list[GpuUsage]:
    lives, prices, now = await of.lives(), await of.prices(needed=priced), await of.now()
    # Edges are whole quarter-hours since before 2000; older ones are made so, for nothing happened before.
    between = [instant - instant % QUARTER_HOUR for instant in map(microseconds, edges[1:-1])]

    def reckon() -> list[GpuUsage]:
        buckets = GpuSeries([of.start, *between, of.end], now)
        for each in lives:
            buckets.add(each.phases, prices.of(each.gpu_type))
        return buckets.buckets()

    return await reckoned(len(lives), reckon)

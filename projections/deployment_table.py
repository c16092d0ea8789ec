"""The table of deployments: a row each, in any order, page by page. Rows are few enough to be ordered in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from domain.gpu_prices import GpuPrices
from domain.gpu_time import utilization
from domain.gpu_usage import GpuUsage
from domain.phases import running_time
from projections.deployment_lives import Deployment
from projections.deployment_requests import Served
from projections.deployment_usage import DeploymentUsage
from projections.reckoning import reckoned


class DeploymentOrder(Enum):
    """What rows can be ordered by. Ties go by key, and what is unknown comes last, whichever way."""

    NAME = "name"
    REQUESTS = "requests"
    TOKENS = "tokens"
    DURATION = "duration"
    GPU_HOURS = "gpu_hours"
    FEE = "fee"
    CREATED_AT = "created_at"


@dataclass(frozen=True, slots=True)
class Row:
    """What one deployment used in the range."""

    deployment: Deployment
    served: Served
    running: int  # microseconds
    used: GpuUsage
    idle: int  # GPU time
    key: tuple[Any, ...]  # its place in the order it was asked in

    @property
    def utilization(self) -> float | None:
        """Percent of the GPU time that was not idle; null where nothing was allocated."""
        percent = utilization(self.idle, self.used.gpu_time)
        return None if percent is None else float(percent)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a row is reckoned only if asked for."""

    idle: bool
    prices: bool


async def rows(
    of: DeploymentUsage, wanted: Wanted, *, order: DeploymentOrder, descending: bool, limit: int, after: tuple[Any, ...] | None
) -> list[Row]:
    """Up to `limit` rows past the key `after`. Raises TooManyDeploymentsError."""
    members, served = await of.members(), await of.served()
    prices = await of.prices(needed=wanted.prices or order is DeploymentOrder.FEE)
    value = _values(of, served, prices)[order]
    page = await reckoned(len(members), lambda: _page([(value(each), each.key, each) for each in members], descending, limit, after))
    idle_times = await of.idle([each for *_, each in page]) if wanted.idle else {}
    return [
        Row(
            deployment=each,
            served=served.get(key, Served()),
            running=running_time(each.phases, of.start, of.end, each.now),
            used=of.used(each, prices),
            idle=idle_times.get(key, 0),
            key=(measure, key),
        )
        for measure, key, each in page
    ]


async def count_rows(of: DeploymentUsage) -> int:
    """How many rows there are. Raises TooManyDeploymentsError."""
    return len(await of.members())


Measured = tuple[Any, str, Deployment]
"""What a row is ordered by, its key, and whose it is."""


def _values(
    of: DeploymentUsage, served: dict[str, Served], prices: GpuPrices
) -> dict[DeploymentOrder, Callable[[Deployment], str | Decimal | int | None]]:
    """What a deployment is ordered by. Sums that may pass 64 bits are decimals, as cursors take them."""
    nothing = Served()
    return {
        DeploymentOrder.NAME: lambda each: each.name,
        DeploymentOrder.REQUESTS: lambda each: served.get(each.key, nothing).requests,
        DeploymentOrder.TOKENS: lambda each: Decimal(served.get(each.key, nothing).tokens),
        DeploymentOrder.DURATION: lambda each: running_time(each.phases, of.start, of.end, each.now),
        DeploymentOrder.GPU_HOURS: lambda each: Decimal(of.used(each, prices).gpu_time),
        DeploymentOrder.FEE: lambda each: of.used(each, prices).fee_if_known,
        DeploymentOrder.CREATED_AT: lambda each: None if each.created_at is None else each.created,
    }


def _page(measured: Sequence[Measured], descending: bool, limit: int, after: tuple[Any, ...] | None) -> list[Measured]:
    by_key = sorted(measured, key=lambda row: row[1])
    known = sorted((row for row in by_key if row[0] is not None), key=lambda row: row[0], reverse=descending)  # equals stay by key
    ordered = known + [row for row in by_key if row[0] is None]
    if after is not None:
        ordered = [row for row in ordered if _is_past(row, after, descending)]
    return ordered[:limit]


def _is_past(row: Measured, after: tuple[Any, ...], descending: bool) -> bool:
    (value, key, _), (last_value, last_key) = row, after
    if value == last_value:
        return key > last_key
    if value is None or last_value is None:
        return value is None
    return value < last_value if descending else value > last_value

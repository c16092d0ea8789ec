"""What deployments used in a range: totals. What several answers of an operation are made of is fetched once.

Requests count wherever they are dated, as in history; GPU time, durations and fees end at now, which is the snapshot's `complete_through`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from domain.events import microseconds
from domain.gpu_prices import GpuPrices
from domain.gpu_time import idle_time
from domain.gpu_usage import GpuUsage, gpu_usage
from domain.lifecycle import DEPLOYMENT, FINE_TUNING
from domain.phases import Status, counts_as_fine_tuning
from projections import gpu_prices
from projections.deployment_lives import Deployment, existing, of_keys
from projections.deployment_requests import Served, busy_quarters, served_by_deployment, summed
from projections.reckoning import reckoned
from projections.router_facts import Range
from projections.snapshot import Snapshot

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DeploymentFilter:
    """Which deployments count. What is absent does not filter."""

    kinds: Sequence[str] | None = None
    models: Sequence[str] | None = None
    statuses: Sequence[Status] | None = None  # now
    name_contains: str | None = None  # in any case

    def matches(self, deployment: Deployment) -> bool:
        """Whether the deployment counts."""
        return (
            (self.kinds is None or deployment.kind in self.kinds)
            and (self.models is None or deployment.model in self.models)
            and (self.statuses is None or deployment.status in self.statuses)
            and (self.name_contains is None or self.name_contains.casefold() in deployment.name.casefold())
        )

    @property
    def is_open(self) -> bool:
        """Whether every deployment counts."""
        return self == DeploymentFilter()


class Once:
    """Fetches each thing once, however many ask for it at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._fetched: dict[str, object] = {}

    async def get(self, name: str, fetch: Callable[[], Awaitable[T]]) -> T:
        async with self._turn:
            if name not in self._fetched:
                self._fetched[name] = await fetch()
        return self._fetched[name]  # pyright: ignore[reportReturnType] - what was fetched under that name


class DeploymentUsage:
    """The deployments of an account that match a filter, and what they used in a range.

    Everything here raises TooManyDeploymentsError.
    """

    def __init__(self, snapshot: Snapshot, account_id: UUID, range: Range, filter: DeploymentFilter) -> None:
        self.snapshot = snapshot
        self.account_id = account_id
        self.range = range
        self.filter = filter
        self._once = Once()

    @cached_property
    def start(self) -> int:
        """Of the range, microseconds since 1970."""
        return microseconds(self.range.start)

    @cached_property
    def end(self) -> int:
        """Of the range, microseconds since 1970."""
        return microseconds(self.range.end)

    async def now(self) -> int:
        """Microseconds since 1970."""
        return microseconds((await self.snapshot.state()).complete_through)

    async def prices(self, *, needed: bool = True) -> GpuPrices:
        """Every price of a GPU hour; none where they are not needed."""
        return await self._once.get("prices", lambda: gpu_prices.load(self.snapshot)) if needed else GpuPrices(())

    async def lives(self) -> list[Deployment]:
        """Those that match and existed in the range, or do now."""
        return [each for each in (await self._existing()).values() if self.filter.matches(each)]

    async def served(self) -> dict[str, Served]:
        """What those that match served in the range, by key."""
        every = await self._once.get("served", lambda: served_by_deployment(self.snapshot, self.account_id, self.range))
        if self.filter.is_open:
            return every
        known = await self._served_or_existing()
        return {key: served for key, served in every.items() if self.filter.matches(known[key])}

    async def members(self) -> list[Deployment]:
        """Those that match and existed in the range, or served a request in it."""
        known, served = await self._served_or_existing(), await self.served()
        return [
            each for each in known.values() if each.key in served or (each.existed_in(self.start, self.end) and self.filter.matches(each))
        ]

    async def requests(self) -> Served:
        """Sums over the requests of the range."""
        return summed([Served(), *(await self.served()).values()])

    async def active(self) -> int:
        """How many deployments run now, whatever the range; fine-tunings are counted apart."""
        return sum(each.kind == DEPLOYMENT and each.status == Status.RUNNING for each in await self.lives())

    async def fine_tunings(self) -> int:
        """How many fine-tunings ran in the range or succeeded in it, and did not fail before its end."""
        return sum(
            each.kind == FINE_TUNING and counts_as_fine_tuning(each.phases, self.start, self.end, each.now) for each in await self.lives()
        )

    async def gpu_usage(self, *, priced: bool) -> GpuUsage:
        """GPU time of the range, and what it costs, if that is asked for."""
        lives, prices = await self.lives(), await self.prices(needed=priced)
        return await reckoned(len(lives), lambda: added_up(self.used(each, prices) for each in lives))

    async def idle(self, deployments: Sequence[Deployment]) -> dict[str, int]:
        """GPU time of the range in quarter-hours without a request, by key."""
        busy = await busy_quarters(self.snapshot, self.account_id, self.range, [each.key for each in deployments])
        return await reckoned(
            len(deployments),
            lambda: {each.key: idle_time(each.phases, busy.get(each.key, ()), self.start, self.end, each.now) for each in deployments},
        )

    def used(self, deployment: Deployment, prices: GpuPrices) -> GpuUsage:
        """What one deployment used in the range."""
        return gpu_usage(deployment.phases, prices.of(deployment.gpu_type), self.start, self.end, deployment.now)

    async def _existing(self) -> dict[str, Deployment]:
        return await self._once.get("existing", lambda: existing(self.snapshot, self.account_id, self.range))

    async def _served_or_existing(self) -> dict[str, Deployment]:
        """Those that existed in the range or do now, and those that served in it all the same."""
        every = await self._once.get("served", lambda: served_by_deployment(self.snapshot, self.account_id, self.range))
        known = await self._existing()
        others = sorted(every.keys() - known.keys())
        if not others:
            return known
        return known | await self._once.get("others", lambda: of_keys(self.snapshot, self.account_id, others, self.range))


def added_up(usages: Iterable[GpuUsage]) -> GpuUsage:
    """All of them together."""
    return GpuUsage(*map(sum, zip(GpuUsage(), *usages, strict=True)))

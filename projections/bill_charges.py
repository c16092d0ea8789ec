"""What lies behind a line of the bill: the requests that it is the sum of, and the quarter-hours of GPU time."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from domain.calendar import Interval, bucket_edges
from domain.events import microseconds
from domain.gpu_prices import GpuPrices
from domain.gpu_usage import GpuCharge, GpuUsage, gpu_charges
from projections.bill import BillOf, gpu_line
from projections.bill_lines import BillDimension, BillLine, Service, group_of
from projections.deployment_lives import Deployment
from projections.deployment_usage import DeploymentFilter, DeploymentUsage
from projections.history_pages import HistoryFilter, HistoryOf
from projections.reckoning import reckoned
from projections.router_facts import Range
from projections.snapshot import Snapshot

MAX_GPU_CHARGES = 10_000  # of one line


class TooManyChargesError(ValueError):
    """Raised when a line of a bill is the sum of more than MAX_GPU_CHARGES charges."""


class Charged(NamedTuple):
    """One charge, and whose it is."""

    deployment: Deployment
    charge: GpuCharge


def requests_of(of: BillOf, group_by: frozenset[BillDimension], line: BillLine) -> HistoryOf:
    """The requests that the line is the sum of, with what they cost as billed: none, where it is of GPU time alone."""
    with_requests = line.service in (None, Service.ROUTER) and line.deployment is None and line.gpu_time is None
    filter = HistoryFilter(
        channel="router",
        models=_models(group_by, line) if with_requests else [],
        providers=_chosen(BillDimension.PROVIDER in group_by, line.provider),
        api_keys=_chosen(BillDimension.API_KEY in group_by, line.api_key),
        line=None if line.direction is None or line.category is None or line.unit is None else (line.direction, line.category, line.unit),
        include_unpriced=of.repriced is not None,
    )
    return HistoryOf(of.account_id, _range(of, line.day), filter)


class GpuCharges:
    """The charges behind the lines of one bill. What several lines are made of is fetched once."""

    def __init__(self, snapshot: Snapshot, of: BillOf, group_by: frozenset[BillDimension]) -> None:
        self._snapshot = snapshot
        self._of = of
        self._group_by = group_by
        self._turn = asyncio.Lock()
        self._used: dict[datetime | None, _Used] = {}  # by day; of the whole range where lines are not by day

    async def behind(self, line: BillLine) -> Sequence[Charged]:
        """The charges that the line is the sum of, beside requests, by deployment and time. Raises TooManyChargesError."""
        async with self._turn:
            used = self._used.get(line.day)
            if used is None:
                used = self._used[line.day] = await self._fetched(line.day)
        lives = used.groups.get(group_of(line), ())
        found = await reckoned(len(lives), lambda: [*islice(used.charges(lives), MAX_GPU_CHARGES + 1)])
        if len(found) > MAX_GPU_CHARGES:
            raise TooManyChargesError(
                f"the line has more than {MAX_GPU_CHARGES:,} charges (MAX_GPU_CHARGES): ask for a shorter range, or by more dimensions"
            )
        return found

    async def _fetched(self, day: datetime | None) -> "_Used":
        range = _range(self._of, day)
        usage = DeploymentUsage(self._snapshot, self._of.account_id, range, DeploymentFilter())
        groups: defaultdict[tuple[Any, ...], list[Deployment]] = defaultdict(list)
        for each in sorted(await usage.lives(), key=lambda each: each.key):
            groups[group_of(gpu_line(self._group_by, each, day or range.start, GpuUsage()))].append(each)
        return _Used(groups, await usage.prices(), microseconds(range.start), microseconds(range.end), await usage.now())


class _Used(NamedTuple):
    groups: Mapping[tuple[Any, ...], Sequence[Deployment]]
    prices: GpuPrices
    start: int
    end: int
    now: int

    def charges(self, lives: Sequence[Deployment]) -> Iterator[Charged]:
        for each in lives:
            for charge in gpu_charges(each.phases, self.prices.of(each.gpu_type), self.start, self.end, self.now):
                yield Charged(each, charge)


def _range(of: BillOf, day: datetime | None) -> Range:
    """That part of the bill's range which the line is of."""
    if day is None:
        return of.range
    edges = bucket_edges(of.range.start, of.range.end, Interval.DAY, of.zone)
    return Range(max(day, of.range.start), min(edges[edges.index(day) + 1], of.range.end))


def _models(group_by: frozenset[BillDimension], line: BillLine) -> list[str] | None:
    """Every request has a model; a line by model without one has no requests."""
    return ([] if line.model is None else [line.model]) if BillDimension.MODEL in group_by else None


def _chosen(grouped: bool, value: str | None) -> list[str | None] | None:
    return [value] if grouped else None

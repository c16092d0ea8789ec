"""What lies behind a line of the bill: the requests that it is the sum of, and the quarter-hours of GPU time."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
from projections.history_matching import HistoryFilter, HistoryOf
from projections.reckoning import reckoned
from projections.router_facts import Range
from projections.snapshot import Snapshot

MAX_GPU_CHARGES = 10_000  # of one line
TOO_MANY = f"the line has more than {MAX_GPU_CHARGES:,} charges (MAX_GPU_CHARGES): ask for a shorter range, or by more dimensions"


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
    """The charges behind the lines of one bill. What they are made of is fetched once for all lines."""

    def __init__(self, snapshot: Snapshot, of: BillOf, group_by: frozenset[BillDimension]) -> None:
        self._snapshot = snapshot
        self._of = of
        self._group_by = group_by
        self._turn = asyncio.Lock()
        self._used: _Used | None = None

    async def behind(self, lines: Sequence[BillLine]) -> Sequence[Sequence[Charged] | TooManyChargesError]:
        """The charges that each line is the sum of, beside requests, by deployment and time; or that they are too many."""
        async with self._turn:
            if self._used is None:
                self._used = await self._fetched()
        used = self._used
        lives = [used.groups.get(group_of(replace(line, day=None)), ()) for line in lines]

        def reckon() -> list[list[Charged]]:
            charges = (used.charges(some, _range(self._of, line.day)) for some, line in zip(lives, lines, strict=True))
            return [[*islice(each, MAX_GPU_CHARGES + 1)] for each in charges]

        found = await reckoned(sum(map(len, lives)), reckon)
        return [each if len(each) <= MAX_GPU_CHARGES else TooManyChargesError(TOO_MANY) for each in found]

    async def _fetched(self) -> "_Used":
        usage = DeploymentUsage(self._snapshot, self._of.account_id, self._of.range, DeploymentFilter())
        groups: defaultdict[tuple[Any, ...], list[Deployment]] = defaultdict(list)
        for each in sorted(await usage.lives(), key=lambda each: each.key):
            line = gpu_line(self._group_by, each, self._of.range.start, GpuUsage())
            groups[group_of(replace(line, day=None))].append(each)
        return _Used(groups, await usage.prices(), await usage.now())


class _Used(NamedTuple):
    groups: Mapping[tuple[Any, ...], Sequence[Deployment]]  # whatever the day
    prices: GpuPrices
    now: int

    def charges(self, lives: Sequence[Deployment], range: Range) -> Iterator[Charged]:
        start, end = microseconds(range.start), microseconds(range.end)
        for each in lives:
            for charge in gpu_charges(each.phases, self.prices.of(each.gpu_type), start, end, self.now):
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

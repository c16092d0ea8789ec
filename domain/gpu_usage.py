"""What deployments used in a range, and what it costs: GPU time, fee, and what has no known fee.

A fee is rounded half-even to 12 places once per deployment, price segment and quarter-hour of UTC: the GPU time of all allocations of that
quarter-hour (in the range, at that price) is summed up first. Buckets are made of whole quarter-hours in every time zone, so fees of hours,
days and months add up to that of their range, exactly. Quarter-hours that are alike are counted, not walked.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from domain.gpu_prices import FEE_PLACES, PriceSegment, PriceSegments
from domain.gpu_time import QUARTER_HOUR
from domain.phases import Phases, running

_Stretch = tuple[int, int, int]
"""Start, end, height: micro-GPUs, where nothing else is said."""

_Priced = tuple[int, int, int, PriceSegment]
"""Start, end, micro-GPUs, and the price of all of it."""


class GpuUsage(NamedTuple):
    """Sums, of one deployment or of many: add them up field by field."""

    gpu_time: int = 0  # micro-GPU microseconds
    unpriced: int = 0  # of it, without a price in force: its fee is unknown, not zero
    untold: int = 0  # microseconds that something ran with a number of GPUs that nobody told
    fee_units: int = 0  # 10^-12 USD, of what has a price

    @property
    def fee(self) -> Decimal:
        """USD: the sum of the known fees."""
        return Decimal(f"{self.fee_units}E-{FEE_PLACES}")

    @property
    def fee_if_known(self) -> Decimal | None:
        """The same; null where there is something to pay for and nothing of it is priced."""
        return None if self.gpu_time == self.unpriced and (self.unpriced or self.untold) else self.fee


def gpu_usage(phases: Phases, prices: PriceSegments, start: int, end: int, now: int) -> GpuUsage:
    """What one deployment used in [start, end) and before `now`, at the prices of its GPU type."""
    told, unpriced, untold, priced = _shares(phases, prices, start, min(end, now))
    return GpuUsage(_area(told), _area(unpriced), _area(untold), sum([quarters * fee for _, quarters, fee in _fees(priced)]))


class GpuCharge(NamedTuple):
    """Quarter-hours of one deployment that are alike: how its fee comes about. The first is at `start`, microseconds since 1970."""

    start: int
    quarters: int
    gpu_time: int  # micro-GPU microseconds in each
    price: PriceSegment

    @property
    def fee(self) -> Decimal:
        """USD: that of each, rounded, times their number."""
        return Decimal(f"{self.quarters * self.price.fee(self.gpu_time)}E-{FEE_PLACES}")


def gpu_charges(phases: Phases, prices: PriceSegments, start: int, end: int, now: int) -> list[GpuCharge]:
    """What the fee of one deployment in [start, end) and before `now` is the sum of, in the order of time."""
    priced = _shares(phases, prices, start, min(end, now))[-1]
    charges = [GpuCharge(quarter * QUARTER_HOUR, quarters, time, price) for quarter, quarters, time, price in _rounded_together(priced)]
    return sorted(charges, key=lambda each: (each.start, each.price.start))


class GpuSeries:
    """Sums over many deployments, bucket by bucket: each allocation leaves two marks, and one pass over the marks fills all buckets."""

    def __init__(self, edges: Sequence[int], now: int) -> None:
        """Take the edges of the buckets, ascending: the ends of the range, and between them multiples of QUARTER_HOUR."""
        assert not any(edge % QUARTER_HOUR for edge in edges[1:-1]), "buckets are made of whole quarter-hours"
        self._edges = edges
        self._now = now
        self._told, self._unpriced, self._untold, self._fees = (_Steps() for _ in range(4))

    def add(self, phases: Phases, prices: PriceSegments) -> None:
        """Add one deployment."""
        told, unpriced, untold, priced = _shares(phases, prices, self._edges[0], min(self._edges[-1], self._now))
        self._told.add(told)
        self._unpriced.add(unpriced)
        self._untold.add(untold)
        self._fees.add((quarter, quarter + quarters, fee) for quarter, quarters, fee in _fees(priced))

    def buckets(self) -> list[GpuUsage]:
        """The sums of each bucket, in order."""
        quarters = [edge // QUARTER_HOUR for edge in self._edges[:-1]] + [-(-self._edges[-1] // QUARTER_HOUR)]
        sums = (steps.areas(self._edges) for steps in (self._told, self._unpriced, self._untold))
        return [GpuUsage(*each) for each in zip(*sums, self._fees.areas(quarters), strict=True)]


class _Steps:
    """A step function: where it changes, and by how much."""

    def __init__(self) -> None:
        self._changes: defaultdict[int, int] = defaultdict(int)

    def add(self, stretches: Iterable[_Stretch]) -> None:
        for low, high, height in stretches:
            self._changes[low] += height
            self._changes[high] -= height

    def areas(self, edges: Sequence[int]) -> Iterator[int]:
        """Its integral over each stretch between edges; the first edge is not after the first change."""
        changes = sorted(self._changes.items())
        place = height = 0
        for start, end in pairwise(edges):
            area, at = 0, start
            while place < len(changes) and changes[place][0] < end:
                instant, change = changes[place]
                area += height * (instant - at)
                height += change
                at = instant
                place += 1
            yield area + height * (end - at)


def _shares(
    phases: Phases, prices: PriceSegments, start: int, end: int
) -> tuple[list[_Stretch], list[_Stretch], list[_Stretch], list[_Priced]]:
    """What ran with a number of GPUs, the part of that without a price, what ran without a number (height 1), and the part with a price."""
    told, unpriced, untold, priced = [], [], [], []
    for low, high, gpus in running(phases, start, end):
        if gpus is None:
            untold.append((low, high, 1))
            continue
        told.append((low, high, gpus))
        for segment in prices:
            if segment.start < high and low < segment.end:
                cut = (max(low, segment.start), min(high, segment.end), gpus)
                if segment.price is None:
                    unpriced.append(cut)
                else:
                    priced.append((*cut, segment))
    return told, unpriced, untold, priced


def _area(stretches: list[_Stretch]) -> int:
    return sum([(high - low) * height for low, high, height in stretches])


def _fees(priced: Iterable[_Priced]) -> Iterator[tuple[int, int, int]]:
    """Number of a quarter-hour since 1970, how many from it on are alike, and the fee of each."""
    for quarter, quarters, time, segment in _rounded_together(priced):
        yield quarter, quarters, segment.fee(time)


def _rounded_together(priced: Iterable[_Priced]) -> Iterator[tuple[int, int, int, PriceSegment]]:
    """The same with the GPU time of each, and its price, in place of the fee: whole quarter-hours, then those in parts."""
    parts: defaultdict[tuple[PriceSegment, int], int] = defaultdict(int)  # GPU time
    for low, high, gpus, segment in priced:
        first, last = -(-low // QUARTER_HOUR), high // QUARTER_HOUR  # whole quarter-hours are [first, last)
        if first > last:  # within one, touching neither end
            parts[segment, last] += (high - low) * gpus
            continue
        if first < last:
            yield first, last - first, gpus * QUARTER_HOUR, segment
        if before := first * QUARTER_HOUR - low:
            parts[segment, first - 1] += before * gpus
        if after := high - last * QUARTER_HOUR:
            parts[segment, last] += after * gpus
    for (segment, quarter), time in parts.items():
        yield quarter, 1, time, segment

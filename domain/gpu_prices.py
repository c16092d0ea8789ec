"""What a GPU hour costs, and since when: the stretches of time in which one price of a GPU type is in force."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from domain.gpu_time import GPU_HOUR, round_half_even
from domain.price_events import GpuPriceSet

FEE_PLACES = 12
FEE_UNITS = 10**FEE_PLACES  # in a USD; a fee is a whole number of them

ALWAYS = -(2**63)  # before every instant
NEVER = 2**63  # after every instant


@dataclass(frozen=True, slots=True, eq=False)
class PriceSegment:
    """[start, end) in microseconds since 1970, and the price then: null where none is in force."""

    start: int
    end: int
    price: Decimal | None  # USD per GPU hour
    numerator: int  # the same as a quotient, in fee units per micro-GPU microsecond
    denominator: int
    position: int | None = None  # of the event that set it

    def fee(self, time: int) -> int:
        """The fee, in fee units, of `time` micro-GPU microseconds that are rounded together: half-even."""
        return round_half_even(time * self.numerator, self.denominator)


PriceSegments = tuple[PriceSegment, ...]
"""Ascending, without gaps, over all time. Neighbours differ in price: one that is set again as it was begins nothing."""


class GpuPrices:
    """Every price of a GPU hour, by GPU type.

    A price is in force from the later of its `effective_from` and its recording, so that one recorded today leaves yesterday's figures as
    they are. At an instant the one that came in force last counts; of those that did at one instant, the one recorded last.
    """

    def __init__(self, recorded: Iterable[tuple[int, int, GpuPriceSet]]) -> None:
        """Take prices with their position and `recorded_at` (microseconds since 1970), in any order."""
        told: defaultdict[str, list[tuple[int, int, Decimal]]] = defaultdict(list)
        for position, recorded_at, event in recorded:
            told[event.gpu_type].append((max(event.effective_from, recorded_at), position, event.price))
        self._segments = {gpu_type: _segments(prices) for gpu_type, prices in told.items()}

    def of(self, gpu_type: str | None) -> PriceSegments:
        """The prices of a type; of one that is unknown, or never priced, a single segment without a price."""
        return UNPRICED if gpu_type is None else self._segments.get(gpu_type, UNPRICED)


def _segments(prices: list[tuple[int, int, Decimal]]) -> PriceSegments:
    in_force = {instant: (price, position) for instant, position, price in sorted(prices)}
    turns: list[tuple[int, Decimal | None, int | None]] = [(ALWAYS, None, None)]
    for instant, (price, position) in in_force.items():
        if price != turns[-1][1]:
            turns.append((instant, price, position))
    return tuple(_segment(start, end, price, position) for (start, price, position), (end, _, _) in pairwise([*turns, (NEVER, None, None)]))


def _segment(start: int, end: int, price: Decimal | None, position: int | None = None) -> PriceSegment:
    rate = Fraction(price or 0) * FEE_UNITS / GPU_HOUR
    return PriceSegment(start, end, price, rate.numerator, rate.denominator, position)


UNPRICED: PriceSegments = (_segment(ALWAYS, NEVER, None),)

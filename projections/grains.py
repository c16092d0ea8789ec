"""The grains that sums are kept at beside quarter-hours, so that every grain says the same."""

from datetime import timedelta
from typing import Any, Protocol, Self, TypeVar

from domain.calendar import DAY, HOUR, QUARTER
from domain.events import MICROSECOND


class Addable(Protocol):
    """Sums of one key."""

    def add(self, other: Self) -> None:
        """Add what another has."""


D = TypeVar("D", bound=Addable)
Key = tuple[bytes, int, Any]  # account, start in microseconds since 1970, and what else a bucket is told apart by


def at_every_grain(quarters: dict[Key, D], empty: type[D]) -> dict[timedelta, dict[Key, D]]:
    """Sums of quarter-hours, and of the hours and days that they lie in."""
    return {QUARTER: quarters} | {grain: _coarsened(quarters, empty, grain // MICROSECOND) for grain in (HOUR, DAY)}


def _coarsened(quarters: dict[Key, D], empty: type[D], width: int) -> dict[Key, D]:
    coarse: dict[Key, D] = {}
    for (account, start, rest), delta in quarters.items():
        key = (account, start - start % width, rest)
        sums = coarse.get(key)
        if sums is None:
            sums = coarse[key] = empty()
        sums.add(delta)
    return coarse

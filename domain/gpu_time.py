"""GPU time: allocation times time, a whole number of micro-GPU microseconds, so that any cuts add up exactly.

An hour is 3600 seconds, and a quotient by 3600 need not end: hours are rounded where they are shown, and never added up.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal

from domain.deployment_events import MICRO
from domain.phases import Phases, running

SECOND = 1_000_000  # microseconds
QUARTER_HOUR = 900 * SECOND
GPU_SECOND = MICRO * SECOND  # micro-GPU microseconds, as all GPU time
GPU_HOUR = 3600 * GPU_SECOND
HOURS_PLACES = 9


def gpu_time(phases: Phases, start: int, end: int, now: int) -> int:
    """What was allocated in [start, end) and before `now`, in micro-GPU microseconds. An allocation that nobody told adds nothing."""
    return sum([(high - low) * gpus for low, high, gpus in running(phases, start, min(end, now)) if gpus])


def untold_time(phases: Phases, start: int, end: int, now: int) -> int:
    """How long it ran with a number of GPUs that nobody told, in microseconds: its GPU time is unknown, not zero."""
    return sum([high - low for low, high, gpus in running(phases, start, min(end, now)) if gpus is None])


def idle_time(phases: Phases, busy: Sequence[int], start: int, end: int, now: int) -> int:
    """The part of `gpu_time` in quarter-hours without a request.

    `busy` holds the starts of those with one, ascending and distinct, as multiples of QUARTER_HOUR. A request makes the whole
    quarter-hour busy, also the part of it that the range leaves out.
    """
    idle = 0
    for low, high, gpus in running(phases, start, min(end, now)):
        if gpus:
            idle += (high - low - _busy_time(busy, low, high)) * gpus
    return idle


def _busy_time(busy: Sequence[int], low: int, high: int) -> int:
    """Microseconds of [low, high) in busy quarter-hours: whole ones, less what the first and the last have outside."""
    first, after = bisect_right(busy, low - QUARTER_HOUR), bisect_left(busy, high)
    if first >= after:
        return 0
    return (after - first) * QUARTER_HOUR - max(low - busy[first], 0) - max(busy[after - 1] + QUARTER_HOUR - high, 0)


def utilization(idle: int, allocated: int) -> Decimal | None:
    """Percent of the allocated GPU time that was not idle, of one deployment or summed over many; null where nothing was allocated."""
    return Decimal(100 * (allocated - idle)) / allocated if allocated else None


def gpu_hours(time: int) -> Decimal:
    """GPU hours of `time`, rounded half-even to HOURS_PLACES: to be shown, not to be added up."""
    return Decimal(f"{round_half_even(time * 10**HOURS_PLACES, GPU_HOUR)}E-{HOURS_PLACES}")


def gpu_seconds(time: int) -> Decimal:
    """GPU seconds of `time`, exactly."""
    return Decimal(f"{time}E-12")


def round_half_even(numerator: int, denominator: int) -> int:
    """The nearest whole number to a quotient, of two equally near ones the even. The denominator is positive."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient & 1))

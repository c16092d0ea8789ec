"""The stretches of a deployment's life, and what is asked of them. All instants are microseconds since 1970, UTC.

"Now" is passed in: what is dated after it has not happened yet, and a stretch without an end lasts until then.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple


class Status(StrEnum):
    """What a deployment does."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPED = "stopped"  # it may start again
    SUCCEEDED = "succeeded"  # for good
    FAILED = "failed"  # for good


class Phase(NamedTuple):
    """A half-open stretch of one status and one allocation; a null end is open. Those of a life follow one another without gaps."""

    start: int
    end: int | None
    status: Status
    gpus: int | None  # micro-GPUs; 0 unless running; null: running with a number that nobody told


Phases = Sequence[Phase]
"""The phases of one life, ascending, disjoint, none of them empty."""

_start_of = itemgetter(0)
_RUNNING = Status.RUNNING


def phase_at(phases: Phases, now: int) -> Phase | None:
    """The phase that `now` is in; null before the first."""
    place = bisect_right(phases, now, key=_start_of)
    return phases[place - 1] if place else None


def status_at(phases: Phases, now: int) -> Status:
    """The status at `now`. What is known only by its key, or by what has not happened yet, is pending."""
    phase = phase_at(phases, now)
    return phase.status if phase else Status.PENDING


def is_running(phases: Phases, now: int) -> bool:
    """Whether GPUs are allocated to it at `now`, be it none of them."""
    return status_at(phases, now) == _RUNNING


def stopped_at(phases: Phases, now: int) -> int | None:
    """Since when it has been stopped, succeeded or failed; null while it is pending or runs."""
    phase = phase_at(phases, now)
    return phase.start if phase and phase.status not in {Status.PENDING, _RUNNING} else None


def running(phases: Phases, start: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """Start, end and allocation of what ran in [start, end), cut to it.

    Plain comparisons: an answer passes thousands of phases through here.
    """
    for begin, finish, status, gpus in phases if start < end else ():
        if begin >= end:
            return
        if status == _RUNNING and (finish is None or finish > start):
            yield max(begin, start), end if finish is None or finish > end else finish, gpus


def running_time(phases: Phases, start: int, end: int, now: int) -> int:
    """How long it ran in [start, end) and before `now`, in microseconds, with any number of GPUs, told or not."""
    return sum([high - low for low, high, _ in running(phases, start, min(end, now))])


def counts_as_fine_tuning(phases: Phases, start: int, end: int, now: int) -> bool:
    """Whether it ran at some time of [start, end) or succeeded in it, and had not failed before the end: of the range, or `now`.

    What happens at `now` has happened.
    """
    until = min(end, now + 1)
    last = phase_at(phases, until - 1)
    if last is None or last.status == Status.FAILED:
        return False
    succeeded = last.status == Status.SUCCEEDED and start <= last.start
    return start < until and (succeeded or any(running(phases, start, until)))

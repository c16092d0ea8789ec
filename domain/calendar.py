"""Where buckets begin: computed once, here, with one time zone database, and passed to SQL as arrays.

A day, week or month starts at its first local instant; a week is ISO, from Monday. The two hours of a fall-back are distinct, and a
zone that shifts by thirty minutes has an hour of thirty or ninety.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.events import EPOCH

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
GRAINS = (DAY, HOUR, QUARTER)  # of the read models, coarse to fine; all in UTC
MAX_BUCKETS_PER_SERIES = 10_000  # 104 days of quarter-hours, 416 days of hours


class Interval(Enum):
    """The width of a bucket."""

    QUARTER_HOUR = "quarter-hour"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class RangeTooLargeError(ValueError):
    """Raised when a range has more buckets of the interval than MAX_BUCKETS_PER_SERIES."""


class Segment(NamedTuple):
    """A stretch of time that rows of one grain cover exactly. A null grain: nothing but single requests does."""

    grain: timedelta | None
    start: datetime
    end: datetime


def bucket_edges(start: datetime, end: datetime, interval: Interval | None, zone: ZoneInfo) -> list[datetime]:
    """Starts of the buckets that [start, end) touches, in UTC, and the end of the last. A null interval: the range is the one bucket.

    The first may begin before `start` and the last end after `end`. Raises RangeTooLargeError.
    """
    if interval is None or start >= end:
        return [start, end]
    edges = [start]
    for edge in _edges_from(start, interval, zone):
        if edge <= start:
            edges[0] = edge
            continue
        edges.append(edge)
        if edge >= end:
            return edges
        if len(edges) > MAX_BUCKETS_PER_SERIES:
            break
    raise RangeTooLargeError(
        f"the range has more than {MAX_BUCKETS_PER_SERIES} buckets of one {interval.value} (MAX_BUCKETS_PER_SERIES):"
        " ask for a shorter range or a longer interval"
    )


def segments(start: datetime, end: datetime, edges: list[datetime]) -> list[Segment]:
    """The fewest stretches that cover [start, end) exactly, none crossing an edge within a row: neighbours of one grain are joined."""
    cuts = [start, *(edge for edge in edges if start < edge < end), end]
    joined: list[Segment] = []
    for each in (segment for a, b in pairwise(cuts) for segment in _cover(a, b, GRAINS)):
        if joined and joined[-1].grain == each.grain and joined[-1].end == each.start:
            joined[-1] = joined[-1]._replace(end=each.end)
        else:
            joined.append(each)
    return joined


def floor(instant: datetime, grain: timedelta) -> datetime:
    """The last multiple of `grain` since 1970 that is not after `instant`."""
    return instant - (instant - EPOCH) % grain


def ceiling(instant: datetime, grain: timedelta) -> datetime:
    """The first multiple of `grain` since 1970 that is not before `instant`."""
    return instant + (EPOCH - instant) % grain


def _cover(start: datetime, end: datetime, grains: tuple[timedelta, ...]) -> Iterator[Segment]:
    if start >= end:
        return
    if not grains:
        yield Segment(None, start, end)
        return
    first, last = ceiling(start, grains[0]), floor(end, grains[0])
    if first >= last:
        yield from _cover(start, end, grains[1:])
        return
    yield from _cover(start, first, grains[1:])
    yield Segment(grains[0], first, last)
    yield from _cover(last, end, grains[1:])


def _edges_from(start: datetime, interval: Interval, zone: ZoneInfo) -> Iterator[datetime]:
    """Edges in order, from the last that is not after `start`, for ever."""
    if interval is Interval.QUARTER_HOUR:  # offsets have been whole quarter-hours since before 2000
        edge = floor(start, QUARTER)
        while True:
            yield edge
            edge += QUARTER
    if interval is Interval.HOUR:
        yield from _hours_from(start, zone)
    local = start.astimezone(zone).date() - DAY  # a day early: a local date may begin twice
    day = local - timedelta(days=local.weekday()) if interval is Interval.WEEK else local
    day = day.replace(day=1) if interval is Interval.MONTH else day
    previous: datetime | None = None
    while True:
        edge = first_instant(day, zone)
        if previous is None or edge > previous:  # a date that a zone skipped has no instant of its own
            yield edge
            previous = edge
        day = _following(day, interval)


def _hours_from(start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """A local hour begins where its minutes are zero, or where the clocks jump by less than an hour."""
    edge = floor(start, QUARTER) - 2 * HOUR
    before = edge.astimezone(zone).utcoffset()
    while True:
        local = edge.astimezone(zone)
        offset = local.utcoffset()
        if local.minute == 0 or (offset is not None and before is not None and (offset - before) % HOUR):
            yield edge
        before = offset
        edge += QUARTER


def _following(day: date, interval: Interval) -> date:
    if interval is Interval.MONTH:
        return (day + timedelta(days=32)).replace(day=1)
    return day + (timedelta(days=7) if interval is Interval.WEEK else DAY)


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """When `day` begins in `zone`, in UTC: its midnight, the first of two, or the end of the gap that swallowed it."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    instant = midnight.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return instant
    early, late = instant - DAY, instant  # the clocks jumped over midnight: find the jump
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        early, late = (early, middle) if middle.astimezone(zone).date() >= day else (middle, late)
    return late.replace(microsecond=0)

"""What is asked of router buckets: totals, breakdowns and groups of a range, in any zone, exactly."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.calendar import Interval, bucket_edges
from domain.quantities import label, rank
from projections.keyset import By, order_by, past
from projections.router_facts import GROUP, SEGMENT, Dimension, Facts, Range, RouterFilter
from projections.snapshot import Snapshot

NANOSECONDS = 1_000_000_000


class Measure(Enum):
    """What buckets can be ordered by."""

    TIME = "bucket"
    REQUESTS = "requests"
    TOTAL_TOKENS = "tokens"
    TOTAL_FEE = "fee"
    ERROR_COUNT = "errors"
    AVERAGE_LATENCY = "latency"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a breakdown. Categories are disjoint: those in tokens add up to the tokens."""

    direction: str
    category: str
    unit: str
    count: int

    @property
    def label(self) -> str:
        """What people call it."""
        return label(self.direction, self.category, self.unit)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over requests. `latencies` is how many requests have a latency; `models` how many models there are."""

    requests: int
    errors: int
    latency_ns: int
    latencies: int
    tokens: int
    estimated: int
    unknown_tokens: int
    models: int

    @property
    def unpriced(self) -> int:
        """Requests without a price: no price list is known yet, so all of them."""
        return self.requests

    @property
    def average_latency_seconds(self) -> float | None:
        """Mean over the requests that have one; null where none has."""
        return self.latency_ns / (self.latencies * NANOSECONDS) if self.latencies else None

    @property
    def success_rate(self) -> float | None:
        """Percent; null without requests."""
        return 100 * (self.requests - self.errors) / self.requests if self.requests else None


@dataclass(frozen=True, slots=True)
class Bucket(Totals):
    """The requests of one group in one stretch of time. Dimensions that are not grouped by are null."""

    time: datetime | None  # start, UTC; null where the whole range is the bucket
    end: datetime
    partial: bool  # the bucket has not ended, or the range cuts it
    model: str | None
    provider: str | None
    api_key: str | None
    api_key_name: str | None
    throughput: float | None  # requests per second over the part that is past
    input: Sequence[Line]
    output: Sequence[Line]
    key: tuple[Any, ...] = field(repr=False)  # its place in the order it was asked in


@dataclass(frozen=True, slots=True)
class BucketsOf:
    """Which buckets: of whom, when, how wide, how grouped."""

    account_id: UUID
    range: Range
    filter: RouterFilter
    interval: Interval | None
    zone: ZoneInfo
    group_by: frozenset[Dimension]

    def edges(self) -> list[datetime]:
        """Where the buckets begin, and where the last ends. Raises RangeTooLargeError."""
        return bucket_edges(self.range.start, self.range.end, self.interval, self.zone)


async def totals(snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter, *, count_models: bool = True) -> Totals:
    """Sums over the range. Models are counted only if asked for."""
    dimensions = {Dimension.MODEL} if count_models else set[Dimension]()
    facts = Facts(account_id, range, filter, dimensions, [range.start, range.end])
    models = "count(DISTINCT model)" if count_models else "0"
    (row,) = await snapshot.rows(f"WITH {SEGMENT}, {facts.usage()} SELECT {SUMS}, {models} FROM usage", facts.parameters)
    return Totals(*(int(value or 0) for value in row))


async def breakdown(snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter) -> list[Line]:
    """Both directions of the range, in the order that people see."""
    facts = Facts(account_id, range, filter, set(), [range.start, range.end])
    rows = await snapshot.rows(
        f"WITH {SEGMENT}, {facts.lines()} SELECT direction, category, unit, sum(quantity) FROM line GROUP BY 1, 2, 3", facts.parameters
    )
    return ranked(rows)


async def buckets(
    snapshot: Snapshot,
    of: BucketsOf,
    *,
    order: Measure,
    descending: bool,
    limit: int,
    after: tuple[Any, ...] | None = None,
    lines: bool = True,
) -> list[Bucket]:
    """Up to `limit` buckets in order, past the key `after`; those without requests do not exist. Ties go by time and group.

    Raises RangeTooLargeError.
    """
    query, facts = _buckets_query(of, order, descending=descending, limit=limit, after=after, lines=lines)
    rows = await snapshot.rows(query, facts.parameters)
    complete_through = (await snapshot.state()).complete_through
    return [_bucket(row, of, facts.edges, complete_through, by_time=order is Measure.TIME) for row in rows]


async def all_buckets(snapshot: Snapshot, of: BucketsOf) -> AsyncIterator[Bucket]:
    """Every bucket by time, however many, a few at a time in memory. Raises RangeTooLargeError."""
    query, facts = _buckets_query(of, Measure.TIME, descending=False, limit=None, after=None, lines=True)
    complete_through = (await snapshot.state()).complete_through
    async for row in snapshot.stream(query, facts.parameters):
        yield _bucket(row, of, facts.edges, complete_through, by_time=True)


def _buckets_query(
    of: BucketsOf, order: Measure, *, descending: bool, limit: int | None, after: tuple[Any, ...] | None, lines: bool
) -> tuple[str, "Facts"]:
    facts = Facts(of.account_id, of.range, of.filter, set(of.group_by), of.edges())
    keys = [By("bucket"), By("model"), By("provider"), By("api_key")]
    by = By(MEASURES[order], descending, nullable=order in (Measure.AVERAGE_LATENCY, Measure.TOTAL_FEE))
    columns = [By("bucket", descending), *keys[1:]] if order is Measure.TIME else [by, *keys]
    condition = "true" if after is None else past(columns, after, facts.parameters)
    facts.parameters["limit"] = limit
    with_lines = f"{facts.lines()}, {PAGE_WITH_LINES}" if lines else PAGE_WITHOUT_LINES
    query = f"""WITH {SEGMENT}, {facts.usage()},
        grouped AS (SELECT {GROUP}, {SUMS} FROM usage GROUP BY {GROUP}),
        page AS (
            SELECT *, {by.sql} AS measure FROM grouped WHERE {condition} ORDER BY {order_by(columns)} LIMIT %(limit)s
        ),
        {with_lines}
        SELECT shown.*, known.name FROM shown
        LEFT JOIN {{api_keys}} AS known ON known.account_id = %(account)s AND known.api_key = shown.api_key
        ORDER BY {order_by([By("measure", by.descending, by.nullable), *keys])}"""
    return query, facts


async def count_buckets(snapshot: Snapshot, of: BucketsOf) -> int:
    """How many buckets there are. Raises RangeTooLargeError."""
    facts = Facts(of.account_id, of.range, of.filter, set(of.group_by), of.edges())
    groups = f"SELECT {GROUP} FROM usage GROUP BY {GROUP}"
    ((count,),) = await snapshot.rows(f"WITH {SEGMENT}, {facts.usage()} SELECT count(*) FROM ({groups}) AS groups", facts.parameters)
    return count


async def peak(snapshot: Snapshot, of: BucketsOf, by: Measure, *, lines: bool = True) -> Bucket | None:
    """The bucket with the most, the earliest of equals; null where none is known to have any. Raises RangeTooLargeError."""
    found = await buckets(snapshot, of, order=by, descending=True, limit=1, lines=lines)
    return found[0] if found and found[0].key[0] is not None else None


async def throughput(snapshot: Snapshot, range: Range, requests: int) -> float | None:
    """Requests per second over the part of the range that is past; null where none is."""
    return _per_second(requests, range.start, range.end, (await snapshot.state()).complete_through)


def _per_second(requests: int, start: datetime, end: datetime, complete_through: datetime) -> float | None:
    seconds = (min(end, complete_through) - start) / timedelta(seconds=1)
    return requests / seconds if seconds > 0 else None


SUMMED = ("requests", "errors", "latency_ns", "latencies", "tokens", "estimated", "unknown_tokens")
SUMS = ", ".join(f"sum({name}) AS {name}" for name in SUMMED)
MEASURES = {
    Measure.TIME: "bucket",
    Measure.REQUESTS: "requests",
    Measure.TOTAL_TOKENS: "tokens",
    Measure.TOTAL_FEE: "NULL::numeric",  # no request has a price yet
    Measure.ERROR_COUNT: "errors",
    Measure.AVERAGE_LATENCY: "latency_ns / nullif(latencies, 0)",  # exact numbers: a quotient of sums, not of floats
}
PAGE_WITHOUT_LINES = "shown AS (SELECT *, NULL::json AS lines FROM page)"
# Lines come to their groups by being grouped with them, not by a join: a planner that guesses one row would join them in a loop.
PAGE_WITH_LINES = f"""
    parts AS (
        SELECT page.*, NULL AS direction, NULL AS category, NULL AS unit, NULL AS quantity FROM page
        UNION ALL
        SELECT {GROUP}, {", ".join("NULL" for _ in (*SUMMED, "measure"))}, direction, category, unit, sum(quantity)
        FROM line WHERE bucket BETWEEN (SELECT min(bucket) FROM page) AND (SELECT max(bucket) FROM page)
        GROUP BY {GROUP}, direction, category, unit
    ),
    shown AS (
        SELECT {GROUP}, {", ".join(f"max({name}) AS {name}" for name in (*SUMMED, "measure"))},
            json_agg(json_build_array(direction, category, unit, quantity::text)) FILTER (WHERE direction IS NOT NULL) AS lines
        FROM parts GROUP BY {GROUP} HAVING max(requests) IS NOT NULL
    )"""


def ranked(rows: Iterable[tuple[Any, ...]]) -> list[Line]:
    """Lines from direction, category, unit and count, in the order that people see."""
    lines = [Line(direction, category, unit, int(count)) for direction, category, unit, count in rows]
    return sorted(lines, key=lambda line: (line.direction, rank(line.direction, line.category, line.unit)))


def _bucket(row: tuple[Any, ...], of: BucketsOf, edges: list[datetime], complete_through: datetime, *, by_time: bool) -> Bucket:
    bucket, model, provider, api_key, *sums, measure, lines, key_name = row
    start, end = edges[bucket - 1], edges[bucket]
    within = (max(start, of.range.start), min(end, of.range.end))
    breakdown = ranked(lines or ())
    counts = [int(value) for value in sums]
    group = (bucket, model, provider, api_key)
    return Bucket(
        *counts,
        models=1,
        time=None if of.interval is None else start,
        end=end,
        partial=end > complete_through or within != (start, end),
        model=model or None,
        provider=provider or None,
        api_key=api_key or None,
        api_key_name=key_name or api_key or None,
        throughput=_per_second(counts[0], *within, complete_through),
        input=[line for line in breakdown if line.direction == "input"],
        output=[line for line in breakdown if line.direction == "output"],
        key=group if by_time else (measure, *group),
    )

"""What is asked of router buckets: totals, breakdowns and groups of a range, in any zone, exactly."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.calendar import Interval, bucket_edges
from domain.quantities import label, rank
from projections.keyset import By, order_by, past
from projections.router_facts import GROUP, SUMMED, Dimension, Facts, Range, Repriced, RouterFilter
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
    fee: Decimal | None = None  # USD; null where nothing of it has a price

    @property
    def label(self) -> str:
        """What people call it."""
        return label(self.direction, self.category, self.unit)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over requests. `latencies` is how many requests have a latency; `models` how many models there are."""

    requests: int = 0
    errors: int = 0
    latency_ns: int = 0
    latencies: int = 0
    tokens: int = 0
    estimated: int = 0
    unknown_tokens: int = 0
    known_fee: Decimal = Decimal(0)  # USD, sum of those that are known
    unpriced: int = 0  # requests without a fee
    known_cost: Decimal = Decimal(0)  # USD, sum of what the reporters think, where they say
    reported_costs: int = 0  # how many say
    ahead: int = 0  # requests dated after now
    models: int = 0

    @property
    def fee(self) -> Decimal | None:
        """USD; null where there are requests and none is priced."""
        return None if self.requests and self.unpriced == self.requests else self.known_fee

    @property
    def reported_cost(self) -> Decimal | None:
        """USD, what the reporters think it cost; null where none says."""
        return self.known_cost if self.reported_costs else None

    @property
    def average_latency_seconds(self) -> float | None:
        """Mean over the requests that have one; null where none has."""
        return self.latency_ns / (self.latencies * NANOSECONDS) if self.latencies else None

    @property
    def success_rate(self) -> float | None:
        """Percent; null without requests."""
        return 100 * (self.requests - self.errors) / self.requests if self.requests else None


@dataclass(frozen=True, slots=True, kw_only=True)
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
    repriced: Repriced | None = None

    def edges(self) -> list[datetime]:
        """Where the buckets begin, and where the last ends. Raises RangeTooLargeError."""
        return bucket_edges(self.range.start, self.range.end, self.interval, self.zone)


async def totals(
    snapshot: Snapshot,
    account_id: UUID,
    range: Range,
    filter: RouterFilter,
    *,
    count_models: bool = True,
    repriced: Repriced | None = None,
) -> Totals:
    """Sums over the range. Models are counted only if asked for."""
    dimensions = {Dimension.MODEL} if count_models else set[Dimension]()
    now = (await snapshot.state()).complete_through
    facts = Facts(account_id, range, filter, dimensions, edges=[range.start, range.end], now=now, repriced=repriced, as_of=snapshot.as_of)
    models = "count(DISTINCT model)" if count_models else "0"
    (row,) = await snapshot.rows(f"WITH {facts.base()}, {facts.usage()} SELECT {SUMS}, {models} FROM usage", facts.parameters)
    return Totals(*_sums(row[:-1]), models=row[-1])


async def breakdown(
    snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter, repriced: Repriced | None = None
) -> list[Line]:
    """Both directions of the range, in the order that people see."""
    now = (await snapshot.state()).complete_through
    facts = Facts(account_id, range, filter, set(), edges=[range.start, range.end], now=now, repriced=repriced, as_of=snapshot.as_of)
    query = f"WITH {facts.base()}, {facts.lines()} SELECT direction, category, unit, {LINE_SUMS} FROM line GROUP BY 1, 2, 3"
    return ranked(await snapshot.rows(query, facts.parameters))


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
    now = (await snapshot.state()).complete_through
    query, facts = _buckets_query(of, order, now, snapshot.as_of, descending=descending, limit=limit, after=after, lines=lines)
    rows = await snapshot.rows(query, facts.parameters)
    return [_bucket(row, of, facts.edges, now, by_time=order is Measure.TIME) for row in rows]


async def all_buckets(snapshot: Snapshot, of: BucketsOf) -> AsyncIterator[Bucket]:
    """Every bucket by time, however many, a few at a time in memory. Raises RangeTooLargeError."""
    now = (await snapshot.state()).complete_through
    query, facts = _buckets_query(of, Measure.TIME, now, snapshot.as_of, descending=False, limit=None, after=None, lines=True)
    async for row in snapshot.stream(query, facts.parameters):
        yield _bucket(row, of, facts.edges, now, by_time=True)


def _buckets_query(
    of: BucketsOf,
    order: Measure,
    now: datetime,
    as_of: int | None,
    *,
    descending: bool,
    limit: int | None,
    after: tuple[Any, ...] | None,
    lines: bool,
) -> tuple[str, "Facts"]:
    facts = Facts(of.account_id, of.range, of.filter, set(of.group_by), edges=of.edges(), now=now, repriced=of.repriced, as_of=as_of)
    keys = [By("bucket"), By("model"), By("provider"), By("api_key")]
    by = By(MEASURES[order], descending, nullable=order in (Measure.AVERAGE_LATENCY, Measure.TOTAL_FEE))
    columns = [By("bucket", descending), *keys[1:]] if order is Measure.TIME else [by, *keys]
    condition = "true" if after is None else past(columns, after, facts.parameters)
    facts.parameters["limit"] = limit
    with_lines = f"{facts.lines()}, {PAGE_WITH_LINES}" if lines else PAGE_WITHOUT_LINES
    query = f"""WITH {facts.base()}, {facts.usage()},
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
    now = (await snapshot.state()).complete_through
    facts = Facts(
        of.account_id, of.range, of.filter, set(of.group_by), edges=of.edges(), now=now, repriced=of.repriced, as_of=snapshot.as_of
    )
    groups = f"SELECT {GROUP} FROM usage GROUP BY {GROUP}"
    ((count,),) = await snapshot.rows(f"WITH {facts.base()}, {facts.usage()} SELECT count(*) FROM ({groups}) AS groups", facts.parameters)
    return count


async def peak(snapshot: Snapshot, of: BucketsOf, by: Measure, *, lines: bool = True) -> Bucket | None:
    """The bucket with the most, the earliest of equals; null where none is known to have any. Raises RangeTooLargeError."""
    found = await buckets(snapshot, of, order=by, descending=True, limit=1, lines=lines)
    return found[0] if found and found[0].key[0] is not None else None


async def throughput(snapshot: Snapshot, range: Range, totals: Totals) -> float | None:
    """Requests per second over the part of the range that is past; null where none is."""
    return _per_second(totals.requests - totals.ahead, range.start, range.end, (await snapshot.state()).complete_through)


def _per_second(requests: int, start: datetime, end: datetime, now: datetime) -> float | None:
    seconds = (min(end, now) - start) / timedelta(seconds=1)
    return requests / seconds if seconds > 0 else None


def _sums(values: Sequence[Any]) -> Iterator[Any]:
    """Of the columns of SUMMED: money as it is, counts as whole numbers; of no rows they are 0."""
    for name, value in zip(SUMMED, values, strict=True):
        yield Decimal(value or 0) if name in MONEY else int(value or 0)


MONEY = ("fee", "reported_cost")
SUMS = ", ".join(f"sum({name}) AS {name}" for name in SUMMED)
MEASURES = {
    Measure.TIME: "bucket",
    Measure.REQUESTS: "requests",
    Measure.TOTAL_TOKENS: "tokens",
    Measure.TOTAL_FEE: "CASE WHEN unpriced < requests THEN fee END",
    Measure.ERROR_COUNT: "errors",
    Measure.AVERAGE_LATENCY: "latency_ns / nullif(latencies, 0)",  # exact numbers: a quotient of sums, not of floats
}
LINE_SUMS = "sum(quantity) AS quantity, CASE WHEN sum(priced_requests) > 0 THEN sum(fee) END AS line_fee"
PAGE_WITHOUT_LINES = "shown AS (SELECT *, NULL::json AS lines FROM page)"
# Lines come to their groups by being grouped with them, not by a join: a planner that guesses one row would join them in a loop.
PAGE_WITH_LINES = f"""
    parts AS (
        SELECT page.*, NULL AS direction, NULL AS category, NULL AS unit, NULL AS quantity, NULL AS line_fee FROM page
        UNION ALL
        SELECT {GROUP}, {", ".join("NULL" for _ in (*SUMMED, "measure"))}, direction, category, unit, {LINE_SUMS}
        FROM line WHERE bucket BETWEEN (SELECT min(bucket) FROM page) AND (SELECT max(bucket) FROM page)
        GROUP BY {GROUP}, direction, category, unit
    ),
    shown AS (
        SELECT {GROUP}, {", ".join(f"max({name}) AS {name}" for name in (*SUMMED, "measure"))},
            json_agg(json_build_array(direction, category, unit, quantity::text, line_fee::text))
                FILTER (WHERE direction IS NOT NULL) AS lines
        FROM parts GROUP BY {GROUP} HAVING max(requests) IS NOT NULL
    )"""


def ranked(rows: Iterable[tuple[Any, ...]]) -> list[Line]:
    """Lines from direction, category, unit, count and fee, in the order that people see."""
    lines = [
        Line(direction, category, unit, int(count), None if fee is None else Decimal(fee)) for direction, category, unit, count, fee in rows
    ]
    return sorted(lines, key=lambda line: (line.direction, rank(line.direction, line.category, line.unit)))


def _bucket(row: tuple[Any, ...], of: BucketsOf, edges: list[datetime], now: datetime, *, by_time: bool) -> Bucket:
    bucket, model, provider, api_key, *sums, measure, lines, key_name = row
    start, end = edges[bucket - 1], edges[bucket]
    within = (max(start, of.range.start), min(end, of.range.end))
    breakdown = ranked(lines or ())
    counted = dict(zip(SUMMED, _sums(sums), strict=True))
    counted["known_fee"], counted["known_cost"] = counted.pop("fee"), counted.pop("reported_cost")
    group = (bucket, model, provider, api_key)
    return Bucket(
        **counted,
        models=1,
        time=None if of.interval is None else start,
        end=end,
        partial=end > now or within != (start, end),
        model=model or None,
        provider=provider or None,
        api_key=api_key or None,
        api_key_name=key_name or api_key or None,
        throughput=_per_second(counted["requests"] - counted["ahead"], *within, now),
        input=[line for line in breakdown if line.direction == "input"],
        output=[line for line in breakdown if line.direction == "output"],
        key=group if by_time else (measure, *group),
    )

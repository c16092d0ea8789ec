"""What is asked of router buckets: totals, breakdowns and groups of a range, in any zone, exactly."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.calendar import Interval, bucket_edges
from projections.keyset import By, order_by, past
from projections.router_facts import GROUP, SUMMED, Dimension, Facts, Range, Repriced, RouterFilter
from projections.router_lines import BROKEN_DOWN, LINES, PAGE_WITHOUT_LINES, Lines, page_with_lines
from projections.router_totals import Figures, Line, Totals, lines_of
from projections.snapshot import Snapshot


class Measure(Enum):
    """What buckets can be ordered by."""

    TIME = "bucket"
    REQUESTS = "requests"
    TOTAL_TOKENS = "tokens"
    TOTAL_FEE = "fee"
    ERROR_COUNT = "errors"
    AVERAGE_LATENCY = "latency"


class _Bucket(NamedTuple):
    requests: int
    errors: int
    latency_ns: int
    latencies: int
    tokens: int
    estimated: int
    unknown_tokens: int
    known_fee: Decimal
    unpriced: int
    known_cost: Decimal
    reported_costs: int
    ahead: int
    time: datetime | None  # start, UTC; null where the whole range is the bucket
    end: datetime
    partial: bool  # the bucket has not ended, or the range cuts it
    past_seconds: float  # how much of it is past
    model: str | None
    provider: str | None
    api_key: str | None
    api_key_name: str | None
    input: Sequence[Line]
    output: Sequence[Line]
    key: tuple[Any, ...]  # its place in the order it was asked in


class Bucket(_Bucket, Figures):
    """The requests of one group in one stretch of time. Dimensions that are not grouped by are null."""

    __slots__ = ()

    @property
    def throughput(self) -> float | None:
        """Requests per second over the part that is past; null where none is."""
        return (self.requests - self.ahead) / self.past_seconds if self.past_seconds > 0 else None


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. Nothing else is fetched: sums are 0 then, and lists are empty."""

    sums: frozenset[str] = frozenset(SUMMED)
    lines: bool = True  # the breakdown
    models: bool = True  # of totals: how many there are
    names: bool = True  # of buckets: those of the API keys


async def totals(
    snapshot: Snapshot,
    account_id: UUID,
    range: Range,
    filter: RouterFilter,
    *,
    wanted: Wanted = Wanted(lines=False),
    repriced: Repriced | None = None,
) -> Totals:
    """Sums over the range: those that are wanted."""
    return (await figures(snapshot, account_id, range, filter, wanted=wanted, repriced=repriced))[0]


async def breakdown(
    snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter, repriced: Repriced | None = None
) -> list[Line]:
    """Both directions of the range, in the order that people see."""
    wanted = Wanted(sums=frozenset(), models=False)
    return (await figures(snapshot, account_id, range, filter, wanted=wanted, repriced=repriced))[1]


async def figures(
    snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter, *, wanted: Wanted, repriced: Repriced | None = None
) -> tuple[Totals, list[Line]]:
    """Sums over the range, and its breakdown in both directions, in the order that people see: what is wanted of them, in one query."""
    shown = {Dimension.MODEL} if wanted.models else set[Dimension]()
    now, edges = (await snapshot.state()).complete_through, [range.start, range.end]
    facts = Facts(account_id, range, filter, shown, edges=edges, now=now, summed=wanted.sums, repriced=repriced, as_of=snapshot.as_of)
    with_sums, parts, columns = bool(wanted.sums or wanted.models), [facts.base()], list[str]()
    if with_sums:
        parts.append(facts.usage())
        columns += [facts.sums, "count(DISTINCT model)" if wanted.models else "0"]
    if wanted.lines:
        parts += [facts.lines(), BROKEN_DOWN]
    columns.append("(SELECT lines FROM broken_down)" if wanted.lines else "NULL")
    query = f"WITH {', '.join(parts)} SELECT {', '.join(columns)} {'FROM usage' if with_sums else ''}"
    ((*sums, lines),) = await snapshot.rows(query, facts.parameters)
    found = Totals(**_sums(facts, sums[:-1]), models=sums[-1]) if with_sums else Totals()
    return found, lines_of(lines)


async def buckets(
    snapshot: Snapshot,
    of: BucketsOf,
    *,
    order: Measure,
    descending: bool,
    limit: int,
    after: tuple[Any, ...] | None = None,
    wanted: Wanted = Wanted(),
) -> list[Bucket]:
    """Up to `limit` buckets in order, past the key `after`; those without requests do not exist. Ties go by time and group.

    Raises RangeTooLargeError.
    """
    now = (await snapshot.state()).complete_through
    query, facts = buckets_query(of, order, now, snapshot.as_of, descending=descending, limit=limit, after=after, wanted=wanted)
    rows = await snapshot.rows(query, facts.parameters)
    made = _Buckets(of, facts, now, by_time=order is Measure.TIME)
    return [made.bucket(row) for row in rows]


async def all_buckets(snapshot: Snapshot, of: BucketsOf) -> AsyncIterator[Bucket]:
    """Every bucket by time, however many, a few at a time in memory. Raises RangeTooLargeError."""
    now = (await snapshot.state()).complete_through
    query, facts = buckets_query(of, Measure.TIME, now, snapshot.as_of, descending=False, limit=None, after=None, wanted=Wanted())
    made = _Buckets(of, facts, now, by_time=True)
    async for row in snapshot.stream(query, facts.parameters):
        yield made.bucket(row)


def buckets_query(
    of: BucketsOf,
    order: Measure,
    now: datetime,
    as_of: int | None,
    *,
    descending: bool,
    limit: int | None,
    after: tuple[Any, ...] | None,
    wanted: Wanted,
    lines: Lines | None = None,
    selected: str | None = None,
) -> tuple[str, Facts]:
    """The query of a page of buckets, and what it is made of: `lines` is made of those of a bucket, `selected` is what it gives of each.

    Raises RangeTooLargeError.
    """
    summed = wanted.sums | MEASURED[order]
    facts = Facts(
        of.account_id, of.range, of.filter, set(of.group_by), edges=of.edges(), now=now, summed=summed, repriced=of.repriced, as_of=as_of
    )
    keys = [By("bucket"), By("model"), By("provider"), By("api_key")]
    by = By(MEASURES[order], descending, nullable=order in (Measure.AVERAGE_LATENCY, Measure.TOTAL_FEE))
    columns = [By("bucket", descending), *keys[1:]] if order is Measure.TIME else [by, *keys]
    condition = "true" if after is None else past(columns, after, facts.parameters)
    facts.parameters["limit"] = limit
    with_lines = f"{facts.lines()}, {page_with_lines(facts, lines or Lines(LINES))}" if wanted.lines else PAGE_WITHOUT_LINES
    named = wanted.names and Dimension.API_KEY in of.group_by
    query = f"""WITH {facts.base()}, {facts.usage()},
        grouped AS (SELECT {GROUP}, {facts.sums} FROM usage GROUP BY {GROUP}),
        page AS (
            SELECT *, {by.sql} AS measure FROM grouped WHERE {condition} ORDER BY {order_by(columns)} LIMIT %(limit)s
        ),
        {with_lines}
        SELECT {selected or f"shown.*, {'known.name' if named else 'NULL'}"} FROM shown {NAMES if named else ""}
        ORDER BY {order_by([By("measure", by.descending, by.nullable), *keys])}"""
    return query, facts


async def count_buckets(snapshot: Snapshot, of: BucketsOf) -> int:
    """How many buckets there are. Raises RangeTooLargeError."""
    now = (await snapshot.state()).complete_through
    dimensions, nothing = set(of.group_by), list[str]()
    facts = Facts(
        of.account_id,
        of.range,
        of.filter,
        dimensions,
        edges=of.edges(),
        now=now,
        summed=nothing,
        repriced=of.repriced,
        as_of=snapshot.as_of,
    )
    groups = f"SELECT {GROUP} FROM usage GROUP BY {GROUP}"
    ((count,),) = await snapshot.rows(f"WITH {facts.base()}, {facts.usage()} SELECT count(*) FROM ({groups}) AS groups", facts.parameters)
    return count


async def peak(snapshot: Snapshot, of: BucketsOf, by: Measure, wanted: Wanted = Wanted()) -> Bucket | None:
    """The bucket with the most, the earliest of equals; null where none is known to have any. Raises RangeTooLargeError."""
    found = await buckets(snapshot, of, order=by, descending=True, limit=1, wanted=wanted)
    return found[0] if found and found[0].key[0] is not None else None


async def throughput(snapshot: Snapshot, range: Range, totals: Totals) -> float | None:
    """Requests per second over the part of the range that is past; null where none is."""
    seconds = _past_seconds(range.start, range.end, (await snapshot.state()).complete_through)
    return (totals.requests - totals.ahead) / seconds if seconds > 0 else None


def _past_seconds(start: datetime, end: datetime, now: datetime) -> float:
    return (min(end, now) - start) / timedelta(seconds=1)


def _sums(facts: Facts, values: Sequence[Any]) -> dict[str, Any]:
    """Fields of Totals from the columns that were summed: money as it is, counts as whole numbers; of no rows they are 0."""
    return {
        MONEY.get(name, name): Decimal(value or 0) if name in MONEY else int(value or 0)
        for name, value in zip(facts.summed, values, strict=True)
    }


MONEY = {"fee": "known_fee", "reported_cost": "known_cost"}
MEASURES = {
    Measure.TIME: "bucket",
    Measure.REQUESTS: "requests",
    Measure.TOTAL_TOKENS: "tokens",
    Measure.TOTAL_FEE: "CASE WHEN unpriced < requests THEN fee END",
    Measure.ERROR_COUNT: "errors",
    Measure.AVERAGE_LATENCY: "latency_ns / nullif(latencies, 0)",  # exact numbers: a quotient of sums, not of floats
}
MEASURED = {  # what each is made of
    Measure.TIME: frozenset[str](),
    Measure.REQUESTS: frozenset({"requests"}),
    Measure.TOTAL_TOKENS: frozenset({"tokens"}),
    Measure.TOTAL_FEE: frozenset({"fee", "unpriced"}),
    Measure.ERROR_COUNT: frozenset({"errors"}),
    Measure.AVERAGE_LATENCY: frozenset({"latency_ns", "latencies"}),
}
NAMES = "LEFT JOIN {api_keys} AS known ON known.account_id = %(account)s AND known.api_key = shown.api_key"


class _Buckets:
    """Makes buckets of the rows of one question."""

    def __init__(self, of: BucketsOf, facts: Facts, now: datetime, *, by_time: bool) -> None:
        self._of = of
        self._edges = facts.edges
        self._now = now
        self._by_time = by_time
        self._none: list[Any] = [Decimal(0) if name in MONEY else 0 for name in SUMMED]  # what was not asked for
        self._summed = [([*SUMMED].index(name), name in MONEY) for name in facts.summed]
        self._stretches: dict[int, tuple[datetime | None, datetime, bool, float]] = {}

    def bucket(self, row: tuple[Any, ...]) -> Bucket:
        """That of a row."""
        bucket, model, provider, api_key, *values, measure, text, key_name = row
        sums = self._none.copy()
        for (place, is_money), value in zip(self._summed, values, strict=True):
            sums[place] = (value if is_money else int(value)) if value else sums[place]
        lines = lines_of(text)
        input = [line for line in lines if line.direction == "input"]
        output = lines[len(input) :]  # an output comes after all input
        group = (bucket, model, provider, api_key)
        names = (model or None, provider or None, api_key or None, key_name or api_key or None)
        stretch = self._stretches.get(bucket) or self._stretch(bucket)
        return Bucket._make((*sums, *stretch, *names, input, output, group if self._by_time else (measure, *group)))

    def _stretch(self, bucket: int) -> tuple[datetime | None, datetime, bool, float]:
        """Start, end, whether it is partial, and how many seconds of it are past: alike for all groups."""
        of, start, end = self._of, self._edges[bucket - 1], self._edges[bucket]
        within = (max(start, of.range.start), min(end, of.range.end))
        is_partial = end > self._now or within != (start, end)
        found = (None if of.interval is None else start, end, is_partial, _past_seconds(*within, self._now))
        self._stretches[bucket] = found
        return found

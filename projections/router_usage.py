"""What is asked of router buckets: totals, breakdowns and groups of a range, in any zone, exactly.

A range is covered by the fewest rows: days, then hours, then quarter-hours, and what cuts a quarter-hour from history, in the same
snapshot. Only what is asked for is read: no model is joined, no line is summed, unless the answer shows or filters by it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.calendar import Interval, Segment, bucket_edges, segments
from domain.quantities import label, rank
from projections.keyset import By, order_by, past
from projections.snapshot import Snapshot

NANOSECONDS = 1_000_000_000


class Dimension(Enum):
    """What buckets can be grouped by."""

    MODEL = "model"
    API_KEY = "api_key"
    PROVIDER = "provider"


class Measure(Enum):
    """What buckets can be ordered by."""

    TIME = "bucket"
    REQUESTS = "requests"
    TOTAL_TOKENS = "tokens"
    TOTAL_FEE = "fee"
    ERROR_COUNT = "errors"
    AVERAGE_LATENCY = "latency"


@dataclass(frozen=True, slots=True)
class Range:
    """The half-open interval [start, end), aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class RouterFilter:
    """Which requests count. An absent list does not filter; a null in a list selects what has none."""

    models: Sequence[str] | None = None
    providers: Sequence[str | None] | None = None
    api_keys: Sequence[str | None] | None = None


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
    facts = _Facts(account_id, range, filter, dimensions, [range.start, range.end])
    models = "count(DISTINCT model)" if count_models else "0"
    (row,) = await snapshot.rows(f"WITH {SEGMENT}, {facts.usage()} SELECT {SUMS}, {models} FROM usage", facts.parameters)
    return Totals(*(int(value or 0) for value in row))


async def breakdown(snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter) -> list[Line]:
    """Both directions of the range, in the order that people see."""
    facts = _Facts(account_id, range, filter, set(), [range.start, range.end])
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
    edges = of.edges()
    facts = _Facts(of.account_id, of.range, of.filter, set(of.group_by), edges)
    keys = [By("bucket"), By("model"), By("provider"), By("api_key")]
    by = By(MEASURES[order], descending, nullable=order in (Measure.AVERAGE_LATENCY, Measure.TOTAL_FEE))
    columns = [By("bucket", descending), *keys[1:]] if order is Measure.TIME else [by, *keys]
    condition = "true" if after is None else past(columns, after, facts.parameters)
    facts.parameters["limit"] = limit
    with_lines = f", {facts.lines()}, {LINES_OF_PAGE}" if lines else ""
    rows = await snapshot.rows(
        f"""WITH {SEGMENT}, {facts.usage()},
        grouped AS (SELECT {GROUP}, {SUMS} FROM usage GROUP BY {GROUP}),
        page AS (
            SELECT *, {by.sql} AS measure FROM grouped WHERE {condition} ORDER BY {order_by(columns)} LIMIT %(limit)s
        ){with_lines}
        SELECT page.*, known.name, {"lines" if lines else "NULL"}
        FROM page {f"LEFT JOIN lines_of_page USING ({GROUP})" if lines else ""}
        LEFT JOIN {{api_keys}} AS known ON known.account_id = %(account)s AND known.api_key = page.api_key
        ORDER BY {order_by(columns)}""",
        facts.parameters,
    )
    complete_through = (await snapshot.state()).complete_through
    return [_bucket(row, of, edges, complete_through, by_time=order is Measure.TIME) for row in rows]


async def count_buckets(snapshot: Snapshot, of: BucketsOf) -> int:
    """How many buckets there are. Raises RangeTooLargeError."""
    facts = _Facts(of.account_id, of.range, of.filter, set(of.group_by), of.edges())
    groups = f"SELECT {GROUP} FROM usage GROUP BY {GROUP}"
    ((count,),) = await snapshot.rows(f"WITH {SEGMENT}, {facts.usage()} SELECT count(*) FROM ({groups}) AS groups", facts.parameters)
    return count


async def peak(snapshot: Snapshot, of: BucketsOf, by: Measure) -> Bucket | None:
    """The bucket with the most, the earliest of equals; null where none has any."""
    found = await buckets(snapshot, of, order=by, descending=True, limit=1)
    return found[0] if found and found[0].key[0] is not None else None


async def throughput(snapshot: Snapshot, range: Range, requests: int) -> float | None:
    """Requests per second over the part of the range that is past; null where none is."""
    return _per_second(requests, range.start, range.end, (await snapshot.state()).complete_through)


def _per_second(requests: int, start: datetime, end: datetime, complete_through: datetime) -> float | None:
    seconds = (min(end, complete_through) - start) / timedelta(seconds=1)
    return requests / seconds if seconds > 0 else None


GROUP = "bucket, model, provider, api_key"
SUMS = """
    sum(requests) AS requests, sum(errors) AS errors, sum(latency_ns) AS latency_ns, sum(latencies) AS latencies,
    sum(tokens) AS tokens, sum(estimated) AS estimated, sum(unknown_tokens) AS unknown_tokens"""
MEASURES = {
    Measure.TIME: "bucket",
    Measure.REQUESTS: "requests",
    Measure.TOTAL_TOKENS: "tokens",
    Measure.TOTAL_FEE: "NULL::numeric",  # no request has a price yet
    Measure.ERROR_COUNT: "errors",
    Measure.AVERAGE_LATENCY: "latency_ns / nullif(latencies, 0)",  # exact numbers: a quotient of sums, not of floats
}
LINES_OF_PAGE = f"""
    summed AS (
        SELECT {GROUP}, direction, category, unit, sum(quantity) AS quantity
        FROM line JOIN page USING ({GROUP}) GROUP BY {GROUP}, direction, category, unit
    ),
    lines_of_page AS (
        SELECT {GROUP}, json_agg(json_build_array(direction, category, unit, quantity::text)) AS lines
        FROM summed GROUP BY {GROUP}
    )"""


class _Facts:
    """The rows that cover a range, as common table expressions: `usage` for sums, `line` for breakdowns.

    A dimension that is neither shown nor filtered by is an empty text, and so is one that a request does not have: no name is empty.
    """

    def __init__(self, account_id: UUID, range: Range, filter: RouterFilter, shown: set[Dimension], edges: list[datetime]) -> None:
        self._shown = shown
        self._filters = {name: values for name in FILTERS if (values := getattr(filter, name)) is not None}
        covering = segments(range.start, range.end, edges)
        self._cut = any(each.grain is None for each in covering)
        self.parameters: dict[str, Any] = {
            "account": account_id,
            "grains": [_seconds(each) for each in covering],
            "starts": [each.start for each in covering],
            "ends": [each.end for each in covering],
            "edges": edges,
            **{name: [value for value in values if value is not None] for name, values in self._filters.items()},
        }

    def usage(self) -> str:
        """What counts, row by row."""
        kept = (
            f"SELECT fact.time, {self._dimensions('series')}, requests, errors, latency_ns, latencies, tokens, estimated, unknown_tokens"
            f" FROM segment JOIN {{router_buckets}} AS fact ON {WITHIN_BUCKETS} {self._series()}"
        )
        single = (
            f"SELECT fact.occurred_at, {self._dimensions('fact')}, 1, (outcome <> 'success')::int, coalesce(latency_ns, 0),"
            " (latency_ns IS NOT NULL)::int, coalesce(total_tokens, 0), (usage_source = 'estimated')::int,"
            " (input IS NULL AND output IS NULL)::int"
            f" FROM segment JOIN {{history}} AS fact ON {WITHIN_HISTORY} {self._condition('fact')}"
        )
        return f"usage AS ({self._in_buckets(kept, single)})"

    def lines(self) -> str:
        """Quantities, row by row and category by category."""
        kept = (
            f"SELECT fact.time, {self._dimensions('series')}, direction, category, unit, quantity"
            f" FROM segment JOIN {{router_lines}} AS fact ON {WITHIN_BUCKETS} {self._series()}"
        )
        single = (
            f"SELECT fact.occurred_at, {self._dimensions('fact')}, '{side}', item ->> 0, item ->> 1, (item ->> 2)::numeric"
            f" FROM segment JOIN {{history}} AS fact ON {WITHIN_HISTORY} {self._condition('fact')}"
            f" CROSS JOIN LATERAL jsonb_array_elements(fact.{side}) AS item"
            for side in ("input", "output")
        )
        return f"line AS ({self._in_buckets(kept, *single)})"

    def _in_buckets(self, kept: str, *single: str) -> str:
        rows = " UNION ALL ".join((kept, *(single if self._cut else ())))
        return f"SELECT width_bucket(time, %(edges)s::timestamptz[]) AS bucket, rows.* FROM ({rows}) AS rows"

    def _dimensions(self, table: str) -> str:
        return ", ".join(
            f"coalesce({table}.{each.value}, '') AS {each.value}" if each in self._shown else f"'' AS {each.value}" for each in KEYS
        )

    def _series(self) -> str:
        """The names behind a bucket, where they are shown or filtered by."""
        if not (self._shown or self._filters):
            return ""
        series = "JOIN {router_series} AS series ON series.account_id = fact.account_id AND series.series = fact.series"
        return f"{series} {self._condition('series')}"

    def _condition(self, table: str) -> str:
        condition = ""
        for name, values in self._filters.items():
            column = f"{table}.{FILTERS[name]}"
            unknown = f" OR {column} IS NULL" if None in values else ""
            condition += f" AND ({column} = ANY(%({name})s::text[]){unknown})"
        return condition


KEYS = (Dimension.MODEL, Dimension.PROVIDER, Dimension.API_KEY)
FILTERS = {"models": "model", "providers": "provider", "api_keys": "api_key"}
SEGMENT = """
    segment AS (
        SELECT * FROM unnest(%(grains)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS one (grain, starts, ends)
    )"""
WITHIN_BUCKETS = "fact.account_id = %(account)s AND fact.grain = segment.grain AND fact.time >= segment.starts AND fact.time < segment.ends"
WITHIN_HISTORY = (
    "segment.grain = 0 AND fact.account_id = %(account)s AND fact.occurred_at >= segment.starts AND fact.occurred_at < segment.ends"
    " AND fact.channel = 'router' AND NOT fact.voided"
)


def _seconds(segment: Segment) -> int:
    return 0 if segment.grain is None else int(segment.grain.total_seconds())


def ranked(rows: Iterable[tuple[Any, ...]]) -> list[Line]:
    """Lines from direction, category, unit and count, in the order that people see."""
    lines = [Line(direction, category, unit, int(count)) for direction, category, unit, count in rows]
    return sorted(lines, key=lambda line: (line.direction, rank(line.direction, line.category, line.unit)))


def _bucket(row: tuple[Any, ...], of: BucketsOf, edges: list[datetime], complete_through: datetime, *, by_time: bool) -> Bucket:
    bucket, model, provider, api_key, *sums, measure, key_name, lines = row
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

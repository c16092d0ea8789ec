"""The rows that cover a range: days, then hours, then quarter-hours, and what cuts a quarter-hour from history, in the same snapshot.

Only what is asked for is read: no name is joined that the answer neither shows nor filters by, and where it is models at most, the sums
by model are read, which are few.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from domain.calendar import Segment, segments
from projections.history_past import requests_as_of
from projections.since import came, changed_since, went


class Dimension(Enum):
    """What buckets can be grouped by."""

    MODEL = "model"
    API_KEY = "api_key"
    PROVIDER = "provider"


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
class Repriced:
    """Requests with the fees that they would have at other prices: by id, with their sides as history has them, as JSON."""

    ids: Sequence[UUID]
    inputs: Sequence[str | None]
    outputs: Sequence[str | None]
    fees: Sequence[Decimal | None]
    prices: str  # as a text: tells one such question from another

    @property
    def parameters(self) -> dict[str, Any]:
        """What HYPOTHETICAL takes."""
        return {"ids": [*self.ids], "inputs": [*self.inputs], "outputs": [*self.outputs], "fees": [*self.fees]}


class Facts:
    """Those rows as common table expressions, to follow SEGMENT: `usage` for sums, `line` for breakdowns. Each row knows its bucket.

    A dimension that is neither shown nor filtered by is an empty text, and so is one that a request does not have: no name is empty.
    """

    def __init__(
        self,
        account_id: UUID,
        range: Range,
        filter: RouterFilter,
        shown: set[Dimension],
        *,
        edges: list[datetime],
        now: datetime,
        summed: Collection[str] | None = None,
        repriced: Repriced | None = None,
        as_of: int | None = None,
    ) -> None:
        """Of the columns of SUMMED, those that are `summed`; all of them where nobody says. There is always how many requests.

        With `repriced`, requests have other fees than those they have, and so only single requests are read.

        With `as_of`, the log ends there: what has changed since is taken back.
        """
        self._shown = shown
        self.summed = [name for name in SUMMED if summed is None or name in summed or name == "requests"]
        self._repriced = repriced is not None
        self._as_of = as_of
        self._requests = requests_as_of(as_of) if repriced is None else "hypothetical"
        self._ahead = now < range.end and "ahead" in self.summed
        self._filter = filter
        values = filtered(filter, "")[1]
        self.edges = edges
        covering = segments(range.start, range.end, edges) if repriced is None else [Segment(None, range.start, range.end)]
        self._cut = any(each.grain is None for each in covering)
        self.parameters: dict[str, Any] = {
            **covering_parameters(account_id, covering),
            "edges": edges,
            "now": max(range.start, now),
            "end": range.end,
            **({} if repriced is None else repriced.parameters),
            **({} if as_of is None else {"as_of": as_of}),
            **values,
        }

    def base(self) -> str:
        """What the others are made of."""
        tables = [SEGMENT]
        if self._repriced:
            tables.append(HYPOTHETICAL.replace("{history}", requests_as_of(self._as_of)))
        if self._taken_back:
            tables.append(changed_since("router_model_buckets", COUNTS))
        return ", ".join(tables)

    def usage(self) -> str:
        """What counts, row by row: the columns that are summed. Requests dated after now are counted, and counted apart as `ahead`."""
        columns = ", ".join("0 AS ahead" if name == "ahead" else name for name in self.summed)
        kept = (
            f"SELECT fact.time, {self._dimensions(self._named)}, {columns}"
            f" FROM {within(self._table('buckets'), WITHIN_BUCKETS)} {self._series()}"
        )
        single = self._single(within(self._requests, WITHIN_HISTORY))
        ahead = (
            f"SELECT fact.occurred_at, {self._dimensions('fact')}, {', '.join(str(int(name == 'ahead')) for name in self.summed)}"
            f" FROM {self._requests} AS fact WHERE {AHEAD} {self._condition('fact')}"
        )
        changes = [self._single(went(COUNTS)), self._single(came(COUNTS), "-")] if self._taken_back else []
        rows = self._in_buckets(kept, single, *([ahead] if self._ahead else []), *changes)
        if not self._taken_back:
            return f"usage AS ({rows})"
        return f"usage AS (SELECT {GROUP}, {self.sums} FROM ({rows}) AS rows GROUP BY {GROUP} HAVING sum(requests) > 0)"

    def lines(self) -> str:
        """Quantities, row by row and category by category."""
        columns = (*LINE, *(["requests"] if self._taken_back else []))
        kept = (
            f"SELECT fact.time, {self._dimensions(self._named)}, direction, category, unit, {', '.join(columns)}"
            f" FROM {within(self._table('lines'), WITHIN_BUCKETS)} {self._series()}"
        )
        single = self._single_lines(within(self._requests, WITHIN_HISTORY))
        if not self._taken_back:
            return f"line AS ({self._in_buckets(kept, single)})"
        changes = (self._lines_of_both_sides(went(COUNTS)), self._lines_of_both_sides(came(COUNTS), "-"))
        rows = self._in_buckets(kept, single, *changes)
        group, sums = f"{GROUP}, direction, category, unit", ", ".join(f"sum({name}) AS {name}" for name in LINE)
        return f"line AS (SELECT {group}, {sums} FROM ({rows}) AS rows GROUP BY {group} HAVING sum(requests) > 0)"

    @property
    def sums(self) -> str:
        """The sums over `usage`."""
        return ", ".join(f"sum({name}) AS {name}" for name in self.summed)

    @property
    def _taken_back(self) -> bool:
        """Whether buckets are read that may have changed since."""
        return self._as_of is not None and not self._repriced

    def _single(self, rows: str, sign: str = "") -> str:
        """Of each request what a bucket counts, or with the sign what is taken from it."""
        counts = ", ".join(f"{sign}{SUMMED[name]}" for name in self.summed)
        return f"SELECT fact.occurred_at, {self._dimensions('fact')}, {counts} FROM {rows} WHERE true {self._condition('fact')}"

    def _single_lines(self, rows: str) -> str:
        """The same of its lines."""
        counts = ", ".join((*LINE.values(), *(["1"] if self._taken_back else [])))
        return " UNION ALL ".join(
            f"SELECT fact.occurred_at, {self._dimensions('fact')}, '{side}', item ->> 0, item ->> 1, {counts}"
            f" FROM {rows} CROSS JOIN LATERAL jsonb_array_elements(fact.{side}::jsonb) AS item"
            f" WHERE true {self._condition('fact')}"
            for side in ("input", "output")
        )

    def _lines_of_both_sides(self, rows: str, sign: str = "") -> str:
        """The same where rows are looked for far and wide, and so only once."""
        counts = ", ".join(f"{sign}{value}" for value in (*LINE.values(), "1"))
        sides = " UNION ALL ".join(
            f"SELECT '{side}' AS direction, item FROM jsonb_array_elements(fact.{side}::jsonb) AS item" for side in ("input", "output")
        )
        return (
            f"SELECT fact.occurred_at, {self._dimensions('fact')}, direction, item ->> 0, item ->> 1, {counts}"
            f" FROM {rows} CROSS JOIN LATERAL ({sides}) AS side WHERE true {self._condition('fact')}"
        )

    def _in_buckets(self, kept: str, single: str, *others: str) -> str:
        rows = " UNION ALL ".join((kept, *([single] if self._cut else []), *others))
        return f"SELECT width_bucket(time, %(edges)s::timestamptz[]) AS bucket, rows.* FROM ({rows}) AS rows"

    def _dimensions(self, table: str) -> str:
        return ", ".join(
            f"coalesce({table}.{each.value}, '') AS {each.value}" if each in self._shown else f"'' AS {each.value}" for each in KEYS
        )

    @property
    def _by_model(self) -> bool:
        """Whether sums by model are enough: nothing else tells rows apart."""
        return self._shown <= {Dimension.MODEL} and self._filter.providers is None and self._filter.api_keys is None

    @property
    def _named(self) -> str:
        """The table that knows the names behind a bucket."""
        return "fact" if self._by_model else "series"

    def _table(self, kind: str) -> str:
        return f"{{router_{'model_' if self._by_model else ''}{kind}}}"

    def _series(self) -> str:
        """The names behind a bucket, where they are shown or filtered by; and the condition on them."""
        if self._by_model:
            return f"WHERE true {self._condition('fact')}"
        series = "JOIN {router_series} AS series ON series.account_id = fact.account_id AND series.series = fact.series"
        return f"{series} {self._condition('series')}"

    def _condition(self, table: str) -> str:
        return filtered(self._filter, table)[0]


def filtered(filter: RouterFilter, table: str) -> tuple[str, dict[str, Any]]:
    """The condition of a filter on a table's columns, to follow others, and its parameters."""
    condition, parameters = "", {}
    for name, own in FILTERS.items():
        values = getattr(filter, name)
        if values is None:
            continue
        column = f"{table}.{own}"
        unknown = f" OR {column} IS NULL" if None in values else ""
        condition += f" AND ({column} = ANY(%({name})s::text[]){unknown})"
        parameters[name] = [value for value in values if value is not None]
    return condition, parameters


GROUP = "bucket, model, provider, api_key"  # what groups are told apart by
KEYS = (Dimension.MODEL, Dimension.PROVIDER, Dimension.API_KEY)
SUMMED = {  # columns of router_buckets, and the same of one request
    "requests": "1",
    "errors": "(outcome <> 'success')::int",
    "latency_ns": "coalesce(latency_ns, 0)",
    "latencies": "(latency_ns IS NOT NULL)::int",
    "tokens": "coalesce(total_tokens, 0)",
    "estimated": "(usage_source = 'estimated')::int",
    "unknown_tokens": "(input IS NULL AND output IS NULL)::int",
    "fee": "coalesce(fee, 0)",
    "unpriced": "(fee IS NULL)::int",
    "reported_cost": "coalesce(reported_cost, 0)",
    "reported_costs": "(reported_cost IS NOT NULL)::int",
    "ahead": "0",  # no column: dated after now
}
LINE = {  # columns of router_lines, and the same of one item of a request's side
    "quantity": "(item ->> 2)::numeric",
    "priced": "CASE WHEN item ->> 3 IS NULL THEN 0 ELSE (item ->> 2)::numeric END",
    "priced_requests": "(item ->> 3 IS NOT NULL)::int",
    "fee": "coalesce((item ->> 3)::numeric, 0)",
}
FILTERS = {"models": "model", "providers": "provider", "api_keys": "api_key"}
SEGMENT = """
    segment AS (
        SELECT * FROM unnest(%(grains)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS one (grain, starts, ends)
    )"""
HYPOTHETICAL = """
    hypothetical AS (
        SELECT account_id, occurred_at, model, provider, api_key, channel, voided, outcome, latency_ns, total_tokens, usage_source,
            reported_cost, told.input, told.output, told.fee
        FROM unnest(%(ids)s::uuid[], %(inputs)s::text[], %(outputs)s::text[], %(fees)s::numeric[]) AS told (id, input, output, fee)
        JOIN {history} AS request USING (id)
        WHERE account_id = %(account)s AND occurred_at >= (%(starts)s::timestamptz[])[1] AND occurred_at < (%(ends)s::timestamptz[])[1]
    )"""
WITHIN_BUCKETS = "fact.account_id = %(account)s AND fact.grain = segment.grain AND fact.time >= segment.starts AND fact.time < segment.ends"
COUNTS = "fact.channel = 'router' AND NOT fact.voided"
WITHIN_HISTORY = (
    "segment.grain = 0 AND fact.account_id = %(account)s AND fact.occurred_at >= segment.starts AND fact.occurred_at < segment.ends"
    f" AND {COUNTS}"
)

AHEAD = f"fact.account_id = %(account)s AND fact.occurred_at >= %(now)s AND fact.occurred_at < %(end)s AND {COUNTS}"


def within(table: str, condition: str) -> str:
    """The table's rows, segment by segment through its key.

    OFFSET 0 keeps the planner from turning this into a join by grain alone, which compares all rows of a grain with all segments.
    """
    return f"segment CROSS JOIN LATERAL (SELECT * FROM {table} AS fact WHERE {condition} OFFSET 0) AS fact"


def covering_parameters(account_id: UUID, covering: Sequence[Segment]) -> dict[str, Any]:
    """What SEGMENT and the conditions within it take."""
    return {
        "account": account_id,
        "grains": [0 if each.grain is None else int(each.grain.total_seconds()) for each in covering],
        "starts": [each.start for each in covering],
        "ends": [each.end for each in covering],
    }

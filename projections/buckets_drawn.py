"""Pages of router buckets that are JSON already, as an answer shows them: the same values, in the same words."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.limits import MAX_BIG_INT
from projections.json_texts import amount, bare, instant, object_of, text
from projections.labels import PLACE, label_of
from projections.router_facts import Dimension
from projections.router_lines import LINE_FEE, Lines
from projections.router_usage import BucketsOf, Measure, Wanted, buckets_query
from projections.snapshot import Snapshot


class Part(NamedTuple):
    """An object or list within the bucket: "api_key", "input" or "output"; and its columns by what the answer calls them."""

    name: str
    columns: Mapping[str, str]


Shown = Mapping[str, str | Part]
"""Columns and parts of a bucket by what the answer calls them: names of GraphQL, which have letters, digits and underscores."""

COUNTS = {"requests": "requests", "total_tokens": "tokens", "error_count": "errors", "unpriced_requests": "unpriced"}
COLUMNS = {
    "time": instant("(%(edges)s::timestamptz[])[shown.bucket]"),
    "model": text("nullif(shown.model, '')"),
    "provider": text("nullif(shown.provider, '')"),
    "total_fee": amount("CASE WHEN shown.unpriced < shown.requests THEN shown.fee END"),
    "reported_cost": amount("CASE WHEN shown.reported_costs > 0 THEN shown.reported_cost END"),
    **{name: f"coalesce(shown.{column}, 0)" for name, column in COUNTS.items()},
}
API_KEY = {"id": text("shown.api_key"), "name": text("coalesce(nullif({name}, ''), shown.api_key)")}
LINE = {"category": text("category"), "count": bare("sum(quantity)"), "unit": text("unit"), "fee": amount(LINE_FEE)}


async def drawn_page(
    snapshot: Snapshot,
    of: BucketsOf,
    shown: Shown,
    *,
    order: Measure,
    descending: bool,
    limit: int,
    after: tuple[Any, ...] | None = None,
    wanted: Wanted,
) -> list[tuple[Any, ...]] | None:
    """What `router_usage.buckets` gives: of each bucket its key, and then its JSON. Null where a count is too large for an answer."""
    key = "shown.bucket, shown.model, shown.provider, shown.api_key"
    now = (await snapshot.state()).complete_through
    query, facts = buckets_query(
        of,
        order,
        now,
        snapshot.as_of,
        descending=descending,
        limit=limit,
        after=after,
        wanted=wanted,
        lines=_lines(shown),
        selected=f"{key if order is Measure.TIME else f'shown.measure, {key}'}, {_bucket(of, shown, wanted)}",
    )
    rows = await snapshot.rows(query, facts.parameters)
    return None if any(row[-1] is None for row in rows) else rows


def _bucket(of: BucketsOf, shown: Shown, wanted: Wanted) -> str:
    drawn = object_of({name: _part(of, each, wanted) for name, each in shown.items()})
    counts = [COLUMNS[each] for each in shown.values() if isinstance(each, str) and each in COUNTS]
    largest = f"greatest({', '.join(['shown.most' if wanted.lines else '0', '0', *counts])})"
    return f"CASE WHEN {largest} <= {MAX_BIG_INT} THEN {drawn} END AS drawn"


def _part(of: BucketsOf, part: str | Part, wanted: Wanted) -> str:
    if part == "time" and of.interval is None:
        return "'null'"
    if isinstance(part, str):
        return COLUMNS[part]
    if part.name != "api_key":
        return f"shown.{part.name}"
    name = "known.name" if wanted.names and Dimension.API_KEY in of.group_by else "NULL"
    api_key = object_of({name_: API_KEY[column].format(name=name) for name_, column in part.columns.items()})
    return f"CASE WHEN shown.api_key <> '' THEN {api_key} ELSE 'null' END"


def _lines(shown: Shown) -> Lines:
    """What is made of the lines of a bucket, and the largest count of them.

    Each line is drawn by itself before, so that Postgres sorts the lines of all buckets and both sides at once.
    """
    sides = [each for each in shown.values() if isinstance(each, Part) and each.name != "api_key"]
    if not sides:
        return Lines("max(quantity) AS most")
    drawn = " ".join(f"WHEN '{each.name}' THEN {_line(each)}" for each in sides)
    every = ", ".join(("max(quantity) AS most", *(f"{_side(each)} AS {each.name}" for each in sides)))
    return Lines(every, {"place": PLACE, "drawn": f"CASE direction {drawn} END"})


def _line(part: Part) -> str:
    values = LINE | {"label": text(label_of(part.name))}
    return object_of({name: values[column] for name, column in part.columns.items()})


def _side(part: Part) -> str:
    joined = f"string_agg(drawn, ',' ORDER BY place, category, unit) FILTER (WHERE direction = '{part.name}')"
    return f"'[' || coalesce({joined}, '') || ']'"

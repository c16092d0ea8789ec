"""Pages of router buckets that are JSON already, as an answer shows them: the same values, in the same words."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.limits import MAX_BIG_INT
from projections.history_drawn import INSTANT, json_of
from projections.labels import RANKED, label_of
from projections.router_facts import Dimension
from projections.router_usage import BucketsOf, Measure, Wanted, buckets_query
from projections.snapshot import Snapshot

MAX_PARTS = 50  # of an object within the bucket: a function of Postgres takes 100 arguments


class Part(NamedTuple):
    """An object or list within the bucket: "api_key", "input" or "output"; and its columns by what the answer calls them."""

    name: str
    columns: Mapping[str, str]


Shown = Mapping[str, str | Part]
"""Columns and parts of a bucket by what the answer calls them: names of GraphQL, which have letters, digits and underscores."""

COUNTS = {"requests": "requests", "total_tokens": "tokens", "error_count": "errors", "unpriced_requests": "unpriced"}
COLUMNS = {
    "time": INSTANT.replace("request.{column}", "(%(edges)s::timestamptz[])[shown.bucket]"),
    "model": "nullif(shown.model, '')",
    "provider": "nullif(shown.provider, '')",
    "total_fee": "CASE WHEN shown.unpriced < shown.requests THEN trim_scale(shown.fee)::text END",
    "reported_cost": "CASE WHEN shown.reported_costs > 0 THEN trim_scale(shown.reported_cost)::text END",
    **{name: f"coalesce(shown.{column}, 0)" for name, column in COUNTS.items()},
}
API_KEY = {"id": "shown.api_key", "name": "coalesce(nullif({name}, ''), shown.api_key)"}
LINE = {"category": "category", "count": "quantity", "unit": "unit", "fee": "trim_scale(line_fee)::text"}


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
    columns = ", ".join(f'{_part(of, each, wanted)} AS "{name}"' for name, each in shown.items())
    counts = [COLUMNS[each] for each in shown.values() if isinstance(each, str) and each in COUNTS]
    largest = f"greatest({', '.join(['shown.most' if wanted.lines else '0', '0', *counts])})"
    return f"CASE WHEN {largest} <= {MAX_BIG_INT} THEN {json_of(columns)} END AS drawn"


def _part(of: BucketsOf, part: str | Part, wanted: Wanted) -> str:
    if part == "time" and of.interval is None:
        return "NULL"
    if isinstance(part, str):
        return COLUMNS[part]
    if part.name != "api_key":
        return f"shown.{part.name}"
    name = "known.name" if wanted.names and Dimension.API_KEY in of.group_by else "NULL"
    columns = ", ".join(f"'{name_}', {API_KEY[column].format(name=name)}" for name_, column in part.columns.items())
    return f"CASE WHEN shown.api_key <> '' THEN json_build_object({columns}) END"


def _lines(shown: Shown) -> str:
    """What is made of the lines of a bucket, and the largest count of them."""
    sides = [each for each in shown.values() if isinstance(each, Part) and each.name != "api_key"]
    return ", ".join(("max(quantity) AS most", *(f"{_side(each)} AS {each.name}" for each in sides)))


def _side(part: Part) -> str:
    values = LINE | {"label": label_of(part.name)}
    columns = ", ".join(f"'{name}', {values[column]}" for name, column in part.columns.items())
    return f"coalesce(json_agg(json_build_object({columns}) ORDER BY {RANKED}) FILTER (WHERE direction = '{part.name}'), '[]')"

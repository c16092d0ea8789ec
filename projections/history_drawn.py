"""Pages of history whose requests are JSON already, as an answer shows them: the same values, in the same words."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from projections.history_pages import HistoryOf, HistoryOrderField, page_query
from projections.snapshot import Snapshot

MAX_NAME_CHARACTERS = 63  # Postgres cuts longer ones
Shown: TypeAlias = Mapping[str, str]
"""Columns of history by what the answer calls them: a name of GraphQL, which has letters, digits and underscores."""

AMOUNT = "trim_scale(request.{column})::text"  # the shortest text; Postgres writes no exponents
INSTANT = """replace(to_char(request.{column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')"""
WRITTEN = {"fee": AMOUNT, "reported_cost": AMOUNT, "occurred_at": INSTANT, "channel": "upper(request.{column})"}  # others as they are


def json_of(columns: str) -> str:
    """The JSON of an object with these columns, as a text."""
    return f'(SELECT row_to_json("the row") FROM (SELECT {columns}) AS "the row")::text'  # which no name of GraphQL is


async def drawn_page(
    snapshot: Snapshot,
    of: HistoryOf,
    shown: Shown,
    *,
    order: HistoryOrderField,
    descending: bool,
    limit: int,
    after: tuple[Any, ...] | None = None,
    backwards: bool = False,
) -> list[tuple[Any, ...]]:
    """What `history_pages.page` gives: of each request its key, and then its JSON."""
    if of.filter.selects_nothing:
        return []
    columns = ", ".join(f'{WRITTEN.get(column, "request.{column}").format(column=column)} AS "{name}"' for name, column in shown.items())
    key = ("occurred_at", "id") if order is HistoryOrderField.TIMESTAMP else (order.value, "occurred_at", "id")
    drawn = f"{json_of(columns)} AS drawn"
    selected = ", ".join((*(f"request.{name}" for name in key), drawn))
    query, parameters = page_query(
        snapshot, of, selected, order=order, descending=descending, limit=limit, after=after, backwards=backwards
    )
    return await snapshot.rows(query, parameters)

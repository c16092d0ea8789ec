"""Pages of history whose requests are JSON already, as an answer shows them: the same values, in the same words."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from projections.history_matching import HistoryOf
from projections.history_pages import HistoryOrderField, page_query
from projections.json_texts import amount, bare, harmless, instant, object_of, text
from projections.snapshot import Snapshot

MAX_KNOWN_SHAPES = 128

Shown: TypeAlias = Mapping[str, str]
"""Columns of history by what the answer calls them: a name of GraphQL, which has letters, digits and underscores."""

WRITTEN: dict[str, Callable[[str], str]] = {  # others are texts
    **dict.fromkeys(("version", "input_tokens", "output_tokens", "total_tokens", "status_code", "voided"), bare),
    **dict.fromkeys(("fee", "reported_cost"), amount),
    "occurred_at": instant,
    "channel": lambda column: harmless(f"upper({column})"),
}


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
    value = "" if order is HistoryOrderField.TIMESTAMP else f"request.{order.value}, "
    selected = f"{value}request.occurred_at, uuid_send(request.id), {_drawn(tuple(shown.items()))} AS drawn"
    query, parameters = page_query(
        snapshot, of, selected, order=order, descending=descending, limit=limit, after=after, backwards=backwards
    )
    return await snapshot.rows(query, parameters)


@lru_cache(MAX_KNOWN_SHAPES)
def _drawn(shown: tuple[tuple[str, str], ...]) -> str:
    return object_of({name: WRITTEN.get(column, text)(f"request.{column}") for name, column in shown})

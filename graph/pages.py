"""Fetching pages: those that are asked for, and not more than an operation may."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from graph.context import Info
from graph.paging import Page
from graph.selection import selected

Row = TypeVar("Row")

SHOWN = frozenset({"nodes", "edges", "pageInfo"})  # what of a connection needs its page: totalCount alone does not


async def fetched(info: Info, page: Page, fetch: Callable[[], Awaitable[Sequence[Row]]]) -> Sequence[Row]:
    """The rows of the connection that is being resolved; none where nothing of its page is selected. Raises LimitError."""
    if not selected(info) & SHOWN:
        return []
    info.context.spend(page.size)
    rows = await fetch()
    info.context.show(min(len(rows), page.size))
    return rows

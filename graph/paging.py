"""Pages of lists, as Relay has them: connections, edges, cursors.

https://relay.dev/graphql/connections.htm
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any, Generic, NamedTuple, Self, TypeVar, cast

import strawberry
from msgspec import Raw

from graph.context import Info
from graph.cursors import Cursors, Key
from graph.drawn_pages import drawn_edges, drawn_list, key_of_drawn, text_of_drawn
from graph.errors import BadInputError
from graph.scalars import BigInt
from graph.selection import selected
from graph.views import view_of

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1_000

Row = TypeVar("Row")
Node = TypeVar("Node")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    size: int
    start: Key | None = None  # the page begins right past this row; null is the end that it is read from
    backwards: bool = False  # from the end of the list; the order of the answer is the same

    @property
    def limit(self) -> int:
        """How many rows to fetch: one more than the page has tells whether it is the last."""
        return self.size + 1


def page_of(
    cursors: Cursors,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    default: int = DEFAULT_PAGE_SIZE,
) -> Page:
    """The page that a field's arguments ask for. Raises BadInputError.

    A page of size 0 is a page: whoever wants nothing but totalCount asks for it.
    """
    if first is not None and last is not None:
        raise BadInputError("first and last go in opposite directions: give one of them.", field=("last",))
    if last is not None:
        if after is not None:
            raise BadInputError("last goes with before, not with after: it reads from the end.", field=("after",))
        return Page(_size("last", last), None if before is None else cursors.read(before, argument="before"), backwards=True)
    if before is not None:
        raise BadInputError("before goes with last, not with first: it reads from the end.", field=("before",))
    size = default if first is None else _size("first", first)
    return Page(size, None if after is None else cursors.read(after, argument="after"))


def cut(rows: Sequence[Row], page: Page) -> tuple[list[Row], bool, bool]:
    """The page's rows in the order of the answer; whether there are rows before it, and after it.

    `rows` were fetched with `page.limit`, the nearest to the start first. The row that a page starts past is there on its other side.
    """
    kept, more, behind = [*rows[: page.size]], len(rows) > page.size, page.start is not None
    return (kept[::-1], more, behind) if page.backwards else (kept, behind, more)


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has something before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first node; null where the page is empty.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last node; null where the page is empty.")


_page_info: Callable[[bool, bool, "Written"], PageInfo] = view_of(
    PageInfo,
    "has_next_page",
    "has_previous_page",
    "written",
    start_cursor=lambda view: view.written.one(0),
    end_cursor=lambda view: view.written.one(-1),
)


class Written:
    """The cursors of a page's rows, which are written when they are asked for."""

    def __init__(self, rows: Sequence[Any], cursors: Cursors, key: Callable[[Any], Key]) -> None:
        self._rows = rows
        self._cursors = cursors
        self._key = key
        self._each: Sequence[str] = ()

    def each(self) -> Sequence[str]:
        """All of them."""
        if not self._each:
            self._each = self._cursors.write_each(map(self._key, self._rows))
        return self._each

    def one(self, place: int) -> str | None:
        """That of one row, from either end; null where there is none."""
        if self._each:
            return self._each[place]
        return self._cursors.write(self._key(self._rows[place])) if self._rows else None


@strawberry.type(name="Edge", description="A node, and its place in the list.")
class Edge(Generic[Node]):
    cursor: str = strawberry.field(description="The place in the list, opaque: give it as after or before. Good for this list alone.")
    node: Node = strawberry.field(description="What stands there.")


@strawberry.type(name="Connection", description="A page of a list.")
class Connection(Generic[Node]):
    """Is named after its node: `Connection[Request]` is RequestConnection, with edges of RequestEdge.

    Where another name is wanted, a subclass has it, and its own `edges`, which returns `self.placed(info)`.
    """

    @strawberry.field(description="The nodes of this page, each with its cursor.")
    def edges(self, info: Info) -> list[Edge[Node]]:
        return self.placed(info)

    nodes: list[Node] = strawberry.field(description="The nodes of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")

    @strawberry.field(description="How many nodes the whole list has. It is counted only when asked for.")
    async def total_count(self) -> BigInt:
        return cast("int", await self.count())

    written: strawberry.Private[Written]
    count: strawberry.Private[Callable[[], Awaitable[int | None]]]
    texts: strawberry.Private[Sequence[str] | None] = None  # of the nodes, where they are drawn

    @classmethod
    def of(
        cls,
        rows: Sequence[Row],
        page: Page,
        cursors: Cursors,
        *,
        key: Callable[[Row], Key],
        node: Callable[[Row], Node],
        count: Callable[[], Awaitable[int | None]],
    ) -> Self:
        """The page of `rows`, which were fetched with `page.limit`, the nearest to its start first.

        `key` gives what a row is ordered by, `node` what stands in the answer for it, `count` the length of the whole list.
        """
        kept, before, after = cut(rows, page)
        written = Written(kept, cursors, key)
        return cls(nodes=[node(row) for row in kept], page_info=_page_info(after, before, written), written=written, count=count)

    @classmethod
    def of_drawn(
        cls, info: Info, rows: Sequence[tuple[Any, ...]], page: Page, cursors: Cursors, count: Callable[[], Awaitable[int | None]]
    ) -> Self:
        """The same of rows that have a node's JSON in place of the node."""
        kept, before, after = cut(rows, page)
        written, texts = Written(kept, cursors, key_of_drawn), [*map(text_of_drawn, kept)]
        nodes: Any = drawn_list(texts) if "nodes" in selected(info) else ()
        return cls(nodes=nodes, page_info=_page_info(after, before, written), written=written, count=count, texts=texts)

    def placed(self, info: Info) -> Any:
        """The edges. What Strawberry reads of each is there; what it does not read, a cursor that is not asked for, is not made."""
        if self.texts is not None and (drawn := drawn_edges(info, self.texts, self.written.each)) is not None:
            return drawn
        nodes = self.nodes if self.texts is None else [*map(Raw, self.texts)]
        cursors = self.written.each() if "cursor" in selected(info) else repeat("", len(nodes))
        return [*map(_placed_node, zip(cursors, nodes, strict=False))]


@strawberry.type(name="Connection", description="A page of a list that may be too long to count.")
class LongConnection(Connection[Node]):
    @strawberry.field(
        description="How many nodes the whole list has; null where counting would pass a named limit. Counted only when asked for."
    )
    async def total_count(self) -> BigInt | None:
        return await self.count()


class _PlacedNode(NamedTuple):
    cursor: str
    node: Any


_placed_node: Callable[[tuple[str, Any]], _PlacedNode] = partial(tuple.__new__, _PlacedNode)  # of each node, so without a call of Python's


def _size(argument: str, size: int) -> int:
    if size < 0:
        raise BadInputError(f"{argument} is {size}: give the size of a page, from 0 to {MAX_PAGE_SIZE:,}.", field=(argument,))
    if size > MAX_PAGE_SIZE:
        message = f"{argument} is {size:,}, and a page has {MAX_PAGE_SIZE:,} at most (MAX_PAGE_SIZE): read the list page by page."
        raise BadInputError(message, field=(argument,))
    return size

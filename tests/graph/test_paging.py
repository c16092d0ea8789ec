"""Pages: which rows they have, what they say about the rest of the list, and cursors that are good for one list alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from domain.sealing import Seal
from graph.cursors import Cursors, Key, Listing, fingerprint
from graph.errors import BadInputError
from graph.paging import MAX_PAGE_SIZE, Connection, Edge, LongConnection, Page, cut, page_of
from graph.scalars import SCALARS

LISTING = Listing(account=b"\1" * 16, kind="letters", query=fingerprint("letters", "ascending"), generation="1")
CURSORS = Cursors(Seal(b"a secret of the service, long enough"), LISTING)
LETTERS = "abcdefghij"


def fetched(page: Page, letters: Sequence[str] = LETTERS) -> list[str]:
    """What a read model gives for a page: rows past its start in its direction, as many as its limit."""
    start = page.start[0] if page.start else None
    if page.backwards:
        return [letter for letter in reversed(letters) if start is None or letter < start][: page.limit]
    return [letter for letter in letters if start is None or letter > start][: page.limit]


def asked(**arguments: Any) -> Page:
    return page_of(CURSORS, **arguments)


# ---------------------------------------------------------------- arguments
def test_without_arguments_the_list_is_read_from_its_beginning():
    assert asked() == Page(size=50)
    assert asked(default=20) == Page(size=20)


def test_first_and_after_read_forwards():
    assert asked(first=3, after=CURSORS.write(("c",))) == Page(size=3, start=("c",))
    assert asked(after=CURSORS.write(("c",)), default=20) == Page(size=20, start=("c",))


def test_last_and_before_read_backwards():
    assert asked(last=3) == Page(size=3, backwards=True)
    assert asked(last=3, before=CURSORS.write(("h",))) == Page(size=3, start=("h",), backwards=True)


def test_a_page_of_no_size_still_fetches_one_row_to_see_whether_there_is_any():
    assert asked(first=0) == Page(size=0)
    assert asked(first=0).limit == 1
    assert asked(last=0).limit == 1


def test_the_largest_page_is_a_page():
    assert asked(first=MAX_PAGE_SIZE) == Page(size=1_000)
    assert asked(first=MAX_PAGE_SIZE).limit == 1_001


@pytest.mark.parametrize(
    ("arguments", "field", "message"),
    [
        ({"first": 1, "last": 1}, "last", "first and last go in opposite directions: give one of them."),
        ({"first": -1}, "first", "first is -1: give the size of a page, from 0 to 1,000."),
        ({"last": -1}, "last", "last is -1: give the size of a page, from 0 to 1,000."),
        ({"first": 1_001}, "first", "first is 1,001, and a page has 1,000 at most (MAX_PAGE_SIZE): read the list page by page."),
        ({"last": 2**31 - 1}, "last", "last is 2,147,483,647, and a page has 1,000 at most (MAX_PAGE_SIZE): read the list page by page."),
        ({"last": 1, "after": "x"}, "after", "last goes with before, not with after: it reads from the end."),
        ({"first": 1, "before": "x"}, "before", "before goes with last, not with first: it reads from the end."),
        ({"before": "x"}, "before", "before goes with last, not with first: it reads from the end."),
    ],
)
def test_arguments_that_make_no_page_are_refused(arguments, field, message):
    with pytest.raises(BadInputError) as refused:
        asked(**arguments)
    assert refused.value.message == message
    assert refused.value.extensions == {"code": "BAD_INPUT", "field": [field]}


# ---------------------------------------------------------------- cutting
@pytest.mark.parametrize(
    ("page", "letters", "before", "after"),
    [
        (Page(3), "abc", False, True),
        (Page(10), "abcdefghij", False, False),
        (Page(11), "abcdefghij", False, False),
        (Page(3, ("c",)), "def", True, True),
        (Page(3, ("g",)), "hij", True, False),
        (Page(3, ("j",)), "", True, False),
        (Page(0), "", False, True),
        (Page(3, backwards=True), "hij", True, False),
        (Page(10, backwards=True), "abcdefghij", False, False),
        (Page(3, ("h",), backwards=True), "efg", True, True),
        (Page(3, ("d",), backwards=True), "abc", False, True),
        (Page(3, ("a",), backwards=True), "", False, True),
        (Page(0, backwards=True), "", True, False),
    ],
)
def test_a_page_has_its_rows_in_order_and_knows_what_lies_beside_it(page, letters, before, after):
    assert cut(fetched(page), page) == ([*letters], before, after)


def test_an_empty_list_has_one_page_that_nothing_lies_beside():
    assert cut([], Page(3)) == ([], False, False)
    assert cut([], Page(3, backwards=True)) == ([], False, False)
    assert cut([], Page(0)) == ([], False, False)


@given(letters=st.lists(st.characters(codec="ascii"), unique=True).map(sorted), size=st.integers(1, 7), backwards=st.booleans())
def test_page_after_page_gives_the_whole_list_once_in_either_direction(letters, size, backwards):
    pages: list[list[str]] = []
    page = Page(size, backwards=backwards)
    more = True
    while more:
        rows, before, after = cut(fetched(page, letters), page)
        assert (after if backwards else before) == bool(pages)
        more = before if backwards else after
        assert len(rows) == size or not more
        pages.append(rows)
        if more:
            page = replace(page, start=(rows[0 if backwards else -1],))
    assert [letter for rows in (reversed(pages) if backwards else pages) for letter in rows] == letters


# ---------------------------------------------------------------- cursors
values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.decimals(allow_nan=False)
    | st.datetimes(timezones=st.just(UTC)).map(lambda instant: instant.replace(fold=0))
    | st.uuids()
    | st.binary()
)
keys = st.lists(values, min_size=1).map(tuple)


@given(keys)
def test_a_key_comes_back_from_its_cursor_as_it_was(key: Key):
    read = CURSORS.read(CURSORS.write(key), argument="after")
    assert read == key
    assert [type(value) for value in read] == [type(value) for value in key]
    assert str(read) == str(key)  # a Decimal keeps its digits, a float its sign


@given(st.lists(st.tuples(values, values)))
def test_keys_of_a_page_have_the_cursors_that_each_would_have_alone(together: list[Key]):
    assert CURSORS.write_each(together) == [CURSORS.write(key) for key in together]


def test_a_datetime_of_another_zone_comes_back_in_utc():
    key = (datetime(2026, 1, 1, 5, 45, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),)
    assert repr(CURSORS.read(CURSORS.write(key), argument="after")) == repr((datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),))


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), object(), [1], {"a": 1}])  # noqa: DTZ001 - the point
def test_rows_are_not_ordered_by_what_has_no_place(value):
    with pytest.raises(TypeError, match="rows are not ordered by"):
        CURSORS.write((value,))


def test_the_same_place_always_has_the_same_cursor():
    assert CURSORS.write(("c", 1)) == CURSORS.write(("c", 1))
    assert CURSORS.write(("c", 1)) != CURSORS.write(("c", 2))


@pytest.mark.parametrize(
    "other",
    [
        replace(LISTING, account=b"\2" * 16),
        replace(LISTING, kind="numbers"),
        replace(LISTING, query=fingerprint("letters", "descending")),
        replace(LISTING, generation="2"),
    ],
    ids=["account", "kind", "query", "generation"],
)
def test_a_cursor_of_another_list_is_refused(other):
    cursor = Cursors(CURSORS.seal, other).write(("c",))
    with pytest.raises(BadInputError) as refused:
        asked(first=3, after=cursor)
    assert refused.value.message == (
        "after is not a cursor of this list: a cursor is good for the account, filter and order that it came with, "
        "until the list is rebuilt. Start again without it."
    )
    assert refused.value.extensions == {"code": "BAD_INPUT", "field": ["after"]}


@pytest.mark.parametrize("cursor", ["", "x", "é", "bm90IGEgY3Vyc29yIG9mIG91cnM", CURSORS.write(("c",))[:-1], CURSORS.write(("c",)) + "A"])
def test_what_is_no_cursor_of_ours_is_refused(cursor):
    with pytest.raises(BadInputError, match="before is not a cursor of this list"):
        asked(last=3, before=cursor)


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Filter:
    models: Sequence[str | None] | None = None
    fee: Decimal | None = None
    since: datetime | None = None
    colour: Colour | None = None
    zone: ZoneInfo | None = None
    absent: Any = strawberry.UNSET


def test_another_filter_has_another_fingerprint():
    filters = [
        Filter(),
        Filter(models=[]),
        Filter(models=["a", "b"]),
        Filter(models=["ab"]),
        Filter(models=["a", None]),
        Filter(fee=Decimal("0.1")),
        Filter(since=datetime(2026, 1, 1, tzinfo=UTC)),
        Filter(colour=Colour.RED),
        Filter(zone=ZoneInfo("UTC")),
        Filter(absent=None),
    ]
    assert len({fingerprint(each) for each in filters}) == len(filters)
    assert fingerprint(Filter(models=["a"])) == fingerprint(Filter(models=["a"]))
    assert fingerprint(Filter(), "DESC") != fingerprint(Filter(), "ASC")
    assert len(fingerprint(UUID(int=1))) == 16


def test_what_cannot_tell_lists_apart_has_no_fingerprint():
    with pytest.raises(TypeError, match="does not decide which rows there are"):
        fingerprint(object())


# ---------------------------------------------------------------- connections
@strawberry.type
class Letter:
    name: str


@strawberry.type
class LetterRow:
    name: str


@strawberry.type(name="AlphabetEdge")
class AlphabetEdge(Edge[LetterRow]):
    pass


@strawberry.type(name="AlphabetConnection")
class AlphabetConnection(Connection[LetterRow]):
    @strawberry.field(description="The letters, each with its cursor.")
    def edges(self, info: strawberry.Info) -> list[AlphabetEdge]:
        return self.placed(info)


@dataclass
class Counts:
    """How often a count was worked out, and a cursor written."""

    counted: int = 0
    written: int = 0


@strawberry.type
class Query:
    @strawberry.field
    def letters(
        self, info: strawberry.Info, first: int | None = None, after: str | None = None, last: int | None = None, before: str | None = None
    ) -> Connection[Letter]:
        counts: Counts = info.context

        def key(letter: str) -> Key:
            counts.written += 1
            return (letter,)

        async def count() -> int:
            counts.counted += 1
            return len(LETTERS)

        page = page_of(CURSORS, first=first, after=after, last=last, before=before)
        return Connection.of(fetched(page), page, CURSORS, key=key, node=lambda letter: Letter(name=letter), count=count)

    @strawberry.field
    def endless(self) -> LongConnection[LetterRow]:
        async def count() -> None:
            return None

        return LongConnection.of(
            [*"abc"], Page(2), CURSORS, key=lambda letter: (letter,), node=lambda letter: LetterRow(name=letter), count=count
        )

    @strawberry.field
    def alphabet(self) -> AlphabetConnection:
        async def count() -> int:
            return 26

        return AlphabetConnection.of(
            [*"abc"], Page(2), CURSORS, key=lambda letter: (letter,), node=lambda letter: LetterRow(name=letter), count=count
        )


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))


async def answer(query: str, counts: Counts | None = None) -> Any:
    result = await SCHEMA.execute(query, context_value=counts or Counts())
    assert result.errors is None
    return result.data


async def test_a_connection_answers_with_edges_nodes_and_page_info():
    a, b = CURSORS.write(("a",)), CURSORS.write(("b",))
    assert await answer(
        "{ letters(first: 2) { edges { cursor node { name } } nodes { name }"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }"
    ) == {
        "letters": {
            "edges": [{"cursor": a, "node": {"name": "a"}}, {"cursor": b, "node": {"name": "b"}}],
            "nodes": [{"name": "a"}, {"name": "b"}],
            "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": a, "endCursor": b},
            "totalCount": 10,
        }
    }


async def test_following_the_end_cursor_leads_to_the_end_of_the_list():
    names, after = "", "null"
    while after:
        page = (await answer(f"{{ letters(first: 3, after: {after}) {{ nodes {{ name }} pageInfo {{ hasNextPage endCursor }} }} }}"))[
            "letters"
        ]
        names += "".join(node["name"] for node in page["nodes"])
        after = f'"{page["pageInfo"]["endCursor"]}"' if page["pageInfo"]["hasNextPage"] else None
    assert names == LETTERS


async def test_an_empty_page_has_no_cursors():
    assert await answer("{ letters(first: 0) { nodes { name } pageInfo { hasNextPage startCursor endCursor } totalCount } }") == {
        "letters": {"nodes": [], "pageInfo": {"hasNextPage": True, "startCursor": None, "endCursor": None}, "totalCount": 10}
    }


async def test_a_list_is_counted_only_when_asked_for():
    counts = Counts()
    await answer("{ letters { nodes { name } } }", counts)
    assert counts.counted == 0
    await answer("{ letters { totalCount } }", counts)
    assert counts.counted == 1


async def test_cursors_are_written_only_when_asked_for():
    none, end, edges = Counts(), Counts(), Counts()
    await answer("{ letters { edges { node { name } } } }", none)
    assert none.written == 0
    await answer("{ letters { nodes { name } pageInfo { endCursor } } }", end)
    assert end.written == 1
    await answer("{ letters { edges { cursor } } }", edges)
    assert edges.written == 10


async def test_a_list_too_long_to_count_has_no_total_count():
    assert await answer("{ endless { totalCount nodes { name } } }") == {
        "endless": {"totalCount": None, "nodes": [{"name": "a"}, {"name": "b"}]}
    }


async def test_types_are_named_after_the_node_or_as_they_say():
    assert await answer(
        "{ letters { __typename edges { __typename } } alphabet { __typename totalCount edges { __typename node { name } } } }"
    ) == {
        "letters": {"__typename": "LetterConnection", "edges": [{"__typename": "LetterEdge"}] * 10},
        "alphabet": {
            "__typename": "AlphabetConnection",
            "totalCount": 26,
            "edges": [{"__typename": "AlphabetEdge", "node": {"name": "a"}}, {"__typename": "AlphabetEdge", "node": {"name": "b"}}],
        },
    }
    sdl = str(SCHEMA)
    assert "type LetterRowConnection" in sdl
    assert "  totalCount: BigInt\n" in sdl.partition("type LetterRowConnection")[2].partition("}")[0]
    assert "  totalCount: BigInt!\n" in sdl.partition("type LetterConnection")[2].partition("}")[0]

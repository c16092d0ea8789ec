"""Which prices are in force: as of the request's time, and as of a position in the log."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import prices
from domain.price_events import PriceSet
from domain.prices import Price, PriceBook, in_force

LATER = 1_000


def price(position: int, unit_price: str, **fields: Any) -> Price:
    """Of a prompt token of gpt-4o with any provider, from 0 on."""
    kind = {"model": "gpt-4o", "provider": None, "direction": "input", "category": "prompt", "unit": "token", "effective_from": 0}
    return Price(position=position, unit_price=Decimal(unit_price), **(kind | fields))


def found(
    book: PriceBook,
    category: str = "prompt",
    *,
    direction: int = 0,
    provider: str | None = "openai",
    tier: str | None = None,
    at: int = 10,
    position: int = LATER,
    prompt_tokens: int = 0,
) -> str | None:
    rates = book.rates("gpt-4o", provider, tier, at, position)
    crossed = sum(prompt_tokens > above for above in rates.thresholds)
    answer = rates.bands[crossed][direction][category, "token"]
    return None if answer is None else str(answer.unit_price)


def test_a_price_says_what_its_event_said():
    event = PriceSet("", "ops", "p1", 0, "gpt-4o", "input", "prompt", "token", "0.0025", 7, "openai", 200_000, "flex", "list")
    expected = Price(4, "gpt-4o", "openai", "input", "prompt", "token", Decimal("0.0025"), 7, 200_000, "flex", "list")
    assert Price.of(4, event) == expected


def test_a_price_holds_from_its_instant_on():
    book = PriceBook([price(1, "1"), price(2, "2", effective_from=10)])
    assert [found(book, at=at) for at in (-1, 0, 9, 10, 11)] == [None, "1", "1", "2", "2"]


def test_a_price_recorded_later_is_unknown_at_every_earlier_position():
    book = PriceBook([price(1, "1"), price(5, "2")])
    assert [found(book, position=position) for position in (1, 2, 5, 6)] == [None, "1", "1", "2"]


def test_of_the_same_instant_the_price_recorded_last_holds_whatever_came_between():
    book = PriceBook([price(1, "1", effective_from=5), price(2, "2", effective_from=3), price(3, "3", effective_from=5)])
    assert [found(book, at=at) for at in (3, 5)] == ["2", "3"]


def test_asking_first_and_adding_then_gives_what_adding_all_at_once_gives():
    book = PriceBook([price(1, "1")])
    assert found(book) == "1"
    book.add(price(2, "2"))
    assert (found(book), found(book, position=2)) == ("2", "1")


def test_a_threshold_that_a_later_sheet_drops_is_no_longer_in_force():
    book = PriceBook(
        [
            price(1, "1", sheet="list"),
            price(2, "9", sheet="list", above_prompt_tokens=100),
            price(3, "2", sheet="list", effective_from=5),
        ]
    )
    assert found(book, at=4, prompt_tokens=101) == "9"
    assert found(book, at=5, prompt_tokens=101) == "2"
    assert found(book, at=5, prompt_tokens=101, position=3) == "9"


def test_a_model_that_a_later_sheet_leaves_out_keeps_its_prices():
    book = PriceBook([price(1, "1", sheet="list"), price(2, "2", sheet="list", effective_from=5, model="o3")])
    assert found(book, at=9) == "1"


def test_sheets_do_not_end_each_other_nor_prices_without_one():
    book = PriceBook(
        [
            price(1, "1", category="cached"),
            price(2, "2", category="audio", sheet="a"),
            price(3, "3", category="prompt", sheet="b", effective_from=5),
        ]
    )
    assert [found(book, category) for category in ("cached", "audio", "prompt")] == ["1", "2", "3"]


def test_between_a_sheet_and_a_price_without_one_the_later_instant_decides():
    book = PriceBook([price(1, "1", sheet="list", effective_from=5), price(2, "2"), price(3, "3", effective_from=8)])
    assert [found(book, at=at) for at in (0, 5, 8)] == ["2", "1", "3"]


def test_what_the_provider_prices_itself_comes_before_prices_for_any():
    book = PriceBook(
        [
            price(1, "1"),
            price(2, "2", category="cached"),
            price(3, "3", direction="output", category="completion"),
            price(4, "5", provider="azure"),
        ]
    )
    assert [found(book, provider=provider) for provider in ("azure", "openai", None)] == ["5", "1", "1"]
    # The provider that prices prompts and grants no discount for cached ones grants none, whatever another list says of anyone's.
    assert [found(book, "cached", provider=provider) for provider in ("azure", "openai")] == ["5", "2"]
    # What it does not price in any way is priced as for anyone.
    assert found(book, "completion", direction=1, provider="azure") == "3"


def test_the_whole_request_takes_the_highest_threshold_that_its_prompt_passes():
    book = PriceBook([price(1, "1"), price(2, "3", above_prompt_tokens=300), price(3, "2", above_prompt_tokens=200)])
    assert [found(book, prompt_tokens=count) for count in (200, 201, 300, 301)] == ["1", "2", "2", "3"]


def test_each_category_takes_the_highest_threshold_it_has_a_price_for():
    book = PriceBook([price(1, "1"), price(2, "2", above_prompt_tokens=200), price(3, "0.5", category="cached")])
    assert found(book, "cached", prompt_tokens=201) == "0.5"
    assert found(book, "cache_write", prompt_tokens=201) == "2"


def test_a_tier_comes_before_the_standard_at_its_threshold_but_not_before_a_higher_one():
    book = PriceBook([price(1, "1"), price(2, "2", service_tier="priority"), price(3, "1.5", above_prompt_tokens=200)])
    assert [found(book, tier=tier) for tier in ("priority", None, "flex")] == ["2", "1", "1"]
    assert found(book, tier="priority", prompt_tokens=201) == "1.5"
    book.add(price(4, "3", above_prompt_tokens=200, service_tier="priority"))
    assert found(book, tier="priority", prompt_tokens=201) == "3"


def test_a_threshold_of_another_tier_changes_nothing():
    book = PriceBook([price(1, "1"), price(2, "9", above_prompt_tokens=100, service_tier="flex")])
    assert book.rates("gpt-4o", None, None, 0, LATER).thresholds == []
    assert found(book, prompt_tokens=101) == "1"


@pytest.mark.parametrize(
    ("direction", "category", "takes"),
    [
        (0, "cached", ["prompt"]),
        (0, "cache_write", ["prompt"]),
        (0, "cache_write_1h", ["prompt", "cache_write"]),
        (0, "audio", ["prompt"]),
        (0, "cached_audio", ["prompt", "cached"]),
        (0, "image", ["prompt"]),
        (0, "cached_image", ["prompt", "cached"]),
        (0, "video", ["prompt"]),
        (1, "reasoning", ["completion"]),
        (1, "audio", ["completion"]),
        (1, "image", ["completion"]),
        (1, "video", ["completion"]),
    ],
)
def test_a_part_without_a_price_takes_that_of_the_nearest_whole(direction: int, category: str, takes: list[str]):
    book = PriceBook()
    assert found(book, category, direction=direction) is None
    for position, each in enumerate([*takes, category], 1):  # farthest first: each next one comes before those so far
        book.add(price(position, str(position), direction=("input", "output")[direction], category=each))
        assert found(book, category, direction=direction) == str(position)


def test_other_units_and_unknown_categories_take_no_other_price():
    book = PriceBook([price(1, "1")])
    kinds, _ = book.rates("gpt-4o", None, None, 0, LATER).bands[0]
    assert kinds["image", "image"] is None
    assert kinds["prompt", "character"] is None
    assert kinds["zeta", "token"] is None


def test_what_is_kept_has_a_bound_and_forgetting_changes_no_answer(monkeypatch: pytest.MonkeyPatch):
    for name in ("MAX_CACHED_TARIFFS", "MAX_CACHED_ERAS", "MAX_CACHED_KINDS"):
        monkeypatch.setattr(prices, name, 2)
    book = PriceBook([price(at, str(at), effective_from=at) for at in range(1, 9)])
    for _ in range(2):
        assert [found(book, at=at, provider=f"p{at}") for at in range(1, 9)] == [str(at) for at in range(1, 9)]
        assert [found(book, at=at) for at in range(1, 9)] == [str(at) for at in range(1, 9)]
        assert [found(book, category) for category in ("prompt", "cached", "zeta", "audio")] == ["8", "8", None, "8"]
    assert sum(map(len, book._tariffs.values())) <= 2


few = st.integers(0, 4)
any_prices = st.lists(
    st.builds(
        price,
        st.just(0),
        st.integers(0, 99).map(str),
        provider=st.sampled_from((None, "openai")),
        category=st.sampled_from(("prompt", "cached")),
        effective_from=few,
        above_prompt_tokens=st.sampled_from((None, 1, 2)),
        service_tier=st.sampled_from((None, "flex")),
        sheet=st.sampled_from((None, "a", "b")),
    ),
    max_size=12,
).map(lambda each: [one._replace(position=position) for position, one in enumerate(each)])


@given(any_prices, few, st.integers(0, 12))
def test_of_each_kind_the_price_is_the_latest_among_those_that_their_sheets_uphold(each: list[Price], at: int, position: int):
    known = [one for one in each if one.provider is None and one.position < position and one.effective_from <= at]
    upheld = [
        one
        for one in known
        if one.sheet is None or not any(other.sheet == one.sheet and other.effective_from > one.effective_from for other in known)
    ]
    expected = {one.key: one for one in sorted(upheld, key=lambda one: (one.effective_from, one.position))}
    assert in_force([one for one in each if one.provider is None], position, at) == expected


@given(any_prices, st.data())
def test_asking_between_additions_changes_no_answer(each: list[Price], data: st.DataObject):
    questions = [
        {"category": category, "at": at, "position": position, "prompt_tokens": count, "tier": tier}
        for category in ("prompt", "cached_image")
        for at in (0, 2, 4)
        for position in (0, 3, 12)
        for count in (1, 2, 3)
        for tier in (None, "flex")
    ]
    asked, silent = PriceBook(), PriceBook(each)
    for one in each:
        found(asked, **data.draw(st.sampled_from(questions)))
        asked.add(one)
    assert [found(asked, **question) for question in questions] == [found(silent, **question) for question in questions]


@given(any_prices, any_prices)
def test_what_is_recorded_later_changes_nothing_before_it(earlier: list[Price], later: list[Price]):
    head = len(earlier)
    both = PriceBook([*earlier, *(one._replace(position=head + one.position) for one in later)])
    alone = PriceBook(earlier)
    for at in (0, 2, 4):
        for count in (1, 3):
            assert found(both, at=at, position=head, prompt_tokens=count) == found(alone, at=at, position=head, prompt_tokens=count)

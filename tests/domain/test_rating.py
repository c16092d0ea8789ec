"""The fee of a request: exact, whole, and never 0 for what is unknown."""

from decimal import Decimal, Inexact, getcontext, localcontext
from fractions import Fraction
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import RequestCompleted
from domain.limits import MAX_CATEGORIES_PER_SIDE, MAX_PRICE_FRACTION_DIGITS, MAX_PRICE_INTEGER_DIGITS, MAX_QUANTITY
from domain.prices import Price, PriceBook
from domain.rating import UNRATED, explain, rate
from tests.events import quantities, request_completed

LATER = 1_000


def book(*prices: tuple[str, str, str], **fields: Any) -> PriceBook:
    """Prices of gpt-4o tokens: direction, category, USD."""
    return PriceBook(
        Price(i, "gpt-4o", None, direction, category, fields.get("unit", "token"), Decimal(unit_price), 0)
        for i, (direction, category, unit_price) in enumerate(prices)
    )


BOTH = book(("input", "prompt", "0.0000025"), ("output", "completion", "0.00001"))


def used(input: dict[str, int] | None, output: dict[str, int] | None, **fields: Any) -> RequestCompleted:
    def side(counts: dict[str, int] | None) -> Any:
        return None if counts is None else tuple((category, "token", count) for category, count in counts.items())

    return request_completed(input=side(input), output=side(output), **fields)


def test_a_fee_is_the_sum_of_quantities_times_prices():
    rated = rate(BOTH, used({"prompt": 310, "cached": 1024}, {"completion": 95, "reasoning": 64}), LATER)
    assert rated.input == (Decimal("0.000775"), Decimal("0.00256"))
    assert rated.output == (Decimal("0.00095"), Decimal("0.00064"))
    assert rated.fee == Decimal("0.004925")


def test_a_prompt_past_a_threshold_reprices_the_whole_request_cached_and_written_tokens_count():
    prices = book(("input", "prompt", "1"), ("input", "cached", "0.1"), ("output", "completion", "4"))
    for position, (direction, category, unit_price) in enumerate((("input", "prompt", "2"), ("output", "completion", "8")), 10):
        prices.add(Price(position, "gpt-4o", None, direction, category, "token", Decimal(unit_price), 0, above_prompt_tokens=100))
    at_it = used({"prompt": 10, "cached": 60, "cache_write": 30}, {"completion": 5})
    above = used({"prompt": 10, "cached": 60, "cache_write": 31}, {"completion": 5})
    assert rate(prices, at_it, LATER).fee == 10 + 6 + 30 + 20
    assert rate(prices, above, LATER).fee == 20 + 6 + 62 + 40


def test_units_other_than_tokens_have_prices_of_their_own_and_lengthen_no_prompt():
    prices = PriceBook(
        [
            Price(1, "gpt-4o", None, "input", "prompt", "token", Decimal(1), 0),
            Price(2, "gpt-4o", None, "input", "prompt", "token", Decimal(9), 0, above_prompt_tokens=100),
            Price(3, "gpt-4o", None, "input", "audio", "millisecond", Decimal("0.001"), 0),
            Price(4, "gpt-4o", None, "output", "image", "image", Decimal("0.04"), 0),
        ]
    )
    request = request_completed(input=(("audio", "millisecond", 5000), ("prompt", "token", 100)), output=(("image", "image", 2),))
    assert rate(prices, request, LATER).fee == Decimal("105.08")
    assert rate(prices, request_completed(input=(("prompt", "character", 1),), output=()), LATER) == UNRATED


def test_what_has_no_price_leaves_the_whole_request_unpriced():
    only_input = book(("input", "prompt", "1"))
    assert rate(only_input, used({"prompt": 1}, {"completion": 1}), LATER) == UNRATED
    assert rate(BOTH, used({"prompt": 1, "zeta": 1}, {}), LATER) == UNRATED
    assert rate(PriceBook(), used({"prompt": 1}, {}), LATER) == UNRATED


def test_an_unknown_side_leaves_the_whole_request_unpriced():
    assert rate(BOTH, used(None, {"completion": 1}), LATER) == UNRATED
    assert rate(BOTH, used({"prompt": 1}, None), LATER) == UNRATED


def test_nothing_costs_nothing_and_needs_no_price():
    rated = rate(PriceBook(), used({"prompt": 0}, {}), LATER)
    assert rated == (Decimal(0), (Decimal(0),), ())
    assert rate(PriceBook(), used({}, {}), LATER).fee == 0


def test_a_price_of_0_is_free_which_is_not_unpriced():
    assert rate(book(("input", "prompt", "0")), used({"prompt": 7}, {}), LATER).fee == 0


def test_a_request_of_a_deployment_has_no_fee():
    assert rate(BOTH, used({"prompt": 1}, {}, channel="deployment", deployment="gpu-1"), LATER) == UNRATED


def test_an_explanation_names_the_prices_and_has_the_same_fees():
    request = used({"cached": 3, "prompt": 0}, {"completion": 2})
    fee, lines = explain(BOTH, request, LATER)
    assert fee == rate(BOTH, request, LATER).fee == sum(Decimal(line.fee or 0) for line in lines)
    assert [(line.direction, line.category, line.unit, line.quantity, line.price and line.price.category, line.fee) for line in lines] == [
        ("input", "cached", "token", 3, "prompt", Decimal("0.0000075")),
        ("input", "prompt", "token", 0, "prompt", Decimal(0)),
        ("output", "completion", "token", 2, "completion", Decimal("0.00002")),
    ]


def test_an_explanation_of_an_unpriced_request_shows_what_has_no_price():
    fee, lines = explain(BOTH, used({"prompt": 1, "zeta": 1, "eta": 0}, None), LATER)
    assert fee is None
    assert [(line.category, line.fee) for line in lines] == [("prompt", Decimal("0.0000025")), ("zeta", None), ("eta", Decimal(0))]
    assert [line.fee for line in explain(BOTH, used(None, {"completion": 1}), LATER).lines] == [None]
    assert [line.price for line in explain(BOTH, used({"prompt": 1}, {}, channel="deployment"), LATER).lines] == [None]


def test_the_largest_fee_there_can_be_is_exact_whatever_the_context_of_the_thread():
    largest = "9" * MAX_PRICE_INTEGER_DIGITS + "." + "9" * MAX_PRICE_FRACTION_DIGITS
    kinds = [f"kind-{i}" for i in range(MAX_CATEGORIES_PER_SIDE)]
    prices = book(*((direction, kind, largest) for kind in kinds for direction in ("input", "output")))
    with localcontext() as context:
        context.prec = 3
        fee = rate(prices, used(dict.fromkeys(kinds, MAX_QUANTITY), dict.fromkeys(kinds, MAX_QUANTITY)), LATER).fee
    assert fee is not None
    assert Fraction(fee) == Fraction(largest) * MAX_QUANTITY * 2 * MAX_CATEGORIES_PER_SIDE


def test_digits_past_the_limit_are_an_error_and_never_rounded():
    prices = book(("input", "prompt", "0." + "3" * 90))
    getcontext().clear_flags()  # of tests before
    with pytest.raises(Inexact):
        rate(prices, used({"prompt": 2}, {}), LATER)
    assert not getcontext().flags[Inexact]


unit_prices = st.decimals(0, 10**6, places=12) | st.decimals(0, 1, places=30) | st.just(Decimal(0))
sides = {"input": quantities(st.sampled_from(("prompt", "cached", "cached_audio"))), "output": quantities(st.just("completion"))}


@given(st.fixed_dictionaries(sides), unit_prices, unit_prices)
def test_every_fee_is_exact_and_the_sum_of_its_lines(usage: dict[str, Any], of_input: Decimal, of_output: Decimal):
    prices = book(("input", "prompt", str(of_input)), ("output", "completion", str(of_output)))
    request = request_completed(**usage)
    rated = rate(prices, request, LATER)
    explained = explain(prices, request, LATER)
    lines = [line for side in (request.input, request.output) for line in side or ()]
    if None in (request.input, request.output) or any(count and unit != "token" for _, unit, count in lines):
        assert rated == UNRATED
        assert explained.fee is None
        return
    tokens = [
        Fraction(price) * sum(line[2] for line in side or ()) for side, price in ((request.input, of_input), (request.output, of_output))
    ]
    assert rated.fee is not None
    assert Fraction(rated.fee) == sum(tokens)
    assert (*(rated.input or ()), *(rated.output or ())) == tuple(line.fee for line in explained.lines)
    assert rated.fee == explained.fee == sum(map(Fraction, (*(rated.input or ()), *(rated.output or ()))))


def test_rating_as_of_a_position_goes_on_while_prices_are_added():
    prices, request = book(("input", "prompt", "1")), used({"prompt": 1}, {})

    def add() -> None:
        for position in range(10, 2_000):
            prices.add(Price(position, "gpt-4o", None, "input", "prompt", "token", Decimal(position), 0))

    writer = Thread(target=add)
    writer.start()
    fees = {rate(prices, request, 10).fee for _ in range(2_000)}
    writer.join()
    assert fees == {Decimal(1)}
    assert [rate(prices, request, position).fee for position in (10, 11, 1_000, 2_000)] == [1, 10, 999, 1_999]

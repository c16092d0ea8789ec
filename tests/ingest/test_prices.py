"""Prices, and the wish to rate again, as they are told: what they keep, what is refused of them, and what makes two of them the same."""

from typing import Any

import msgspec
import pytest

from domain import limits
from domain.events import microseconds
from domain.price_events import GpuPriceSet, PriceSet, RatingRenewed
from ledger.shapes import DIGEST, to_state
from tests.events import at
from tests.ingest.sending import logged, post
from tests.ingest.test_checks import refusal
from tests.told import OF_THE_PLATFORM, OPERATOR, TIME, heard, told

PRICED = ("price.set", "gpu_price.set")
APRIL = microseconds(at("00:00", "2026-04-01"))
MAY = microseconds(at("00:00", "2026-05-01"))
NO_TIME = "'noon' is not an RFC 3339 instant with an offset, such as 2026-04-21T14:03:07.120Z"
TOO_LONG = "has more than 12 digits before the point or 30 behind it (MAX_PRICE_INTEGER_DIGITS, MAX_PRICE_FRACTION_DIGITS)"


def refused(event: dict[str, Any]) -> tuple[str | None, str]:
    return refusal(msgspec.json.encode(event), OPERATOR)


# ---------------------------------------------------------------- what is kept
def test_every_field_of_a_price_is_kept():
    full = {"provider": "openai", "unit": "image", "above_prompt_tokens": 200_000, "service_tier": "flex", "sheet": "litellm"}
    event = heard(told("price.set", **full))
    assert isinstance(event, PriceSet)
    assert msgspec.structs.asdict(event) == {
        "account": "", "source": "control-plane", "id": "1", "occurred_at": microseconds(at("14:03:07.12")), "model": "gpt-4o",
        "direction": "input", "category": "prompt", "unit_price": "0.0000025", "effective_from": APRIL, "original": None,
    } | full  # fmt: skip


def test_what_a_price_does_not_say_holds_for_any():
    event = heard(told("price.set", provider="", service_tier=None, sheet=""))
    assert isinstance(event, PriceSet)
    assert (event.unit, event.provider, event.above_prompt_tokens, event.service_tier, event.sheet) == ("token", None, None, None, None)


def test_every_field_of_a_gpu_price_is_kept():
    event = heard(told("gpu_price.set"))
    assert event == GpuPriceSet("", "control-plane", "1", microseconds(at("14:03:07.12")), "H100", "2.99", APRIL)


def test_rating_again_is_of_the_account_that_is_its_subject_or_of_all():
    named = ("", "control-plane", "1", microseconds(at("14:03:07.12")))
    assert heard(told("rating.renewed")) == RatingRenewed(*named, APRIL, MAY, "prices came late")
    some = heard(told("rating.renewed", models=["b", "a", "b"], envelope={"subject": "acme"}))
    assert some == RatingRenewed(*named, APRIL, MAY, "prices came late", "acme", ("a", "b"))


@pytest.mark.parametrize("type", OF_THE_PLATFORM)
def test_what_we_do_not_know_is_kept_and_changes_nothing(type):
    sent = told(type, contract="C-1", envelope={"traceparent": "00-4bf9"})
    event = heard(sent)
    assert msgspec.json.decode(getattr(event, "original", b"")) == sent
    assert msgspec.structs.replace(event, original=None) == heard(told(type))


@pytest.mark.parametrize("type", PRICED)
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("0", "0"), ("-0.0", "0"), ("1E-7", "0.0000001"), ("+2.50", "2.5"), ("999999999999", "999999999999"),
        ("0." + "0" * 29 + "1", "0." + "0" * 29 + "1"),
    ],
)  # fmt: skip
def test_a_unit_price_is_kept_in_one_form(type, text, kept):
    event = heard(told(type, unit_price=text))
    assert isinstance(event, PriceSet | GpuPriceSet)
    assert event.unit_price == kept


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize("type", PRICED)
@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({"unit_price": "-0.01"}, "data.unit_price", "'-0.01' is below 0"),
        ({"unit_price": "1" * 13}, "data.unit_price", f"'{'1' * 13}' {TOO_LONG}"),
        ({"unit_price": "0." + "0" * 30 + "1"}, "data.unit_price", f"'0.{'0' * 30}1' {TOO_LONG}"),
        (
            {"unit_price": "NaN"},
            "data.unit_price",
            "'NaN' is not a decimal number such as 0.00000015, of up to 64 characters (MAX_COST_CHARACTERS)",
        ),
        ({"unit_price": 0.1}, "data.unit_price", "expected str, got float"),
        ({"effective_from": "noon"}, "data.effective_from", NO_TIME),
        ({"effective_from": "1999-12-31T23:59:59Z"}, "data.effective_from", "1999-12-31T23:59:59Z is before 2000-01-01"),
        ({"effective_from": "2200-01-02T00:00:00Z"}, "data.effective_from", "2200-01-02T00:00:00Z is after 2200-01-01"),
    ],
)
def test_what_prices_have_in_common_is_checked(type, data, field, reason):
    assert refused(told(type, **data)) == (field, reason)


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({"model": ""}, "data.model", "expected str of length >= 1"),
        ({"category": ""}, "data.category", "expected str of length >= 1"),
        ({"unit": ""}, "data.unit", "expected str of length >= 1"),
        ({"unit": None}, "data.unit", "expected str, got null"),
        ({"direction": "sideways"}, "data.direction", "invalid enum value 'sideways'"),
        ({"above_prompt_tokens": -1}, "data.above_prompt_tokens", "expected int >= 0"),
        ({"above_prompt_tokens": limits.MAX_QUANTITY + 1}, "data.above_prompt_tokens", "expected int <= 9007199254740992"),
        ({"above_prompt_tokens": 0.5}, "data.above_prompt_tokens", "expected int | null, got float"),
        ({"provider": "x" * 1025}, "data.provider", "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        ({"sheet": "a\0b"}, "data.sheet", "holds a NUL character: leave it out"),
    ],
)
def test_what_a_price_is_for_is_checked(data, field, reason):
    assert refused(told("price.set", **data)) == (field, reason)


@pytest.mark.parametrize(
    ("type", "name"),
    [
        *(("price.set", name) for name in ("model", "direction", "category", "unit_price", "effective_from")),
        *(("gpu_price.set", name) for name in ("gpu_type", "unit_price", "effective_from")),
        *(("rating.renewed", name) for name in ("range", "reason")),
    ],
)
def test_what_they_have_to_say_is_asked_for(type, name):
    assert refused(told(type, without=(name,))) == (f"data.{name}", "is required")


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({"range": {"from": TIME}}, "data.range.to", "is required"),
        ({"range": {"from": TIME, "to": TIME}}, "data.range", "is empty: `to` has to be after `from`"),
        ({"range": {"from": "noon", "to": TIME}}, "data.range.from", NO_TIME),
        ({"range": {"from": TIME, "to": "2201-01-01T00:00:00Z"}}, "data.range.to", "2201-01-01T00:00:00Z is after 2200-01-01"),
        ({"models": ["m"] * 1001}, "data.models", "expected array of length <= 1000"),
        ({"models": [""]}, "data.models[0]", "expected str of length >= 1"),
        ({"reason": ""}, "data.reason", "expected str of length >= 1"),
    ],
)
def test_what_is_rated_again_is_checked(data, field, reason):
    assert refused(told("rating.renewed", **data)) == (field, reason)


@pytest.mark.parametrize("type", PRICED)
def test_a_price_is_of_no_account(type):
    reason = "must be absent: prices are the platform's, and hold for every account"
    assert refused(told(type, envelope={"subject": "acme"})) == ("subject", reason)


# ---------------------------------------------------------------- once
@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"unit_price": "0.10"}, {"unit_price": "1e-1"}),
        ({"unit": "token"}, {}),
        ({"provider": ""}, {"provider": None}),
        ({"effective_from": "2026-04-01T00:00:00Z"}, {"effective_from": "2026-04-01T02:00:00+02:00"}),
        ({"contract": "C-1"}, {}),
    ],
)
def test_another_notation_is_not_another_price(first, again):
    assert to_state(heard(told("price.set", **first)))[DIGEST] == to_state(heard(told("price.set", **again)))[DIGEST]


@pytest.mark.parametrize(
    "other",
    [
        {"unit_price": "0.1"}, {"effective_from": TIME}, {"direction": "output"}, {"provider": "azure"}, {"above_prompt_tokens": 0},
        {"service_tier": "flex"}, {"sheet": "s"},
    ],
)  # fmt: skip
def test_another_content_is_another_price(other):
    assert to_state(heard(told("price.set")))[DIGEST] != to_state(heard(told("price.set", **other)))[DIGEST]


async def test_once_a_price_told_again_is_a_duplicate_and_its_name_with_another_price_or_time_a_conflict(client, ledger):
    other, later = told("price.set", unit_price="1"), told("price.set", envelope={"time": "2026-04-21T15:00:00Z"})
    sent = [msgspec.json.encode(each) for each in (told("price.set"), told("price.set"), other, later)]
    receipt = (await post(client, sent, token="of-operator")).json()
    assert (receipt["recorded"], receipt["duplicates"], [each["index"] for each in receipt["conflicts"]]) == (1, 1, [2, 3])
    assert [event.unit_price for event in logged(ledger)] == ["0.0000025"]

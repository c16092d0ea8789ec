"""Setting prices: all of them or none, once, and for requests that are recorded from then on."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.events import microseconds
from domain.notation import cloudevent
from domain.prices import Price
from graph.errors import BadInputError, LimitError
from graph.price_inputs import MAX_PRICES, PriceDirection, PriceInput, to_prices
from ledger.shapes import READERS
from tests.events import at, request_completed
from tests.graph.conftest import NOW, OPERATOR, Service

SET = """mutation($prices: [PriceInput!]!) { setPrices(input: {prices: $prices}) { recorded position errors { code message field } } }"""
FEE = """{ account { routerUsage(range: {from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}) { totalFee } } }"""


def price(**fields: Any) -> dict[str, Any]:
    since = "2026-04-01T02:00:00+02:00"
    return {"model": "gpt-4o", "direction": "INPUT", "category": "prompt", "unitPrice": "0.0000025", "effectiveFrom": since} | fields


async def set_prices(service: Service, *prices: dict[str, Any]) -> dict[str, Any]:
    return (await service.ask(SET, OPERATOR, prices=prices))["setPrices"]


async def refused(service: Service, *prices: dict[str, Any]) -> tuple[str, str, list[str] | None]:
    payload = await set_prices(service, *prices)
    assert (payload["recorded"], payload["position"]) == (0, None)
    assert service.ledger.ledger_recorder.max_notification_id() is None
    [error] = payload["errors"]
    return error["code"], error["message"], error["field"]


async def test_a_price_is_recorded_as_it_was_given(service: Service):
    full = price(provider="openai", unit="image", abovePromptTokens=200_000, serviceTier="priority", unitPrice="1.50")
    payload = await set_prices(service, full, price(provider=""))
    assert (payload["recorded"], payload["errors"]) == (2, [])
    events = [cloudevent(READERS[topic](state)) for _, _, topic, state in service.ledger.ledger_recorder.read(0, 10)]
    assert [(each["type"], each["source"], each["time"], "subject" in each) for each in events] == [
        ("price.set", "graphql/prices", "2026-04-01T00:00:00Z", False)
    ] * 2
    plain = {"model": "gpt-4o", "direction": "input", "category": "prompt", "unit": "token", "unit_price": "0.0000025"}
    plain["effective_from"] = "2026-04-01T00:00:00Z"
    assert events[1]["data"] == plain
    assert events[0]["data"] == plain | {
        "provider": "openai", "unit": "image", "unit_price": "1.5", "above_prompt_tokens": 200_000, "service_tier": "priority",
    }  # fmt: skip


async def test_once_prices_that_are_set_again_are_not_new(service: Service):
    service.services = replace(service.services, at_least_seconds=0.05)  # nothing is projected, which is waited for
    prices = [price(), price(direction="OUTPUT", category="completion"), price(effectiveFrom="2027-01-01T00:00:00Z")]
    first = await set_prices(service, *prices, prices[0])
    assert first["recorded"] == 3
    again = await set_prices(service, *prices, price(unitPrice="0.00000250"))
    assert again == first | {"recorded": 0}
    assert (await set_prices(service, *prices, price(unitPrice="3")))["recorded"] == 1


async def test_a_price_that_gave_way_can_be_set_again_from_the_same_instant(service: Service):
    service.follows = True
    for amount in ("0.001", "0.002", "0.001", "0.002", "0.001"):
        payload = await set_prices(service, price(unitPrice=amount))
        assert (payload["recorded"], payload["errors"]) == (1, [])
        assert (await set_prices(service, price(unitPrice=amount)))["recorded"] == 0
    service.record(request_completed(at("09:00"), input=(("prompt", "token", 100),), output=()))
    assert Decimal((await service.ask(FEE))["account"]["routerUsage"]["totalFee"]) == Decimal("0.1")


async def test_once_a_price_that_was_to_come_is_known_when_it_is_in_force(service: Service):
    service.services = replace(service.services, clock=lambda: at("09:00", "2026-01-01"))
    await set_prices(service, price(effectiveFrom="2026-02-01T00:00:00Z"))
    service.services = replace(service.services, clock=lambda: at("09:00", "2026-03-01"), at_least_seconds=0.05)
    again = await set_prices(service, price(effectiveFrom="2026-02-01T00:00:00Z"))
    assert (again["recorded"], again["errors"]) == (0, [])
    assert service.ledger.ledger_recorder.max_notification_id() == 1


async def test_requests_recorded_afterwards_are_rated_with_them(service: Service):
    before = request_completed(at("09:00"))
    service.record(before)
    await set_prices(service, price(unitPrice="0.1"), price(direction="OUTPUT", category="completion", unitPrice="0.3"))
    service.record(request_completed(at("10:00")))
    assert (await service.ask(FEE))["account"]["routerUsage"]["totalFee"] == "2.5"


@pytest.mark.parametrize(
    ("fields", "message", "field"),
    [
        ({"model": ""}, "is empty: give it a name.", "model"),
        ({"category": ""}, "is empty: give it a name.", "category"),
        ({"unit": ""}, "is empty: give it a name.", "unit"),
        ({"provider": "x" * 1025}, "has 1,025 bytes: 1,024 are allowed (MAX_STRING_BYTES).", "provider"),
        ({"serviceTier": "é" * 513}, "has 1,026 bytes: 1,024 are allowed (MAX_STRING_BYTES).", "serviceTier"),
        ({"unitPrice": "-0.01"}, "is below 0.", "unitPrice"),
        (
            {"unitPrice": "1234567890123"},
            "has more than 12 digits before the point or 30 behind it (MAX_PRICE_INTEGER_DIGITS, MAX_PRICE_FRACTION_DIGITS).",
            "unitPrice",
        ),
        (
            {"unitPrice": "0." + "0" * 30 + "1"},
            "has more than 12 digits before the point or 30 behind it (MAX_PRICE_INTEGER_DIGITS, MAX_PRICE_FRACTION_DIGITS).",
            "unitPrice",
        ),
        ({"effectiveFrom": "1999-12-31T23:59:59Z"}, "must lie in the years 2000 to 2200.", "effectiveFrom"),
        ({"effectiveFrom": "2200-01-01T00:00:01Z"}, "must lie in the years 2000 to 2200.", "effectiveFrom"),
        ({"abovePromptTokens": -1}, "must lie between 0 and 9,007,199,254,740,992.", "abovePromptTokens"),
        ({"abovePromptTokens": 2**53 + 1}, "must lie between 0 and 9,007,199,254,740,992.", "abovePromptTokens"),
    ],
)
async def test_one_price_that_is_wrong_keeps_all_from_being_set(service: Service, fields: Any, message: str, field: str):
    told = await refused(service, price(), price(), price(), price(**fields))
    assert told == ("BAD_INPUT", f"input.prices.3.{field} {message}", ["input", "prices", "3", field])


async def test_the_ends_of_what_can_be_a_price_are_taken(service: Service):
    ends = [
        price(unitPrice="0"),
        price(unitPrice="999999999999." + "9" * 30),
        price(effectiveFrom="2000-01-01T00:00:00Z"),
        price(effectiveFrom="2200-01-01T00:00:00Z"),
        price(abovePromptTokens=0),
        price(abovePromptTokens=2**53),
        price(model="x" * 1024),
    ]
    payload = await set_prices(service, *ends)
    assert (payload["recorded"], payload["errors"]) == (len(ends), [])


async def test_bounded_too_many_prices_are_refused_whole(service: Service):
    message = "1,001 prices are more than 1,000 at a time (MAX_PRICES): give them in parts."
    assert await refused(service, *(price(unitPrice=str(i)) for i in range(MAX_PRICES + 1))) == ("LIMIT_PRICES", message, None)


async def test_no_prices_are_no_change(service: Service):
    assert await set_prices(service) == {"recorded": 0, "position": None, "errors": []}


@pytest.mark.parametrize(("token", "reason"), [("*:billing+read+ingest", "lacks the scope OPERATE"), ("acme:operate", "is of one account")])
async def test_prices_are_set_by_operators_of_all_accounts(service: Service, token: str, reason: str):
    error = await service.refusal(SET, token, prices=[price()])
    assert error["code"] == "FORBIDDEN"
    assert reason in error["message"]
    assert service.ledger.ledger_recorder.max_notification_id() is None


# ---------------------------------------------------------------- prices of a question
def asked(**fields: Any) -> PriceInput:
    return PriceInput(
        **{"model": "m", "direction": PriceDirection.OUTPUT, "category": "c", "unit_price": Decimal(1), "effective_from": NOW} | fields
    )


def test_prices_of_a_question_stand_in_their_order():
    inputs = [asked(), asked(provider="p", above_prompt_tokens=7, service_tier="flex", unit="image")]
    since = microseconds(NOW)
    assert to_prices(inputs) == [
        Price(0, "m", None, "output", "c", "token", Decimal(1), since),
        Price(1, "m", "p", "output", "c", "image", Decimal(1), since, 7, "flex"),
    ]


def test_what_is_wrong_with_prices_of_a_question_is_told_by_its_path():
    with pytest.raises(BadInputError) as wrong:
        to_prices([asked(), asked(unit_price=Decimal(-1))])
    assert wrong.value.extensions == {"code": "BAD_INPUT", "field": ["prices", "1", "unitPrice"]}
    with pytest.raises(LimitError):
        to_prices([asked()] * (MAX_PRICES + 1))

"""Rating again: requests of a range take the prices known now, and the answer says what that changed."""

from dataclasses import replace
from typing import Any

import pytest

from domain.names import account_id
from domain.notation import cloudevent
from domain.price_events import RatingRenewed
from graph.node import Kind, global_id
from ledger.shapes import READERS
from tests.events import at, request_completed
from tests.graph.conftest import OPERATOR, Service
from tests.graph.test_prices import price, set_prices

RERATE = """mutation($input: RerateInput!) { rerate(input: $input) {
    requests changedRequests feeBefore feeAfter position errors { code message field } } }"""
FEE = """query($id: ID) { account(id: $id) {
    routerUsage(range: {from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}) { totalFee } } }"""
DAY = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
ACME = global_id(Kind.ACCOUNT, account_id("acme").bytes)


@pytest.fixture
async def rated(service: Service) -> Service:
    """Two requests at 1.5 USD, of acme and of another account, and two of a model without a price; then prices that came late."""
    prices = [price(unitPrice="0.1"), price(unitPrice="0.1", direction="OUTPUT", category="completion")]
    await set_prices(service, *prices)
    service.record(
        request_completed(at("09:00")),
        request_completed(at("10:00"), account="rival"),
        request_completed(at("11:00"), model="o3"),
        request_completed(at("12:00"), model="o3"),
    )
    await set_prices(service, *(each | {"unitPrice": "0.2"} for each in prices), *(each | {"model": "o3"} for each in prices))
    service.follows = True
    return service


async def rerate(service: Service, token: str = OPERATOR, **fields: Any) -> dict[str, Any]:
    return (await service.ask(RERATE, token, input={"range": DAY, "reason": "prices came late"} | fields))["rerate"]


def told(requests: int, changed: int, before: str, after: str) -> dict[str, Any]:
    return {"requests": requests, "changedRequests": changed, "feeBefore": before, "feeAfter": after, "errors": []}


async def fee(service: Service, key: str = "acme") -> str | None:
    id = global_id(Kind.ACCOUNT, account_id(key).bytes)
    return (await service.ask(FEE, OPERATOR, id=id))["account"]["routerUsage"]["totalFee"]


async def test_requests_of_all_accounts_take_the_prices_known_now(rated: Service):
    assert (await fee(rated), await fee(rated, "rival")) == ("1.5", "1.5")
    payload = await rerate(rated)
    assert payload.pop("position") is not None
    assert payload == told(4, 4, "3", "9")
    assert (await fee(rated), await fee(rated, "rival")) == ("6", "3")


async def test_what_is_rated_again_a_second_time_changes_nothing(rated: Service):
    first = await rerate(rated)
    again = await rerate(rated)
    assert again.pop("position") != first["position"]
    assert again == told(4, 0, "9", "9")


async def test_only_what_is_named_is_rated_again(rated: Service):
    payload = await rerate(rated, accountId=ACME, models=["o3"], range={"from": "2026-04-21T11:30:00Z", "to": "2026-04-21T13:00:00Z"})
    del payload["position"]
    assert payload == told(1, 1, "0", "1.5")
    assert (await fee(rated), await fee(rated, "rival")) == ("3", "1.5")


async def test_it_is_in_the_log_with_its_reason(rated: Service):
    await rerate(rated, accountId=ACME, models=["o3", "gpt-4o"])
    *_, (_, _, topic, state) = rated.ledger.ledger_recorder.read(0, 100)
    event = READERS[topic](state)
    assert isinstance(event, RatingRenewed)
    written = cloudevent(event)
    assert (written["source"], written["subject"], written["time"]) == ("graphql/rerate", "acme", "2026-04-22T09:00:00Z")
    assert written["data"] == {"range": DAY, "models": ["gpt-4o", "o3"], "reason": "prices came late"}


async def test_figures_that_do_not_include_it_in_time_leave_the_position_to_wait_for(rated: Service):
    rated.follows, rated.services = False, replace(rated.services, at_least_seconds=0.05)
    payload = await rerate(rated)
    assert payload.pop("position") is not None
    assert payload == {"requests": None, "changedRequests": None, "feeBefore": None, "feeAfter": None, "errors": []}


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"range": {"from": DAY["to"], "to": DAY["from"]}}, "BAD_INPUT", ["range", "from"]),
        ({"range": DAY | {"from": "1999-01-01T00:00:00Z"}}, "BAD_INPUT", ["range", "from"]),
        ({"reason": ""}, "BAD_INPUT", ["reason"]),
        ({"models": [""]}, "BAD_INPUT", ["models", "0"]),
        ({"models": ["m"] * 1001}, "BAD_INPUT", ["models"]),
        ({"accountId": "nonsense"}, "NOT_FOUND", ["accountId"]),
        ({"accountId": global_id(Kind.ACCOUNT, bytes(16))}, "NOT_FOUND", ["accountId"]),
    ],
)
async def test_bad_input_is_told_with_its_path_and_nothing_is_recorded(service: Service, fields: Any, code: str, field: list[str]):
    payload = await rerate(service, **fields)
    [error] = payload["errors"]
    assert (error["code"], error["field"], payload["position"]) == (code, ["input", *field], None)
    assert service.ledger.ledger_recorder.max_notification_id() is None


@pytest.mark.parametrize(("token", "reason"), [("*:billing+read+ingest", "lacks the scope OPERATE"), ("acme:operate", "is of one account")])
async def test_rating_again_is_for_operators_of_all_accounts(service: Service, token: str, reason: str):
    error = await service.refusal(RERATE, token, input={"range": DAY, "reason": "mine"})
    assert error["code"] == "FORBIDDEN"
    assert reason in error["message"]

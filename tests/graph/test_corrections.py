"""Correcting and voiding requests: of the version that was seen, once however often it is tried, and by those who may."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from domain.corrections import RequestCorrected, RequestVoided
from domain.names import account_id
from domain.notation import instant
from graph.node import Kind, global_id
from ledger.shapes import READERS
from tests.events import at, corrected, request_completed, voided
from tests.graph.conftest import OPERATOR, READER, Service

FINANCE = "acme:billing+read"
CORRECT = """mutation($input: CorrectRequestInput!) { correctRequest(input: $input) {
    request { id version model provider statusCode totalTokens input { category count unit } output { category } voided events { type } }
    position errors { code message field } } }"""
VOID = """mutation($input: VoidRequestInput!) { voidRequest(input: $input) {
    request { version voided totalTokens } position errors { code message field } } }"""
FIGURES = """{ account { routerUsage(range: {from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}) {
    totalRequests totalTokens errorCount input { category count } } } }"""


@pytest.fixture
async def request_id(service: Service) -> str:
    """Of a request of 10 + 5 tokens, at 9:00. The read models follow what is told of it."""
    event = request_completed(at("09:00"), id="wrong")
    service.record(event)
    service.follows = True
    return request_id_of(event)


def request_id_of(event: Any) -> str:
    return global_id(Kind.REQUEST, account_id(event.account).bytes + event.originator_id)


def correction(id: str, **fields: Any) -> dict[str, Any]:
    return {"id": id, "expectedVersion": 1, "idempotencyKey": "key-1", "reason": "counted twice", "model": "gpt-4o-mini"} | fields


async def correct(service: Service, id: str, *, token: str = FINANCE, without: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    input = {name: value for name, value in correction(id, **fields).items() if name not in without}
    return (await service.ask(CORRECT, token, input=input))["correctRequest"]


async def void(service: Service, id: str, *, token: str = FINANCE, **fields: Any) -> dict[str, Any]:
    input = {"id": id, "expectedVersion": 1, "idempotencyKey": "key-1", "reason": "a test"} | fields
    return (await service.ask(VOID, token, input=input))["voidRequest"]


async def refused(service: Service, id: str, **fields: Any) -> tuple[str, str, list[str]]:
    """The one error of a correction, which changes nothing."""
    before = service.ledger.ledger_recorder.max_notification_id()
    payload = await correct(service, id, **fields)
    assert (payload["request"], payload["position"]) == (None, None)
    [error] = payload["errors"]
    assert service.ledger.ledger_recorder.max_notification_id() == before
    return error["code"], error["message"], error["field"]


def log(service: Service) -> list[Any]:
    return [READERS[topic](state) for _, _, topic, state in service.ledger.ledger_recorder.read(0, 100)]


# ---------------------------------------------------------------- what it says
async def test_a_correction_says_what_changes_of_which_version_and_why(service: Service, request_id: str):
    await correct(
        service,
        request_id,
        input=[{"category": "prompt", "quantity": 7}, {"category": "image", "quantity": 1, "unit": "image"}],
        output=None,
        provider=None,
        statusCode=503,
    )
    request, corrected = log(service)
    assert isinstance(corrected, RequestCorrected)
    assert (corrected.account, corrected.source, corrected.id) == ("acme", "graphql/corrections", "key-1")
    assert (corrected.of_source, corrected.of_id, corrected.of_time) == (request.source, "wrong", request.occurred_at)
    assert (corrected.version, corrected.reason) == (1, "counted twice")
    assert corrected.applied(request).input == (("image", "image", 1), ("prompt", "token", 7))
    assert {name: value for name, value in corrected.changes.items() if name != "input"} == {
        "model": "gpt-4o-mini", "output": None, "provider": None, "status_code": 503,
    }  # fmt: skip


async def test_what_is_corrected_is_answered_as_it_is_then_and_counted_so(service: Service, request_id: str):
    payload = await correct(service, request_id, input=[{"category": "prompt", "quantity": 7}], statusCode=503)
    assert payload["errors"] == []
    assert payload["request"] == {
        "id": request_id,
        "version": 2,
        "model": "gpt-4o-mini",
        "provider": "openai",
        "statusCode": 503,
        "totalTokens": 12,
        "input": [{"category": "prompt", "count": 7, "unit": "token"}],
        "output": [{"category": "completion"}],
        "voided": False,
        "events": [{"type": "request.completed"}, {"type": "request.corrected"}],
    }
    figures = (await service.ask(FIGURES))["account"]["routerUsage"]
    assert figures == {"totalRequests": 1, "totalTokens": 12, "errorCount": 1, "input": [{"category": "prompt", "count": 7}]}


async def test_a_request_that_is_voided_counts_in_no_figure(service: Service, request_id: str):
    payload = await void(service, request_id)
    assert payload["errors"] == []
    assert payload["request"] == {"version": 2, "voided": True, "totalTokens": 15}
    assert isinstance(log(service)[1], RequestVoided)
    assert (await service.ask(FIGURES))["account"]["routerUsage"]["totalRequests"] == 0


async def test_corrections_follow_each_other(service: Service, request_id: str):
    await correct(service, request_id)
    payload = await correct(service, request_id, expectedVersion=2, idempotencyKey="key-2", model="o3")
    assert (payload["request"]["version"], payload["request"]["model"]) == (3, "o3")
    assert (await void(service, request_id, expectedVersion=3, idempotencyKey="key-3"))["request"]["version"] == 4


async def test_several_corrections_of_one_operation_are_each_answered_as_they_leave_the_request(service: Service, request_id: str):
    query = """mutation($a: CorrectRequestInput!, $b: CorrectRequestInput!) {
        a: correctRequest(input: $a) { request { version model } } b: correctRequest(input: $b) { request { version model } } }"""
    second = correction(request_id, expectedVersion=2, idempotencyKey="key-2", model="o3")
    data = await service.ask(query, FINANCE, a=correction(request_id), b=second)
    assert data == {"a": {"request": {"version": 2, "model": "gpt-4o-mini"}}, "b": {"request": {"version": 3, "model": "o3"}}}


async def test_figures_that_do_not_include_it_in_time_leave_the_position_to_wait_for(service: Service, request_id: str):
    service.follows, service.services = False, replace(service.services, at_least_seconds=0.05)
    payload = await correct(service, request_id)
    assert (payload["request"], payload["errors"]) == (None, [])
    service.project()
    query = "query($at: Position!) { account(atLeast: $at) { key } }"
    assert (await service.ask(query, FINANCE, at=payload["position"]))["account"] == {"key": "acme"}
    assert [type(event) for event in log(service)[1:]] == [RequestCorrected]


# ---------------------------------------------------------------- once
async def test_once_trying_again_at_any_later_time_gives_the_same_answer(service: Service, request_id: str):
    first = await correct(service, request_id)
    service.services = replace(service.services, clock=lambda: at("23:00"))
    assert await correct(service, request_id) == first
    # And so it does when the request has gone on since
    await correct(service, request_id, expectedVersion=2, idempotencyKey="key-2", model="o3")
    again = await correct(service, request_id)
    assert (again["position"], again["errors"], again["request"]["version"]) == (first["position"], [], 3)
    assert len(log(service)) == 3
    await void(service, request_id, expectedVersion=3, idempotencyKey="key-3")
    again = await void(service, request_id, expectedVersion=3, idempotencyKey="key-3")
    assert (again["errors"], again["request"]["voided"]) == ([], True)
    assert (await service.ask("{ account { conflicts { totalCount } } }"))["account"]["conflicts"]["totalCount"] == 0


async def test_once_the_order_of_quantities_and_their_usual_unit_are_no_other_content(service: Service, request_id: str):
    prompt, cached = {"category": "prompt", "quantity": 7}, {"category": "cached", "quantity": "3"}
    first = await correct(service, request_id, input=[prompt, cached])
    again = await correct(service, request_id, input=[cached | {"unit": "token"}, prompt])
    assert again == first


async def test_tries_at_the_same_moment_are_one(service: Service, request_id: str):
    tries = await asyncio.gather(*(correct(service, request_id) for _ in range(4)))
    assert [each["errors"] for each in tries] == [[]] * 4
    assert {each["request"]["version"] for each in tries} == {2}
    assert len(log(service)) == 2


async def test_a_key_names_one_correction(service: Service, request_id: str):
    other = request_completed(at("10:00"), id="other")
    service.record(other)
    await correct(service, request_id)
    used = ("CONFLICT", "The idempotencyKey was used for another change: use another key for another change.", ["input", "idempotencyKey"])
    assert await refused(service, request_id, model="o3") == used
    assert await refused(service, request_id, reason="another") == used
    assert await refused(service, request_id, provider=None) == used
    assert await refused(service, request_id, expectedVersion=2) == used
    assert await refused(service, request_id_of(other)) == used
    [error] = (await void(service, request_id))["errors"]
    assert (error["code"], error["message"], error["field"]) == used


# ---------------------------------------------------------------- of the version that was seen
@pytest.mark.parametrize("expected", [-1, 0, 1, 3, 2_000_000_000])
async def test_another_version_than_the_one_that_stands_is_told_which_does(service: Service, request_id: str, expected: int):
    await correct(service, request_id)
    message = f"Version 2 of the request stands now, and not version {expected}: look at it again, then change that."
    asked = {"expectedVersion": expected, "idempotencyKey": "key-2"}
    assert await refused(service, request_id, **asked) == ("CONFLICT", message, ["input", "expectedVersion"])
    [error] = (await void(service, request_id, **asked))["errors"]
    assert (error["code"], error["message"]) == ("CONFLICT", message)


async def test_of_two_corrections_at_the_same_moment_one_stands(service: Service, request_id: str):
    models = [f"model-{i}" for i in range(4)]
    tries = await asyncio.gather(*(correct(service, request_id, idempotencyKey=model, model=model) for model in models))
    assert sorted(len(each["errors"]) for each in tries) == [0, 1, 1, 1]
    assert {each["errors"][0]["code"] for each in tries if each["errors"]} == {"CONFLICT"}
    assert len(log(service)) == 2


async def test_what_is_not_projected_yet_is_a_version_all_the_same(service: Service, request_id: str):
    service.follows, service.services = False, replace(service.services, at_least_seconds=0.05)
    await correct(service, request_id)
    code, message, _ = await refused(service, request_id, idempotencyKey="key-2")
    assert (code, message[:9]) == ("CONFLICT", "Version 2")


async def test_a_voided_request_is_not_changed(service: Service, request_id: str):
    await void(service, request_id)
    told = ("REQUEST_VOIDED", "The request is voided: it counts in no figure, so nothing is changed.", ["input", "id"])
    assert await refused(service, request_id, expectedVersion=2, idempotencyKey="key-2") == told
    [error] = (await void(service, request_id, expectedVersion=2, idempotencyKey="key-2"))["errors"]
    assert error["code"] == "REQUEST_VOIDED"


# ---------------------------------------------------------------- what cannot be
@pytest.mark.parametrize(
    ("fields", "message", "field"),
    [
        ({"model": None}, "A request has a model: give its name, or leave it out to keep it.", ["model"]),
        ({"model": ""}, "model: expected str of length >= 1.", ["model"]),
        ({"statusCode": 99}, "statusCode: expected int >= 200.", ["statusCode"]),
        ({"input": [{"category": "", "quantity": 1}]}, "input[0].category: expected str of length >= 1.", ["input", "0", "category"]),
        ({"output": [{"category": "a", "quantity": -1}]}, "output[0].quantity: expected int >= 0.", ["output", "0", "quantity"]),
        (
            {"input": [{"category": "a", "quantity": 1}] * 2},
            "input: has 'a' in 'token' twice: categories are disjoint, add them up.",
            ["input"],
        ),
        ({"reason": ""}, "reason: expected str of length >= 1.", ["reason"]),
        ({"idempotencyKey": ""}, "idempotencyKey: expected str of length >= 1.", ["idempotencyKey"]),
        ({"reason": "x" * 1025}, "reason: is longer than 1024 bytes (MAX_STRING_BYTES).", ["reason"]),
    ],
)
async def test_bad_input_is_told_with_its_path(service: Service, request_id: str, fields: Any, message: str, field: list[str]):
    assert await refused(service, request_id, **fields) == ("BAD_INPUT", message, ["input", *field])


async def test_a_correction_has_to_change_something(service: Service, request_id: str):
    told = ("BAD_INPUT", "Nothing is corrected: give the fields that change, a null for what is unknown.", ["input"])
    assert await refused(service, request_id, without=("model",)) == told


# ---------------------------------------------------------------- who may
async def test_yours_alone_a_foreign_request_looks_like_one_that_is_not_there(service: Service, request_id: str):
    foreign = request_completed(at("09:00"), account="rival")
    service.record(foreign)
    absent = request_completed(at("11:00"))
    told = ("NOT_FOUND", "There is no such request: give the id of one that you see.", ["input", "id"])
    for id in (request_id_of(foreign), request_id_of(absent), "", "nonsense", global_id(Kind.ACCOUNT, bytes(16))):
        assert await refused(service, id) == told
        [error] = (await void(service, id))["errors"]
        assert (error["code"], error["message"], error["field"]) == told


async def test_a_token_for_all_accounts_corrects_any(service: Service, request_id: str):
    foreign = request_completed(at("09:00"), account="rival")
    service.record(foreign)
    payload = await correct(service, request_id_of(foreign), token="*:billing+read")
    assert (payload["errors"], payload["request"]["version"]) == ([], 2)
    assert log(service)[-1].account == "rival"


@pytest.mark.parametrize("token", [READER, "acme:ingest+read+operate", "*:ingest"])
async def test_correcting_needs_the_scope_billing(service: Service, request_id: str, token: str):
    for name, query in (("correctRequest", CORRECT), ("voidRequest", VOID)):
        input = correction(request_id) if query is CORRECT else {k: v for k, v in correction(request_id).items() if k != "model"}
        error = await service.refusal(query, token, input=input)
        assert error["code"] == "FORBIDDEN"
        assert f"lacks the scope BILLING, which {name} needs" in error["message"]
    assert len(log(service)) == 1


async def test_the_history_of_a_request_shows_its_corrections_as_they_were_told(service: Service, request_id: str):
    await correct(service, request_id, output=None)
    query = "query($id: ID!) { node(id: $id) { ... on Request { events { type version data } } } }"
    events = (await service.ask(query, OPERATOR, id=request_id))["node"]["events"]
    assert events[1] == {
        "type": "request.corrected",
        "version": 2,
        "data": {
            "of": {"source": "router/eu-1", "id": "wrong", "time": instant(at("09:00"))},
            "version": 1,
            "reason": "counted twice",
            "model": "gpt-4o-mini",
            "output": None,
        },
    }


async def test_yours_alone_who_may_correct_and_not_read_is_shown_nothing(service: Service):
    request = request_completed(at("09:00"))
    service.record(request)
    payload = await correct(service, request_id_of(request), token="acme:billing")
    assert (payload["errors"], payload["request"], payload["position"] is None) == ([], None, False)


async def test_nothing_lost_a_correction_of_a_request_that_is_not_there_waits_and_is_seen(service: Service):
    request = request_completed(at("09:00"))
    service.record(corrected(request, model="o3"), voided(request, 2))
    query = "{ account { waitingChanges(first: 1) { nodes { type version data } totalCount pageInfo { hasNextPage } } } }"
    found = (await service.ask(query, "acme:billing"))["account"]["waitingChanges"]
    assert (found["totalCount"], found["pageInfo"]["hasNextPage"]) == (2, True)
    [node] = found["nodes"]
    assert (node["type"], node["version"], node["data"]["model"], node["data"]["of"]["id"]) == ("request.corrected", 2, "o3", request.id)
    assert (await service.refusal(query, "acme:read"))["code"] == "FORBIDDEN"
    # When the request comes, they count
    service.record(request)
    assert (await service.ask(query, "acme:billing"))["account"]["waitingChanges"]["totalCount"] == 0

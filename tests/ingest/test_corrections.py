"""Corrections and voidings as they are told: what they keep, what is refused of them, and what makes two of them the same."""

from typing import Any

import msgspec
import pytest

from domain import limits
from domain.corrections import CORRECTABLE, RequestCorrected, RequestVoided
from domain.events import microseconds
from ingest.reports import ReportedCorrection
from ingest.requests import FIELDS
from ledger.shapes import DIGEST, to_state
from tests.events import at, line, request_completed
from tests.ingest.sending import logged, post
from tests.ingest.test_checks import refusal
from tests.told import BILLING, OF, heard, told

CHANGES = ("request.corrected", "request.voided")
PROMPT, CACHED = {"category": "prompt", "quantity": 310}, {"category": "cached", "quantity": 1024}


def correction(**data: Any) -> dict[str, Any]:
    """One that changes nothing but what is given."""
    return told("request.corrected", without=("model",), **data)


def changes(**data: Any) -> dict[str, Any]:
    event = heard(correction(**data))
    assert isinstance(event, RequestCorrected)
    return event.changes


def refused(event: dict[str, Any]) -> tuple[str | None, str]:
    return refusal(msgspec.json.encode(event), BILLING)


# ---------------------------------------------------------------- what is kept
def test_a_voiding_names_the_request_and_says_why():
    event = heard(told("request.voided"))
    assert isinstance(event, RequestVoided)
    assert (event.account, event.source, event.id, event.occurred_at) == ("acme", "control-plane", "1", microseconds(at("14:03:07.12")))
    assert (event.of_source, event.of_id, event.of_time) == ("router/eu-1", "req_8f2", microseconds(at("14:03:07.12")))
    assert (event.version, event.reason, event.original) == (1, "a test", None)


def test_a_change_stands_in_the_stream_of_its_request_behind_the_version_it_is_of():
    request = request_completed(at("14:03:07.12"), id="req_8f2")
    for type in CHANGES:
        event = heard(told(type, version=7))
        assert (event.originator_id, event.originator_version) == (request.originator_id, 8)


def test_every_field_of_a_request_but_its_name_can_be_corrected():
    data = {
        "model": "o3", "request_id": "r", "request_type": "chat", "model_version": "v", "provider": "azure", "technology": "LLM",
        "service_tier": "flex", "channel": "deployment", "deployment": "gpu-1", "api_key": {"id": "k", "name": "n"},
        "input": [PROMPT, CACHED], "output": [], "ttft_ms": 0.5, "latency_ms": 1840, "gateway_latency_ms": 4.1, "status_code": 503,
        "error_message": "Overloaded", "usage_source": "estimated", "reported_cost": "1E-3",
    }  # fmt: skip
    assert changes(**data) == {
        "model": "o3", "request_id": "r", "request_type": "chat", "model_version": "v", "provider": "azure", "technology": "LLM",
        "service_tier": "flex", "channel": "deployment", "deployment": "gpu-1", "api_key": "k", "api_key_name": "n",
        "input": (("cached", "token", 1024), ("prompt", "token", 310)), "output": (), "ttft_ns": 500_000, "latency_ns": 1_840_000_000,
        "gateway_latency_ns": 4_100_000, "status_code": 503, "error_message": "Overloaded", "usage_source": "estimated",
        "reported_cost": "0.001",
    }  # fmt: skip
    assert {*changes(**data)} == {*CORRECTABLE}
    assert {*FIELDS} == {*ReportedCorrection.__struct_fields__} - {"of", "version", "reason", "usage"}


def test_null_makes_a_field_unknown_or_what_it_is_by_default_and_absent_leaves_it():
    nulls = dict.fromkeys(FIELDS.keys() - {"model"})
    unknown = dict.fromkeys(CORRECTABLE) | {"channel": "router", "usage_source": "reported"}
    del unknown["model"]
    assert changes(**nulls) == unknown
    assert changes(provider="") == changes(provider=None) == {"provider": None}


def test_a_correction_applied_leaves_what_it_does_not_tell():
    request = request_completed(at("14:03:07.12"), id="req_8f2")
    corrected = heard(correction(output=None, status_code=500))
    assert isinstance(corrected, RequestCorrected)
    assert corrected.applied(request) == msgspec.structs.replace(request, output=None, status_code=500)


@pytest.mark.parametrize("type", CHANGES)
def test_what_we_do_not_know_is_kept_and_changes_nothing(type):
    sent = told(type, ticket="T-1", of={**OF, "region": "eu"}, envelope={"traceparent": "00-4bf9"})
    event = heard(sent)
    assert msgspec.json.decode(getattr(event, "original", b"")) == sent
    assert msgspec.structs.replace(event, original=None) == heard(told(type))


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize("type", CHANGES)
@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({"of": {"source": "s", "id": "1"}}, "data.of.time", "is required"),
        ({"of": {"source": "", "id": "1", "time": OF["time"]}}, "data.of.source", "expected str of length >= 1"),
        ({"of": {**OF, "id": None}}, "data.of.id", "expected str, got null"),
        (
            {"of": {**OF, "time": "noon"}},
            "data.of.time",
            "'noon' is not an RFC 3339 instant with an offset, such as 2026-04-21T14:03:07.120Z",
        ),
        ({"of": {**OF, "time": "1999-12-31T23:59:59Z"}}, "data.of.time", "1999-12-31T23:59:59Z is before 2000-01-01"),
        ({"of": {**OF, "id": "x" * 1025}}, "data.of.id", "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        ({"version": 0}, "data.version", "expected int >= 1"),
        ({"version": limits.MAX_VERSION + 1}, "data.version", "expected int <= 1000"),
        ({"version": 1.5}, "data.version", "expected int, got float"),
        ({"version": "1"}, "data.version", "expected int, got str"),
        ({"reason": ""}, "data.reason", "expected str of length >= 1"),
        ({"reason": None}, "data.reason", "expected str, got null"),
        ({"reason": "a\0b"}, "data.reason", "holds a NUL character: leave it out"),
    ],
)
def test_what_names_the_request_and_the_version_is_checked(type, data, field, reason):
    assert refused(told(type, **data)) == (field, reason)


@pytest.mark.parametrize("type", CHANGES)
@pytest.mark.parametrize("name", ["of", "version", "reason"])
def test_what_a_change_has_to_say_is_asked_for(type, name):
    assert refused(told(type, without=(name,))) == (f"data.{name}", "is required")


NO_DEPLOYMENT = "is required where channel is deployment: give the deployment's key"


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({}, "data", "changes nothing: give the fields that change, a null for what is unknown"),
        ({"model": None}, "data.model", "expected str, got null"),
        ({"model": ""}, "data.model", "expected str of length >= 1"),
        ({"channel": "edge"}, "data.channel", "invalid enum value 'edge'"),
        ({"channel": "deployment"}, "data.deployment", NO_DEPLOYMENT),
        ({"channel": "deployment", "deployment": None}, "data.deployment", NO_DEPLOYMENT),
        ({"channel": "deployment", "deployment": ""}, "data.deployment", NO_DEPLOYMENT),
        ({"deployment": None}, "data.deployment", "can be made unknown only together with the channel router"),
        ({"status_code": 600}, "data.status_code", "expected int <= 599"),
        ({"latency_ms": -1}, "data.latency_ms", "expected float >= 0.0"),
        ({"input": [PROMPT, PROMPT]}, "data.input", "has 'prompt' in 'token' twice: categories are disjoint, add them up"),
        ({"output": [{"category": "a", "quantity": -1}]}, "data.output[0].quantity", "expected int >= 0"),
        ({"api_key": {"name": "n"}}, "data.api_key.id", "is required"),
        (
            {"reported_cost": "dear"},
            "data.reported_cost",
            "'dear' is not a decimal number such as 0.00125, of up to 64 characters (MAX_COST_CHARACTERS)",
        ),
    ],
)
def test_what_changes_is_checked_as_it_is_when_it_is_reported(data, field, reason):
    assert refused(correction(**data)) == (field, reason)


def test_what_is_unknown_alone_changes_nothing():
    assert refused(correction(region="eu"))[0] == "data"


# ---------------------------------------------------------------- once
@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"input": [PROMPT, CACHED]}, {"input": [CACHED, PROMPT | {"unit": "token"}]}),
        ({"provider": None}, {"provider": ""}),
        ({"channel": None}, {"channel": "router"}),
        ({"latency_ms": 1840}, {"latency_ms": 1840.0}),
        ({"reported_cost": "0.10"}, {"reported_cost": ".1"}),
        ({"of": OF, "model": "m"}, {"of": {**OF, "time": "2026-04-21T16:03:07.12+02:00"}, "model": "m"}),
        ({"status_code": 500, "model": "m"}, {"model": "m", "status_code": 500}),
        ({"model": "m"}, {"model": "m", "ticket": "T-1"}),
    ],
)
def test_another_notation_is_not_another_correction(first, again):
    assert to_state(heard(correction(**first)))[DIGEST] == to_state(heard(correction(**again)))[DIGEST]


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ({"model": "m"}, {"model": "m", "provider": None}),  # to leave is not to make unknown
        ({"input": None}, {"input": []}),
        ({"model": "m"}, {"model": "m", "reason": "another"}),
        ({"input": [PROMPT]}, {"output": [PROMPT]}),
        ({"model": "m"}, {"model": "m", "of": {**OF, "source": "router/us-1"}}),
    ],
)
def test_another_content_is_another_correction(first, other):
    assert to_state(heard(correction(**first)))[DIGEST] != to_state(heard(correction(**other)))[DIGEST]


async def test_once_a_correction_told_again_is_a_duplicate_and_another_one_of_its_version_a_conflict(client, ledger):
    await post(client, line(id="req_8f2"))
    first, voiding = told("request.corrected"), told("request.voided", envelope={"id": "2"})
    other = told("request.corrected", model="o3", envelope={"id": "3"})
    sent = [msgspec.json.encode(each) for each in (first, first, other, voiding)]
    receipt = (await post(client, sent, token="of-finance")).json()
    assert (receipt["recorded"], receipt["duplicates"], [each["index"] for each in receipt["conflicts"]]) == (1, 1, [2, 3])
    again = (await post(client, sent, token="of-finance")).json()
    assert (again["recorded"], again["duplicates"], len(again["conflicts"])) == (0, 2, 2)
    assert [event.TOPIC for event in logged(ledger)] == ["request.completed", "request.corrected"]


async def test_a_correction_is_taken_before_the_request_that_it_is_of(client, ledger):
    later = told("request.voided", version=2, envelope={"id": "2"})
    sent = [msgspec.json.encode(each) for each in (later, told("request.corrected"))]
    assert (await post(client, sent, token="of-finance")).json()["recorded"] == 2
    assert (await post(client, line(id="req_8f2"))).json()["recorded"] == 1
    assert len({event.originator_id for event in logged(ledger)}) == 1

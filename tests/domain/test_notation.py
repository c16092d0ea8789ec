"""What we write outside can be sent to us again, and is the same report."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import limits
from domain.notation import cloudevent, instant, zoned
from ledger.shapes import DIGEST, READERS, to_state
from tests.events import ABSENT, at, durations, instants, line, parsed, report, request_completed, requests, texts
from tests.told import DATA, OF, heard, reports, sender_of, told


def again(event):
    return parsed(msgspec.json.encode(cloudevent(event)))


@settings(max_examples=150)
@given(requests(instants))
def test_an_event_written_out_is_the_same_report(event):
    event = msgspec.structs.replace(event, ttft_ns=None, latency_ns=None)
    assert again(event) == event


@settings(max_examples=150)
@given(
    data=st.fixed_dictionaries(
        {"model": texts},
        optional={
            "request_id": st.none() | st.just("") | texts,
            "provider": st.none() | st.just("") | texts,
            "api_key": st.none() | st.fixed_dictionaries({"id": texts}, optional={"name": st.none() | st.just("") | texts}),
            "input": st.none()
            | st.lists(
                st.fixed_dictionaries({"category": texts, "quantity": st.integers(0, limits.MAX_QUANTITY)}, optional={"unit": texts}),
                max_size=4,
                unique_by=lambda each: each["category"],
            ),
            "latency_ms": st.none() | st.integers(0, 10**9) | st.floats(0, 2e9),
            "status_code": st.none() | st.integers(200, 599),
            "error_message": st.none() | texts | st.just("x" * 10_000) | st.just("é" * 9_999),
            "usage_source": st.none() | st.sampled_from(("reported", "estimated", "none")),
            "reported_cost": st.none() | st.decimals(-(10**9), 10**9, places=12).map(str) | st.just("1e-30"),
            "unheard_of": st.none() | texts | st.lists(st.integers(-(2**60), 2**60)),
        },
    ),
    time=instants,
)
def test_a_report_read_and_written_out_has_the_same_digest(data, time):
    event = parsed(line(data=data, time=instant(time)))
    assert to_state(again(event))[DIGEST] == to_state(event)[DIGEST]


@given(durations.filter(lambda nanoseconds: nanoseconds is None or nanoseconds <= 2**51))
def test_a_duration_is_written_to_the_nanosecond(nanoseconds):
    """Up to 26 days: past that a JSON number has no room for nanoseconds."""
    assert again(request_completed(latency_ns=nanoseconds)).latency_ns == nanoseconds


def test_a_report_that_said_more_than_we_know_is_given_back_as_it_came():
    sent = report(time="2026-04-21T16:03:07.1200000+02:00", traceparent="00-4bf9", data={"seed": 7, "input": None, "provider": ""})
    assert cloudevent(parsed(sent)) == sent | {"subject": "acme"}


def test_what_is_unknown_is_left_out():
    sent = report(data={"input": ABSENT, "output": [], "api_key": {"id": "key-7"}})
    assert cloudevent(parsed(sent)) == {
        "specversion": "1.0", "type": "request.completed", "source": "router/eu-1", "id": "req_8f2", "subject": "acme",
        "time": "2026-04-21T14:03:07.120000Z",
        "data": {"model": "gpt-4o", "channel": "router", "api_key": {"id": "key-7"}, "output": [], "usage_source": "reported"},
    }  # fmt: skip


@pytest.mark.parametrize(("clock", "text"), [("09:00", "2026-04-21T09:00:00Z"), ("09:00:00.00012", "2026-04-21T09:00:00.000120Z")])
def test_an_instant_has_microseconds_where_there_are_any(clock, text):
    assert instant(at(clock)) == text


@settings(max_examples=300)
@given(reports())
def test_an_event_of_any_type_written_out_is_the_same_report(reported):
    event = heard(reported)
    assert heard(cloudevent(event), sender_of(reported["type"])) == event
    # And so it is when it comes from the log
    stored = READERS[event.TOPIC](to_state(event))
    assert cloudevent(stored) == cloudevent(event)
    assert to_state(stored) == to_state(event)


@pytest.mark.parametrize("type", DATA)
def test_an_event_of_any_type_is_written_as_it_was_told(type):
    assert cloudevent(heard(told(type)))["data"] == {
        "request.corrected": {**DATA[type], "of": {**OF, "time": "2026-04-21T14:03:07.120000Z"}},
        "request.voided": {**DATA[type], "of": {**OF, "time": "2026-04-21T14:03:07.120000Z"}},
        "price.set": {**DATA[type], "unit": "token"},
    }.get(type, DATA[type])


@pytest.mark.parametrize("type", DATA)
def test_an_event_of_any_type_that_said_more_than_we_know_is_given_back_as_it_came(type):
    sent = told(type, seed=7, envelope={"traceparent": "00-4bf9"})
    subject = {} if sender_of(type).account is None else {"subject": "acme"}
    assert cloudevent(heard(sent)) == sent | subject


def test_what_a_correction_makes_unknown_is_written_as_null():
    changes = {"input": None, "output": [], "api_key": None, "latency_ms": None, "provider": "", "usage_source": None}
    written = cloudevent(heard(told("request.corrected", without=("model",), **changes)))["data"]
    assert {name: written[name] for name in changes} == changes | {"provider": None, "usage_source": "reported"}


@pytest.mark.parametrize(("gpus", "written"), [(2, "2"), (2.0, "2"), (0.000001, "1e-6"), (999_999.999999, "999999.999999")])
def test_gpus_are_a_number_that_loses_nothing(gpus, written):
    data = cloudevent(heard(told("deployment.started", gpus=gpus)))["data"]
    assert msgspec.json.encode(data["gpus"]).decode() == written


def test_rating_again_is_of_the_account_that_it_names_and_prices_of_none():
    assert cloudevent(heard(told("rating.renewed", envelope={"subject": "acme"})))["subject"] == "acme"
    for type in ("rating.renewed", "price.set", "gpu_price.set"):
        assert "subject" not in cloudevent(heard(told(type)))


@pytest.mark.parametrize(
    ("zone", "text"),
    [("UTC", "2026-10-25T01:00:00Z"), ("Europe/Berlin", "2026-10-25T02:00:00+01:00"), ("Asia/Kathmandu", "2026-10-25T06:45:00+05:45")],
)
def test_a_time_of_a_zone_is_told_with_its_offset(zone: str, text: str):
    assert zoned(datetime(2026, 10, 25, 1, tzinfo=UTC).astimezone(ZoneInfo(zone))) == text

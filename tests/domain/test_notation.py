"""What we write outside can be sent to us again, and is the same report."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import limits
from domain.notation import cloudevent, instant
from ledger.shapes import DIGEST, to_state
from tests.events import ABSENT, at, durations, instants, line, parsed, report, request_completed, requests, texts


def again(event):
    return parsed(msgspec.json.encode(cloudevent(event)))


@settings(max_examples=150, deadline=None)
@given(requests(instants))
def test_an_event_written_out_is_the_same_report(event):
    event = msgspec.structs.replace(event, ttft_ns=None, latency_ns=None)
    assert again(event) == event


@settings(max_examples=150, deadline=None)
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

"""History: every request as it was reported, found by any filter, by its id, and with its events."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import Outcome, RequestCompleted
from domain.names import account_id
from projections import history_pages
from projections.history_matching import Bounds, HistoryFilter, HistoryOf
from projections.history_pages import HistoryOrderField, Request
from projections.log_streams import LoggedEvent
from projections.router_facts import Range
from projections.router_usage import Line
from projections.snapshot import Snapshot
from tests.events import around, at, request_completed, requests
from tests.projections.fold import tokens_of
from tests.projections.read_models import caught_up

ACME = account_id("acme")
DAY = Range(at("00:00"), at("00:00") + timedelta(days=1))
ON_POSTGRES = settings(max_examples=20)


async def found(snapshot: Snapshot, range: Range = DAY, **filter: Any) -> list[str]:
    """Ids of the requests that a filter finds, by time."""
    of = HistoryOf(ACME, range, HistoryFilter(**filter))
    page = await history_pages.page(snapshot, of, order=HistoryOrderField.TIMESTAMP, descending=False, limit=1000)
    assert await history_pages.count(snapshot, of) == len(page)
    return [request.event_id for request in page]


async def test_a_request_is_shown_as_it_was_reported(ledger, runner, snapshot):
    event = request_completed(
        at("14:03:07.12"), id="req_8f2", request_type="chat", model_version="2024-08-06", technology="LLM", status_code=429,
        input=(("cached", "token", 1024), ("image", "image", 2), ("prompt", "token", 310)), output=None, error_message="Slow down",
        ttft_ns=212_500_000, latency_ns=None, gateway_latency_ns=4_100_000, usage_source="estimated",
        service_tier="flex", reported_cost="0.00125",
    )  # fmt: skip
    ledger.record([event])
    caught_up(runner)
    id = UUID(bytes=event.originator_id)
    expected = Request(
        account_id=ACME, occurred_at=at("14:03:07.12"), id=id, position=1, rated_at=1, version=1, voided=False, channel="router",
        source="router/eu-1", event_id="req_8f2", request_id="req_8f2", request_type="chat", model="gpt-4o",
        model_version="2024-08-06", provider="openai", technology="LLM", deployment=None, api_key="key-7", api_key_name="team-a",
        input=[Line("input", "prompt", "token", 310), Line("input", "cached", "token", 1024), Line("input", "image", "image", 2)],
        output=None, input_tokens=1334, output_tokens=None, total_tokens=1334, ttft_ns=212_500_000, latency_ns=None,
        gateway_latency_ns=4_100_000, status_code=429, error_message="Slow down",
        service_tier="flex", fee=None, reported_cost=Decimal("0.00125"),
    )  # fmt: skip
    assert await history_pages.one(snapshot, ACME, id) == expected
    assert (expected.ttft_ms, expected.latency_ms, expected.gateway_latency_ms) == (212.5, None, 4.1)


async def test_yours_alone_a_request_is_found_by_its_id_in_its_account_only(ledger, runner, snapshot):
    event = request_completed()
    ledger.record([event])
    caught_up(runner)
    id = UUID(bytes=event.originator_id)
    assert await history_pages.one(snapshot, account_id("other"), id) is None
    assert await history_pages.one(snapshot, ACME, UUID(int=id.int ^ 1)) is None


@pytest.mark.parametrize("id", [UUID(int=0), UUID(int=2**128 - 1), UUID("019daf44-92fb-8e46-8d34-e73e753416d4")])
async def test_an_id_of_no_request_finds_none_whatever_time_it_begins_with(snapshot, id):
    assert await history_pages.one(snapshot, ACME, id) is None


async def test_a_request_tells_its_events_as_they_were_recorded(ledger, runner, snapshot, database_url):
    event = request_completed(id="1", latency_ns=1_840_000_000)
    ledger.record([request_completed(), event])
    with psycopg.connect(database_url) as connection:
        ((recorded_at,),) = connection.execute("SELECT recorded_at FROM cell_0.ledger_appends").fetchall()
    data = {
        "model": "gpt-4o", "channel": "router", "provider": "openai", "api_key": {"id": "key-7", "name": "team-a"},
        "input": [{"category": "prompt", "quantity": 10, "unit": "token"}], "latency_ms": 1840.0, "status_code": 200,
        "output": [{"category": "completion", "quantity": 5, "unit": "token"}], "usage_source": "reported",
    }  # fmt: skip
    events = await history_pages.events_of(snapshot, UUID(bytes=event.originator_id))
    assert events == [LoggedEvent(2, "request.completed", 1, recorded_at, event.time, event.source, event.id, data)]


@pytest.mark.postgres
async def test_errors_are_found_by_a_part_of_their_text_in_any_case(ledger, runner, snapshot):
    texts = ["Überlastung: bitte WARTEN", "100% of quota_used", "ΣΊΣΥΦΟΣ", None]
    ledger.record([request_completed(id=f"{i}", error_message=text) for i, text in enumerate(texts)])
    caught_up(runner)
    assert await found(snapshot, error_contains="warten") == ["0"]
    assert await found(snapshot, error_contains="ÜBERLAST") == ["0"]
    assert await found(snapshot, error_contains="0% OF") == ["1"]
    assert await found(snapshot, error_contains="0_used") == []  # no pattern: signs stand for themselves
    assert await found(snapshot, error_contains="%") == ["1"]
    assert await found(snapshot, error_contains="σίσυ") == ["2"]


async def test_the_range_is_half_open(ledger, runner, snapshot):
    ledger.record([request_completed(at(clock), id=clock) for clock in ("09:00", "09:59:59.999999", "10:00")])
    caught_up(runner)
    assert await found(snapshot, Range(at("09:00"), at("10:00"))) == ["09:00", "09:59:59.999999"]
    assert await found(snapshot, Range(at("10:00"), at("09:00"))) == []


async def test_a_status_that_no_request_can_have_finds_none(ledger, runner, snapshot):
    ledger.record([request_completed()])
    caught_up(runner)
    assert await found(snapshot, status_codes=[70_000, -70_000]) == []


@pytest.mark.parametrize("fee", [Bounds(min=0), Bounds(max=10**9), Bounds(min=0, max=1)])
async def test_an_unknown_fee_lies_in_no_bounds(ledger, runner, snapshot, fee):
    ledger.record([request_completed()])
    caught_up(runner)
    assert await found(snapshot, fee=fee) == []
    assert len(await found(snapshot, fee=Bounds())) == 1


bounds = st.builds(Bounds, st.none() | st.integers(0, 4000), st.none() | st.integers(0, 4000) | st.floats(0, 4000))


def subset(*values: Any) -> st.SearchStrategy[list[Any] | None]:
    return st.none() | st.lists(st.sampled_from(values), max_size=3)


filters = st.fixed_dictionaries(
    {},
    optional={
        "request_id": st.sampled_from(("r", "req_1")),
        "models": subset("gpt-4o", "Llama", "änderung"),
        "providers": subset(None, "openai", "azure"),
        "api_keys": subset(None, "key-1"),
        "deployments": subset(None, "gpu-1"),
        "request_types": subset(None, "chat"),
        "model_versions": subset("2024", None),
        "technologies": subset(None),
        "channel": st.sampled_from(("router", "deployment")),
        "status_codes": subset(None, 200, 399, 404, 500),
        "outcomes": subset(*Outcome),
        "error_contains": st.sampled_from(("TIMED", "out", "", "none")),
        "tokens": bounds,
        "input_tokens": bounds,
        "output_tokens": bounds,
        "latency_ms": bounds,
        "ttft_ms": bounds,
        "gateway_latency_ms": bounds,
    },
)
COLUMNS = {
    "models": "model", "providers": "provider", "api_keys": "api_key", "deployments": "deployment", "request_types": "request_type",
    "model_versions": "model_version", "technologies": "technology", "status_codes": "status_code", "outcomes": "outcome",
}  # fmt: skip
MEASURES = {
    "tokens": lambda event: tokens_of(event)[2],
    "input_tokens": lambda event: tokens_of(event)[0],
    "output_tokens": lambda event: tokens_of(event)[1],
    "latency_ms": lambda event: in_milliseconds(event.latency_ns),
    "ttft_ms": lambda event: in_milliseconds(event.ttft_ns),
    "gateway_latency_ms": lambda event: in_milliseconds(event.gateway_latency_ns),
}


def in_milliseconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 10**6


def matches(event: RequestCompleted, name: str, wanted: Any) -> bool:
    if wanted is None:
        return True
    if name in COLUMNS:
        return getattr(event, COLUMNS[name]) in wanted
    if name in MEASURES:
        value = MEASURES[name](event)
        if value is None:
            return wanted == Bounds()
        return (wanted.min is None or wanted.min <= value) and (wanted.max is None or value <= wanted.max)
    if name == "error_contains":
        return event.error_message is not None and wanted.lower() in event.error_message.lower()
    return (event.request_id or event.id if name == "request_id" else event.channel) == wanted


@pytest.mark.postgres
@ON_POSTGRES
@given(events=st.lists(requests(around(at("09:00"), timedelta(hours=2))), max_size=25), data=st.data())
async def test_a_filter_finds_exactly_the_requests_that_it_describes(begin_with, snapshots, events, data):
    durations = st.none() | st.integers(0, 4000).map(lambda milliseconds: milliseconds * 10**6)
    standing = begin_with(
        [msgspec.structs.replace(event, latency_ns=data.draw(durations), ttft_ns=data.draw(durations)) for event in events]
    )
    snapshot = snapshots.open()
    try:
        for _ in range(5):
            filter = data.draw(filters)
            matching = [event for event in standing if all(matches(event, name, wanted) for name, wanted in filter.items())]
            by_time = sorted(matching, key=lambda event: (event.occurred_at, event.originator_id))
            assert await found(snapshot, **filter) == [event.id for event in by_time]
    finally:
        await snapshot.close()

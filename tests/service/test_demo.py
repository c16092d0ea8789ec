"""The sample account: the same day tells the same months, all of it acceptable, priced, and lived without a contradiction."""

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from domain.corrections import RequestCorrected, RequestVoided
from domain.deployment_events import DeploymentEvent
from domain.events import RequestCompleted, UsageEvent, microseconds
from domain.lifecycle import fold
from domain.phases import Status, is_running, status_at
from domain.price_events import GpuPriceSet, PriceSet
from domain.prices import Price, PriceBook
from domain.rating import rate
from ingest.cloudevents import parse
from ingest.outcomes import Sender
from ledger.application import Ledger
from service.demo import CUSTOMER, PLATFORM, begin, first_day, usage
from service.demo_prices import prices
from service.demo_requests import DAYS
from tests.events import request_completed

NOW = datetime(2026, 4, 21, 16, 30, tzinfo=UTC)


def heard(event: dict[str, Any], sender: Sender) -> UsageEvent:
    return parse(msgspec.json.encode(event), sender, microseconds(NOW))


@pytest.fixture(scope="module")
def told() -> list[UsageEvent]:
    return [heard(event, CUSTOMER) for event in usage(NOW)]


@pytest.fixture(scope="module")
def priced() -> list[UsageEvent]:
    return [heard(event, PLATFORM) for event in prices(first_day(NOW))]


def test_once_the_same_day_tells_the_same_events(told: list[UsageEvent]):
    later = [heard(event, CUSTOMER) for event in usage(NOW + timedelta(hours=7)) if event["time"] < "2026-04-21T16:30"]
    assert later == told
    assert len({(event.source, event.id) for event in told}) == len(told)
    assert [event.occurred_at // 1000 for event in told] == sorted(event.occurred_at // 1000 for event in told)


def test_it_is_three_months_up_to_now(told: list[UsageEvent]):
    days = {event.time.date() for event in told}
    assert (min(days), max(days), len(days)) == (datetime(2026, 1, 20, tzinfo=UTC).date(), NOW.date(), DAYS)
    assert max(event.time for event in told) < NOW
    channels = Counter(event.channel for event in requests(told))
    assert channels["router"] > 12_000
    assert channels["deployment"] > 4_000


def requests(told: list[UsageEvent]) -> list[RequestCompleted]:
    return [event for event in told if isinstance(event, RequestCompleted)]


def test_something_is_new_and_something_has_ended_since_the_period_before(told: list[UsageEvent]):
    now, before = NOW - timedelta(days=31), NOW - timedelta(days=62)
    late = [event for event in requests(told) if event.time >= now]
    early = [event for event in requests(told) if before <= event.time < now]

    def only_in(some: list[RequestCompleted], others: list[RequestCompleted]) -> dict[str, set[str | None]]:
        return {field: {getattr(event, field) for event in some} - {getattr(event, field) for event in others} for field in FIELDS}

    assert only_in(early, late) == {
        "model": {"mistral-large", "mistral-7b"},
        "provider": {"mistral"},
        "api_key": {"key-pilot"},
        "deployment": {"assistant-v1"},
    }
    assert len(late) > len(early) > 5_000
    assert len({event.api_key for event in late}) == 5
    assert {event.status_code for event in late} == {200, 400, 429, 500, 503}


FIELDS = ("model", "provider", "api_key", "deployment")


def test_corrections_and_voids_are_of_requests_that_were_told_before_them(told: list[UsageEvent]):
    amended = [event for event in told if isinstance(event, RequestCorrected | RequestVoided)]
    kinds = Counter(type(event) for event in amended)
    assert kinds[RequestCorrected] > 10
    assert kinds[RequestVoided] > 5
    index = {event.originator_id: i for i, event in enumerate(told) if isinstance(event, RequestCompleted)}
    for i, event in enumerate(told):
        if isinstance(event, RequestCorrected | RequestVoided):
            assert index[event.originator_id] < i


def test_every_request_through_the_router_has_a_fee(told: list[UsageEvent], priced: list[UsageEvent]):
    book = PriceBook(Price.of(i, event) for i, event in enumerate(priced) if isinstance(event, PriceSet))
    routed = [event for event in requests(told) if event.channel == "router"]
    fees = [rate(book, request, len(priced)).fee for request in routed]
    assert None not in fees
    assert {request.model for request, fee in zip(routed, fees, strict=True) if fee} == {request.model for request in routed}


def test_gpu_prices_are_in_force_from_the_first_day_where_the_log_begins_with_the_sample(database_url: str):
    with closing(Ledger(database_url)) as ledger, ledger.connection() as connection:
        # Given a log that is empty
        begin(ledger)
        begin(ledger)  # again changes nothing
        ledger.record([request_completed()])
        appends = connection.execute("SELECT position, recorded_at FROM cell_0.ledger_appends ORDER BY position").fetchall()
        (since,) = connection.execute("SELECT created_at FROM tallygraph.accounts").fetchall()
    # Then its first append holds the prices, and is dated on the sample's first day; what is told after it is dated when it is told
    assert [append["position"] for append in appends] == [len([*prices(NOW)]), len([*prices(NOW)]) + 1]
    assert appends[0]["recorded_at"] == first_day(since["created_at"])
    assert appends[1]["recorded_at"] > since["created_at"]


def test_deployments_live_without_a_contradiction_and_answer_while_they_run(told: list[UsageEvent], priced: list[UsageEvent]):
    events: dict[str, list[DeploymentEvent]] = {}
    for event in told:
        if isinstance(event, DeploymentEvent):
            events.setdefault(event.deployment, []).append(event)
    lives = {key: fold(of_one) for key, of_one in events.items()}
    assert [(key, life.contradictions) for key, life in lives.items() if life.contradictions] == []
    assert Counter(life.kind for life in lives.values()) == {"deployment": 7, "fine_tuning": 5}
    assert {life.gpu_type for life in lives.values()} == {event.gpu_type for event in priced if isinstance(event, GpuPriceSet)}
    now = microseconds(NOW)
    assert {key: status_at(life.phases, now) for key, life in lives.items()} == {
        "chat-prod": Status.RUNNING,
        "embeddings": Status.RUNNING,
        "code-assist": Status.RUNNING,
        "assistant-v1": Status.SUCCEEDED,
        "summaries": Status.STOPPED,
        "captions": Status.FAILED,
        "voice": Status.PENDING,
        "support-tuning": Status.SUCCEEDED,
        "support-tuning-2": Status.SUCCEEDED,
        "tone-tuning": Status.SUCCEEDED,
        "code-tuning": Status.FAILED,
        "code-tuning-2": Status.SUCCEEDED,
    }
    answered = [event for event in requests(told) if event.deployment is not None]
    assert {event.deployment for event in answered} == {"chat-prod", "embeddings", "code-assist", "assistant-v1", "summaries"}
    assert [event for event in answered if not is_running(lives[event.deployment or ""].phases, event.occurred_at)] == []

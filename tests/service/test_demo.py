"""The sample account: the same day tells the same month, all of it acceptable, priced, and lived without a contradiction."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from domain.access import Scope
from domain.deployment_events import DeploymentEvent
from domain.events import RequestCompleted, UsageEvent, microseconds
from domain.lifecycle import fold
from domain.phases import Status, is_running, status_at
from domain.price_events import GpuPriceSet, PriceSet
from domain.prices import Price, PriceBook
from domain.rating import rate
from ingest.cloudevents import parse
from ingest.outcomes import Sender
from service.demo import ACCOUNT, first_day, usage
from service.demo_prices import prices

NOW = datetime(2026, 4, 21, 16, 30, tzinfo=UTC)


def heard(event: dict[str, Any], sender: Sender) -> UsageEvent:
    return parse(msgspec.json.encode(event), sender, microseconds(NOW))


@pytest.fixture(scope="module")
def told() -> list[UsageEvent]:
    return [heard(event, Sender(ACCOUNT)) for event in usage(NOW)]


@pytest.fixture(scope="module")
def priced() -> list[UsageEvent]:
    return [heard(event, Sender(None, "", frozenset({Scope.OPERATE}))) for event in prices(first_day(NOW))]


def test_once_the_same_day_tells_the_same_events(told: list[UsageEvent]):
    later = [heard(event, Sender(ACCOUNT)) for event in usage(NOW + timedelta(hours=7)) if event["time"] < "2026-04-21T16:30"]
    assert later == told
    assert len({(event.source, event.id) for event in told}) == len(told)
    assert [event.occurred_at // 1000 for event in told] == sorted(event.occurred_at // 1000 for event in told)


def test_it_is_a_month_up_to_now(told: list[UsageEvent]):
    days = {event.time.date() for event in told}
    assert (min(days), max(days), len(days)) == (datetime(2026, 3, 22, tzinfo=UTC).date(), NOW.date(), 31)
    assert max(event.time for event in told) < NOW
    channels = Counter(event.channel for event in told if isinstance(event, RequestCompleted))
    assert channels["router"] > 10_000
    assert channels["deployment"] > 2_000


def test_every_request_through_the_router_has_a_fee(told: list[UsageEvent], priced: list[UsageEvent]):
    book = PriceBook(Price.of(i, event) for i, event in enumerate(priced) if isinstance(event, PriceSet))
    requests = [event for event in told if isinstance(event, RequestCompleted) and event.channel == "router"]
    fees = [rate(book, request, len(priced)).fee for request in requests]
    assert None not in fees
    assert {request.model for request, fee in zip(requests, fees, strict=True) if fee} == {request.model for request in requests}


def test_deployments_live_without_a_contradiction_and_answer_while_they_run(told: list[UsageEvent], priced: list[UsageEvent]):
    events: dict[str, list[DeploymentEvent]] = {}
    for event in told:
        if isinstance(event, DeploymentEvent):
            events.setdefault(event.deployment, []).append(event)
    lives = {key: fold(of_one) for key, of_one in events.items()}
    assert [(key, life.contradictions) for key, life in lives.items() if life.contradictions] == []
    assert Counter(life.kind for life in lives.values()) == {"deployment": 3, "fine_tuning": 1}
    assert {life.gpu_type for life in lives.values()} == {event.gpu_type for event in priced if isinstance(event, GpuPriceSet)}
    now = microseconds(NOW)
    assert {key: status_at(life.phases, now) for key, life in lives.items()} == {
        "chat-prod": Status.RUNNING,
        "embeddings": Status.RUNNING,
        "code-assist": Status.RUNNING,
        "support-tuning": Status.SUCCEEDED,
    }
    answered = [event for event in told if isinstance(event, RequestCompleted) and event.deployment is not None]
    assert {event.deployment for event in answered} == {key for key, life in lives.items() if life.kind == "deployment"}
    assert [event for event in answered if not is_running(lives[event.deployment or ""].phases, event.occurred_at)] == []

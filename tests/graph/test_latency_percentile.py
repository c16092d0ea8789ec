"""Percentiles of latency: exact, of every request that has one, and asked for once however many there are."""

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from projections import router_latencies
from tests.events import at, corrected, request_completed, voided
from tests.graph.conftest import Service

DAY = '{from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}'


async def percentiles(service: Service, *percents: float, arguments: str = "", **variables: Any) -> list[float | None]:
    fields = " ".join(f"p{i}: latencyPercentile(p: {percent})" for i, percent in enumerate(percents))
    query = f"query($at: Position) {{ account {{ routerUsage(range: {DAY} asOf: $at {arguments}) {{ {fields} }} }} }}"
    return [*(await service.ask(query, **variables))["account"]["routerUsage"].values()]


def interpolated(latencies: list[int], percent: float) -> float:
    """Seconds, by the definition, in fractions."""
    place = (len(latencies) - 1) * Fraction(percent) / 100
    low, high = (sorted(latencies)[min(int(place) + i, len(latencies) - 1)] for i in (0, 1))
    return float((low + (high - low) * (place - int(place))) / 10**9)


async def test_percentiles_lie_between_neighbours_of_all_requests_with_a_latency_failed_ones_too(service: Service):
    random = Random(7)
    latencies = [random.choice((0, 5_000_000, random.randrange(10**10))) for _ in range(60)]
    requests = [request_completed(at("09:00"), latency_ns=each, status_code=random.choice((200, 500))) for each in latencies]
    service.record(
        *requests,
        request_completed(at("09:00"), latency_ns=None),
        request_completed(at("09:00"), latency_ns=10**12, channel="deployment", deployment="gpu-1"),
        request_completed(at("00:00", "2026-04-22"), latency_ns=10**12),
        request_completed(at("09:00"), latency_ns=10**12, account="rival"),
    )
    percents = [0.001, 1, 12.5, 50, 66.6, 90, 95, 99, 99.9, 99.999]
    expected = [interpolated(latencies, each) for each in percents]
    assert await percentiles(service, *percents) == pytest.approx(expected, rel=1e-12)


async def test_of_one_latency_every_percentile_is_that_and_of_none_it_is_unknown(service: Service):
    service.record(request_completed(at("09:00"), latency_ns=None))
    assert await percentiles(service, 1, 50, 99) == [None, None, None]
    service.record(request_completed(at("09:00"), latency_ns=1_500_000_000))
    assert await percentiles(service, 1, 50, 99) == [1.5, 1.5, 1.5]


async def test_a_filter_and_corrections_hold_and_the_past_is_as_it_was(service: Service):
    slow, quick = (request_completed(at("09:00"), latency_ns=seconds * 10**9) for seconds in (9, 1))
    then = service.record(slow, quick, request_completed(at("09:00"), model="claude", latency_ns=5 * 10**9))
    service.record(voided(slow), corrected(quick, latency_ns=2 * 10**9))
    filter = 'filter: {models: ["gpt-4o"]}'
    assert await percentiles(service, 50) == [3.5]
    assert await percentiles(service, 50, arguments=filter) == [2.0]
    assert await percentiles(service, 50, at=then) == [5.0]
    assert await percentiles(service, 50, arguments=filter, at=then) == [5.0]
    price = '{model: "gpt-4o", direction: INPUT, category: "prompt", unitPrice: "1", effectiveFrom: "2026-01-01T00:00:00Z"}'
    prices = f"{filter} prices: [{price}]"
    assert await percentiles(service, 50, arguments=prices) == [2.0]  # which cost otherwise, and take as long


@pytest.mark.parametrize("percent", ["0", "100", "-1", "1e9"])
async def test_a_percentage_that_leaves_no_part_is_refused(service: Service, percent: str):
    error = await service.refusal(f"{{ account {{ routerUsage(range: {DAY}) {{ latencyPercentile(p: {percent}) }} }} }}")
    assert (error["code"], error["field"]) == ("BAD_INPUT", ["p"])


async def test_any_number_of_percentiles_is_one_query_and_none_is_none(service: Service):
    await percentiles(service, 50, 90, 99)
    [query] = service.snapshots.asked
    assert "percentile_cont" in query
    await service.ask(f"{{ account {{ routerUsage(range: {DAY}) {{ totalRequests averageLatency }} }} }}")
    assert not any("percentile_cont" in query for query in service.snapshots.asked[1:])


async def test_bounded_requests_of_a_percentile_and_a_filter_helps(service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(router_latencies, "MAX_PERCENTILE_REQUESTS", 2)
    service.record(*(request_completed(at("09:00"), model=model, latency_ns=10**9) for model in ("a", "b", "b")))
    error = await service.refusal(f"{{ account {{ routerUsage(range: {DAY}) {{ latencyPercentile(p: 50) }} }} }}")
    assert (error["code"], error["field"]) == ("RANGE_TOO_LARGE", ["range"])
    assert "MAX_PERCENTILE_REQUESTS" in error["message"]
    assert await percentiles(service, 50, arguments='filter: {models: ["b"]}') == [1.0]

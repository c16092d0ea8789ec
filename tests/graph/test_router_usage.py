"""Figures of a range: what they are, what they are when there is nothing, and what ranges are refused."""

from datetime import datetime
from typing import Any

from tests.events import at, request_completed
from tests.graph.conftest import Service

DAY = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
USAGE = """
    query($range: TimeRange!, $filter: RouterFilter) { account { routerUsage(range: $range, filter: $filter) {
        totalRequests totalTokens usedModels averageLatency successRate errorCount totalFee throughput
        input { category label count unit fee } output { category label count unit fee }
        dataState { unpricedRequests estimatedRequests unknownTokenRequests }
    } } }"""
REQUESTS = "query($range: TimeRange!, $filter: RouterFilter) { account { routerUsage(range: $range, filter: $filter) { totalRequests } } }"


async def usage(service: Service, query: str = USAGE, range: dict[str, str] = DAY, **variables: Any) -> dict[str, Any]:
    data = await service.ask(query, range=range, **variables)
    return data["account"]["routerUsage"]


async def test_every_figure_of_a_range(service: Service):
    # Given a request with every kind of usage, one that failed, one that tells nothing, and one of a deployment
    service.record(
        request_completed(
            at("09:00"),
            input=(("cached", "token", 1024), ("prompt", "token", 310)),
            output=(("completion", "token", 95), ("image", "image", 2), ("reasoning", "token", 64)),
            latency_ns=1_000_000_000,
            usage_source="estimated",
        ),
        request_completed(at("10:00"), model="claude", latency_ns=2_500_000_000, status_code=500),
        request_completed(at("11:00"), input=None, output=None, latency_ns=None),
        request_completed(at("12:00"), channel="deployment", deployment="gpu-1"),
        request_completed(at("00:00", "2026-04-22")),
    )
    # Then the deployment's is not the router's, and the range ends before its end
    assert await usage(service) == {
        "totalRequests": 3,
        "totalTokens": 1024 + 310 + 95 + 64 + 15,
        "usedModels": 2,
        "averageLatency": 1.75,
        "successRate": 100 * 2 / 3,
        "errorCount": 1,
        "totalFee": None,
        "throughput": 3 / 86_400,
        "input": [
            {"category": "prompt", "label": "Prompt tokens", "count": 320, "unit": "token", "fee": None},
            {"category": "cached", "label": "Cached tokens", "count": 1024, "unit": "token", "fee": None},
        ],
        "output": [
            {"category": "completion", "label": "Completion tokens", "count": 100, "unit": "token", "fee": None},
            {"category": "reasoning", "label": "Reasoning tokens", "count": 64, "unit": "token", "fee": None},
            {"category": "image", "label": "Images", "count": 2, "unit": "image", "fee": None},
        ],
        "dataState": {"unpricedRequests": 3, "estimatedRequests": 1, "unknownTokenRequests": 1},
    }


async def test_without_requests_counts_are_zero_and_averages_are_unknown(service: Service):
    service.record(request_completed(at("09:00", "2026-04-20")))
    assert await usage(service) == {
        "totalRequests": 0,
        "totalTokens": 0,
        "usedModels": 0,
        "averageLatency": None,
        "successRate": None,
        "errorCount": 0,
        "totalFee": "0",
        "throughput": 0.0,
        "input": [],
        "output": [],
        "dataState": {"unpricedRequests": 0, "estimatedRequests": 0, "unknownTokenRequests": 0},
    }


async def test_before_anything_was_recorded_there_is_an_answer_too(service: Service):
    found = await usage(service)
    assert found["totalRequests"] == 0
    assert found["throughput"] is None  # nothing of the range is known to be past


async def test_throughput_is_of_the_part_of_the_range_that_is_past(service: Service):
    service.record(request_completed(at("09:00")))
    query = "query($range: TimeRange!) { account { routerUsage(range: $range) { throughput dataState { completeThrough } } } }"
    found = await usage(service, query, {"from": "2026-04-21T00:00:00Z", "to": "2190-01-01T00:00:00Z"})
    now = datetime.fromisoformat(found["dataState"]["completeThrough"])
    assert found["throughput"] == 1 / (now - at("00:00")).total_seconds()
    assert (await usage(service, query, {"from": "2189-01-01T00:00:00Z", "to": "2190-01-01T00:00:00Z"}))["throughput"] is None


async def test_the_state_says_which_place_in_the_log_the_figures_include(service: Service):
    position = service.record(request_completed(at("09:00")))
    service.record(request_completed(at("10:00")), project=False)
    query = "query($range: TimeRange!) { account { routerUsage(range: $range) { totalRequests dataState { position } } } }"
    assert await usage(service, query) == {"totalRequests": 1, "dataState": {"position": position}}


async def test_filters_choose_by_dimension_and_null_chooses_what_has_none(service: Service):
    service.record(
        request_completed(at("09:00")),
        request_completed(at("09:00"), provider="azure"),
        request_completed(at("10:00"), provider=None),
        request_completed(at("10:07"), model="claude", api_key=None, api_key_name=None),
    )
    choices: list[tuple[dict[str, Any], int]] = [
        ({}, 4),
        ({"models": None, "providers": None, "apiKeys": None}, 4),
        ({"models": ["gpt-4o"]}, 3),
        ({"models": []}, 0),
        ({"models": ["gpt-4"]}, 0),
        ({"providers": ["azure"]}, 1),
        ({"providers": [None]}, 1),
        ({"providers": [None, "azure"]}, 2),
        ({"apiKeys": ["key-7"]}, 3),
        ({"apiKeys": [None]}, 1),
        ({"apiKeys": [None], "models": ["gpt-4o"]}, 0),
    ]
    cut = {"from": "2026-04-21T08:59:59Z", "to": "2026-04-21T10:08:00Z"}
    for filter, requests in choices:
        assert await usage(service, REQUESTS, filter=filter) == {"totalRequests": requests}
        assert await usage(service, REQUESTS, cut, filter=filter) == {"totalRequests": requests}


async def test_two_aliases_of_one_field_are_two_questions(service: Service):
    service.record(request_completed(at("09:00")), request_completed(at("10:00"), model="claude"))
    data = await service.ask(
        """query($range: TimeRange!) { account {
            one: routerUsage(range: $range, filter: {models: ["claude"]}) { totalTokens }
            all: routerUsage(range: $range) { requests: totalRequests totalTokens }
        } }""",
        range=DAY,
    )
    assert data["account"] == {"one": {"totalTokens": 15}, "all": {"requests": 2, "totalTokens": 30}}


async def test_a_range_that_makes_no_sense_is_refused_with_its_field(service: Service):
    for start, end, field, words in (
        ("2026-04-21T00:00:00Z", "2026-04-21T00:00:00Z", "from", "range.from must be before range.to"),
        ("2026-04-22T00:00:00Z", "2026-04-21T00:00:00+05:45", "from", "range.from must be before range.to"),
        ("1969-12-31T23:59:59Z", "2026-04-21T00:00:00Z", "from", "range.from must lie in the years 1970 to 2200"),
        ("2026-04-21T00:00:00Z", "2200-01-01T00:00:00.000001Z", "to", "range.to must lie in the years 1970 to 2200"),
    ):
        error = await service.refusal(REQUESTS, range={"from": start, "to": end})
        assert (error["code"], error["field"]) == ("BAD_INPUT", ["range", field])
        assert words in error["message"]


async def test_the_widest_range_is_answered(service: Service):
    service.record(request_completed(at("09:00")))
    assert await usage(service, REQUESTS, {"from": "1970-01-01T00:00:00Z", "to": "2200-01-01T00:00:00Z"}) == {"totalRequests": 1}

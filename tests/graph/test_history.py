"""History: each filter, each order, both directions of paging, and what one request shows."""

from itertools import product
from typing import Any

import pytest

from domain.events import Outcome, RequestCompleted, UsageEvent
from graph.deployment import deployment
from tests.events import at, parsed, report, request_completed
from tests.graph.conftest import Service, viewer_of

DAY = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
HISTORY = """
    query($range: TimeRange!, $filter: HistoryFilter, $orderBy: HistoryOrder, $first: Int, $after: String, $last: Int, $before: String) {
        account { history(range: $range, filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
            edges { cursor node { eventId timestamp latency timeToFirstToken totalTokens fee } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
            totalCount
        } }
    }"""
ACCOUNT = viewer_of("acme:").account_id


async def page(service: Service, range: dict[str, str] = DAY, **variables: Any) -> dict[str, Any]:
    data = await service.ask(HISTORY, range=range, **variables)
    found = data["account"]["history"]
    cursors = [each["cursor"] for each in found["edges"]]
    ends = (cursors[0], cursors[-1]) if cursors else (None, None)
    assert (found["pageInfo"]["startCursor"], found["pageInfo"]["endCursor"]) == ends
    return found


async def ids(service: Service, **variables: Any) -> list[str]:
    return [each["node"]["eventId"] for each in (await page(service, **variables))["edges"]]


# ---------------------------------------------------------------- one request
ONE = """
    query($range: TimeRange!) { account { history(range: $range) { nodes {
        requestId source eventId version requestType model modelVersion provider technology channel apiKey { id name } deployment { id key }
        inputTokens outputTokens totalTokens input { category label count unit fee } output { label count } timeToFirstToken latency
        gatewayLatency timestamp statusCode errorMessage fee voided events { position type version time source eventId data }
    } } } }"""


async def test_a_request_shows_all_that_was_reported(service: Service):
    position = service.record(
        request_completed(
            at("09:00:00.25"),
            id="e-1",
            request_id="r-1",
            request_type="chat",
            model_version="2024-08-06",
            technology="LLM",
            channel="deployment",
            deployment="gpu-1",
            ttft_ns=212_500_000,
            latency_ns=1_840_000_000,
            gateway_latency_ns=4_100_000,
            status_code=503,
            error_message="Overloaded",
        )
    )
    data = await service.ask(ONE, range=DAY)
    [found] = data["account"]["history"]["nodes"]
    assert ACCOUNT is not None
    assert found == {
        "requestId": "r-1",
        "source": "router/eu-1",
        "eventId": "e-1",
        "version": 1,
        "requestType": "chat",
        "model": "gpt-4o",
        "modelVersion": "2024-08-06",
        "provider": "openai",
        "technology": "LLM",
        "channel": "DEPLOYMENT",
        "apiKey": {"id": "key-7", "name": "team-a"},
        "deployment": {"id": deployment_id("gpu-1"), "key": "gpu-1"},
        "inputTokens": 10,
        "outputTokens": 5,
        "totalTokens": 15,
        "input": [{"category": "prompt", "label": "Prompt tokens", "count": 10, "unit": "token", "fee": None}],
        "output": [{"label": "Completion tokens", "count": 5}],
        "timeToFirstToken": 212.5,
        "latency": 1840.0,
        "gatewayLatency": 4.1,
        "timestamp": "2026-04-21T09:00:00.250000Z",
        "statusCode": 503,
        "errorMessage": "Overloaded",
        "fee": None,
        "voided": False,
        "events": [
            {
                "position": position,
                "type": "request.completed",
                "version": 1,
                "time": "2026-04-21T09:00:00.250000Z",
                "source": "router/eu-1",
                "eventId": "e-1",
                "data": {
                    "request_type": "chat",
                    "request_id": "r-1",
                    "model": "gpt-4o",
                    "model_version": "2024-08-06",
                    "provider": "openai",
                    "technology": "LLM",
                    "channel": "deployment",
                    "deployment": "gpu-1",
                    "api_key": {"id": "key-7", "name": "team-a"},
                    "input": [{"category": "prompt", "quantity": 10, "unit": "token"}],
                    "output": [{"category": "completion", "quantity": 5, "unit": "token"}],
                    "ttft_ms": 212.5,
                    "latency_ms": 1840.0,
                    "gateway_latency_ms": 4.1,
                    "status_code": 503,
                    "error_message": "Overloaded",
                    "usage_source": "reported",
                },
            }
        ],
    }


async def test_unknown_is_null_and_none_is_empty(service: Service):
    service.record(
        RequestCompleted("acme", "s", "unknown", request_completed(at("09:00")).occurred_at, "m"),
        RequestCompleted("acme", "s", "none", request_completed(at("08:00")).occurred_at, "m", input=(), output=None),
    )
    data = await service.ask(ONE, range=DAY)
    unknown, none = data["account"]["history"]["nodes"]
    assert {name for name, value in unknown.items() if value is not None} == {
        *("requestId", "source", "eventId", "version", "model", "channel", "timestamp", "voided", "events")
    }
    assert (none["input"], none["output"], none["inputTokens"], none["outputTokens"], none["totalTokens"]) == ([], None, 0, None, 0)


def deployment_id(key: str, token: str = "acme:") -> str:
    account_id = viewer_of(token).account_id
    assert account_id is not None
    found = deployment(account_id, key)
    assert found is not None
    return found.id


# ---------------------------------------------------------------- filters
REQUESTS: list[UsageEvent] = [
    request_completed(at("01:00"), id="plain"),
    request_completed(at("02:00"), id="chat", request_id="r-9", request_type="chat", model_version="v1", technology="LLM"),
    request_completed(at("03:00"), id="claude", model="claude", provider="anthropic", api_key="key-8", api_key_name=None),
    request_completed(at("04:00"), id="nobody", provider=None, api_key=None, api_key_name=None),
    request_completed(at("05:00"), id="gpu", channel="deployment", deployment="gpu-1"),
    request_completed(at("06:00"), id="limited", status_code=429, error_message="Rate LIMIT of 50%_ reached"),
    request_completed(at("07:00"), id="broken", status_code=500, error_message="Übel"),
    request_completed(at("08:00"), id="hung up", status_code=None, error_message="timed out"),
    request_completed(at("09:00"), id="silent", status_code=None, latency_ns=None, ttft_ns=None),
    request_completed(at("10:00"), id="large", input=(("prompt", "token", 2**53),), output=(("completion", "token", 100),)),
    request_completed(at("11:00"), id="untold", input=None, output=None),
    request_completed(at("12:00"), id="half", input=None, output=(("completion", "token", 100),)),
    request_completed(at("13:00"), id="slow", ttft_ns=500_000_000, latency_ns=9_000_000_001, gateway_latency_ns=4_100_000),
]
ALL = [event.id for event in REQUESTS]


def but(*ids: str) -> list[str]:
    return [id for id in ALL if id not in ids]


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ALL),
    ({"requestId": "r-9"}, ["chat"]),
    ({"requestId": "plain"}, ["plain"]),
    ({"requestTypes": ["chat"]}, ["chat"]),
    ({"requestTypes": [None]}, but("chat")),
    ({"requestTypes": [None, "chat"]}, ALL),
    ({"requestTypes": []}, []),
    ({"models": ["claude", "none"]}, ["claude"]),
    ({"modelVersions": ["v1"]}, ["chat"]),
    ({"modelVersions": [None]}, but("chat")),
    ({"providers": ["anthropic"]}, ["claude"]),
    ({"providers": ["anthropic", None]}, ["claude", "nobody"]),
    ({"technologies": ["LLM"]}, ["chat"]),
    ({"technologies": [None]}, but("chat")),
    ({"apiKeys": ["key-8"]}, ["claude"]),
    ({"apiKeys": [None]}, ["nobody"]),
    ({"deployments": ["gpu-1"]}, ["gpu"]),
    ({"deployments": [deployment_id("gpu-1")]}, ["gpu"]),
    ({"deployments": [deployment_id("gpu-1", "rival:")]}, []),
    ({"deployments": ["gpu-2", None]}, but("gpu")),
    ({"channel": "ROUTER"}, but("gpu")),
    ({"channel": "DEPLOYMENT"}, ["gpu"]),
    ({"statusCodes": [429, 500]}, ["limited", "broken"]),
    ({"statusCodes": [None]}, ["hung up", "silent"]),
    ({"outcomes": ["SUCCESS"]}, but("limited", "broken", "hung up")),
    ({"outcomes": ["CLIENT_ERROR"]}, ["limited"]),
    ({"outcomes": ["SERVER_ERROR", "UNKNOWN_ERROR"]}, ["broken", "hung up"]),
    ({"outcomes": []}, []),
    ({"errorContains": "limit"}, ["limited"]),
    ({"errorContains": "ÜBEL"}, ["broken"]),
    ({"errorContains": "50%_ R"}, ["limited"]),
    ({"errorContains": "%"}, ["limited"]),
    ({"tokens": {"min": 16}}, ["large", "half"]),
    ({"tokens": {"max": 15}}, but("large", "half", "untold")),
    ({"tokens": {"min": 2**53 + 100, "max": str(2**53 + 100)}}, ["large"]),
    ({"inputTokens": {"min": 11}}, ["large"]),
    ({"inputTokens": {"max": 10}}, but("large", "untold", "half")),
    ({"outputTokens": {"min": 100, "max": 100}}, ["large", "half"]),
    ({"fee": {"min": "0.0"}}, []),
    ({"fee": {}}, ALL),
    ({"latency": {"min": 9000}}, ["slow"]),
    ({"latency": {"max": 9000.000001}}, but("silent")),
    ({"latency": {"max": 1840}}, but("silent", "slow")),
    ({"timeToFirstToken": {"min": 500, "max": 500}}, ["slow"]),
    ({"gatewayLatency": {"min": 4.1, "max": 4.1}}, ["slow"]),
    ({"includeVoided": True}, ALL),
    ({"channel": "ROUTER", "outcomes": ["SUCCESS"], "tokens": {"max": 99}, "apiKeys": ["key-7"]}, ["plain", "chat", "silent", "slow"]),
]  # fmt: skip


@pytest.mark.postgres
async def test_each_filter_chooses_what_it_says_and_nothing_else(service: Service):
    service.record(*REQUESTS)
    for filter, expected in FILTERS:
        found = await page(service, filter=filter, orderBy={"direction": "ASC"})
        assert [each["node"]["eventId"] for each in found["edges"]] == expected, filter
        assert found["totalCount"] == len(expected)


async def test_every_outcome_of_the_domain_can_be_filtered_by(service: Service):
    service.record(*REQUESTS)
    found = [id for outcome in Outcome for id in await ids(service, filter={"outcomes": [outcome.name]})]
    assert sorted(found) == sorted(ALL)


async def test_a_status_code_that_is_none_is_refused(service: Service):
    for code in (99, 600, -1, 2**31 - 1):
        error = await service.refusal(HISTORY, range=DAY, filter={"statusCodes": [200, code]})
        assert (error["code"], error["field"]) == ("BAD_INPUT", ["filter", "statusCodes"])
        assert str(code) in error["message"]


# ---------------------------------------------------------------- order and pages
ORDERED = [
    request_completed(at(f"0{i}:00"), id=str(i), latency_ns=latency, ttft_ns=ttft, input=tokens, output=None)
    for i, (latency, ttft, tokens) in enumerate(
        [
            (5_000_000, None, (("prompt", "token", 3),)),
            (None, 1, (("prompt", "token", 3),)),
            (5_000_000, None, None),
            (1, 7, (("prompt", "token", 9),)),
            (None, 7, None),
            (5_000_001, None, (("prompt", "token", 1),)),
        ]
    )
] + [request_completed(at("03:00"), id="also 3", latency_ns=1, ttft_ns=7, input=(("prompt", "token", 9),), output=None)]
KEYS = {
    "TIMESTAMP": "timestamp",
    "LATENCY": "latency",
    "TIME_TO_FIRST_TOKEN": "timeToFirstToken",
    "TOTAL_TOKENS": "totalTokens",
    "FEE": "fee",
}


@pytest.mark.postgres
async def test_both_directions_of_paging_give_the_whole_list_in_every_order(service: Service):
    service.record(*ORDERED)
    for field, direction in product(KEYS, ("ASC", "DESC")):
        order = {"field": field, "direction": direction}
        whole = await page(service, orderBy=order)
        keys = [each["node"][KEYS[field]] for each in whole["edges"]]
        known = [key for key in keys if key is not None]
        assert keys == sorted(known, reverse=direction == "DESC") + [None] * (len(keys) - len(known))
        for size in (1, 2, 3, 7):
            assert await forwards(service, size, orderBy=order) == whole["edges"]
            assert await backwards(service, size, orderBy=order) == whole["edges"]


async def forwards(service: Service, size: int, **variables: Any) -> list[dict[str, Any]]:
    found = await page(service, first=size, **variables)
    edges = found["edges"]
    assert not found["pageInfo"]["hasPreviousPage"]
    while found["pageInfo"]["hasNextPage"]:
        found = await page(service, first=size, after=found["pageInfo"]["endCursor"], **variables)
        assert found["pageInfo"]["hasPreviousPage"]
        assert found["totalCount"] == len(ORDERED)
        edges += found["edges"]
    return edges


async def backwards(service: Service, size: int, **variables: Any) -> list[dict[str, Any]]:
    found = await page(service, last=size, **variables)
    edges = found["edges"]
    assert not found["pageInfo"]["hasNextPage"]
    while found["pageInfo"]["hasPreviousPage"]:
        found = await page(service, last=size, before=found["pageInfo"]["startCursor"], **variables)
        assert found["pageInfo"]["hasNextPage"]
        edges = found["edges"] + edges
    return edges


async def test_without_an_order_the_newest_comes_first(service: Service):
    service.record(*REQUESTS)
    assert await ids(service) == ALL[::-1]
    assert await ids(service, orderBy={}) == ALL[::-1]
    assert await ids(service, first=2) == ALL[::-1][:2]
    assert await ids(service, last=2) == ALL[::-1][-2:]


async def test_a_page_of_none_says_whether_there_are_any(service: Service):
    service.record(*REQUESTS)
    assert await page(service, first=0) == {
        "edges": [],
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "totalCount": len(ALL),
    }


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"first": 1, "last": 1}, "last"),
        ({"first": 1, "before": "x"}, "before"),
        ({"last": 1, "after": "x"}, "after"),
        ({"first": 1001}, "first"),
        ({"last": -1}, "last"),
        ({"after": "not a cursor"}, "after"),
        ({"last": 1, "before": "ü"}, "before"),
    ],
)
async def test_arguments_that_make_no_page_are_refused(service: Service, arguments: dict[str, Any], field: str):
    error = await service.refusal(HISTORY, range=DAY, **arguments)
    assert (error["code"], error["field"]) == ("BAD_INPUT", [field])


async def test_a_cursor_is_good_for_its_filter_range_and_order_alone(service: Service):
    service.record(*REQUESTS)
    cursor = (await page(service, first=1))["pageInfo"]["endCursor"]
    assert await ids(service, after=cursor) == ALL[-2::-1]
    others: list[dict[str, Any]] = [
        {"range": {**DAY, "to": "2026-04-21T23:59:59Z"}},
        {"filter": {"channel": "ROUTER"}},
        {"filter": {"includeVoided": True}},
        {"orderBy": {"direction": "ASC"}},
        {"orderBy": {"field": "LATENCY"}},
    ]
    for other in others:
        error = await service.refusal(HISTORY, **({"range": DAY, "after": cursor} | other))
        assert (error["code"], error["field"]) == ("BAD_INPUT", ["after"])


async def test_only_the_order_by_time_takes_more_than_a_month(service: Service):
    service.record(*REQUESTS)
    month = {"from": "2026-03-31T22:00:00Z", "to": "2026-05-01T22:00:00Z"}
    longest = {"from": "2026-09-30T22:00:00Z", "to": "2026-10-31T23:00:00Z"}  # October in Berlin: 31 days and an hour
    for range, field in product((month, longest), KEYS):
        assert len(await ids(service, range=range, orderBy={"field": field})) == (len(ALL) if range is month else 0)
    longer = {"from": "2026-04-01T00:00:00Z", "to": "2026-05-02T01:00:01Z"}
    assert await ids(service, range=longer) == ALL[::-1]
    for field in KEYS.keys() - {"TIMESTAMP"}:
        error = await service.refusal(HISTORY, range=longer, orderBy={"field": field})
        assert (error["code"], error["field"]) == ("RANGE_TOO_LARGE", ["range"])
        assert "31 days" in error["message"]


async def test_an_event_with_more_than_we_know_is_shown_whole(service: Service):
    service.record(parsed(report(id="more", data={"colour": "green"})))
    data = await service.ask(ONE, range=DAY)
    [found] = data["account"]["history"]["nodes"]
    assert found["events"][0]["data"]["colour"] == "green"

"""Answers of the service are the same with plans and without, also those that are errors; and plans make them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from graph.endpoint import Endpoint
from graph.executor import COMPLETIONS, CompiledExecutor
from graph.schema import schema_with
from graph.wire import encode
from tests.events import at, price_set, request_completed
from tests.graph.conftest import READER, Service

RANGE = 'range: {from: "2026-04-21T09:00:00Z", to: "2026-04-21T11:00:00Z"}'
REQUEST = """__typename id requestId source eventId version requestType model modelVersion provider technology channel apiKey { id name }
    deployment { key } inputTokens outputTokens totalTokens input { category label count unit fee } output { label count } timeToFirstToken
    latency gatewayLatency timestamp statusCode errorMessage serviceTier fee reportedCost voided events { position type }"""
COLUMNS = """requestId source eventId version requestType model modelVersion provider technology channel inputTokens outputTokens
    totalTokens timestamp statusCode errorMessage serviceTier fee reportedCost voided"""
ORDERS = ("TIMESTAMP", "LATENCY", "TIME_TO_FIRST_TOKEN", "TOTAL_TOKENS", "FEE")
BUCKET = """time partial model provider apiKey { name } requests totalTokens input { category count fee } output { label } averageLatency
    successRate errorCount totalFee reportedCost unpricedRequests throughput"""
QUERIES = {
    "nodes": f"{{ account {{ history({RANGE}) {{ totalCount nodes {{ {REQUEST} }} pageInfo {{ hasNextPage endCursor }} }} }} }}",
    "columns": f"""{{ account {{ a: history({RANGE}) {{ totalCount nodes {{ {COLUMNS} }} pageInfo {{ hasNextPage startCursor endCursor }} }}
        b: history({RANGE}, last: 3) {{ edges {{ cursor node {{ again: model model ...Some }} }} }} }} }}
        fragment Some on Request {{ version ... on Request {{ fee }} }}""",
    "edges": f"{{ account {{ history({RANGE}, first: 10) {{ edges {{ cursor node {{ requestId ... on Node {{ id }} }} }} }} }} }}",
    "buckets": f"""{{ account {{ routerUsage({RANGE}) {{ totalRequests dataState {{ position completeThrough }}
        buckets(groupBy: [MODEL, API_KEY]) {{ nodes {{ {BUCKET} history(first: 2) {{ nodes {{ requestId }} }} }} }} }} }} }}""",
    "columns of buckets": f"""{{ account {{ routerUsage({RANGE}) {{ totalRequests
        buckets(interval: QUARTER_HOUR) {{ totalCount nodes {{ time again: time model apiKey {{ name key: id }} input {{ label fee }} }} }}
        by: buckets(interval: null, groupBy: []) {{ edges {{ cursor node {{ time requests }} }} }} }} }} }}""",
    "a count that is too large": f"""{{ account {{ routerUsage({RANGE}) {{ buckets {{ nodes {{ model output {{ count }} }} }} }} }} }}""",
    "edges the other way round": f"{{ account {{ history({RANGE}) {{ edges {{ n: node {{ model }} c: cursor }} }} }} }}",
    "nodes of edges alone": f"{{ account {{ history({RANGE}) {{ edges {{ node {{ model }} }} pageInfo {{ startCursor endCursor }} }} }} }}",
    "edges in two parts": f"{{ account {{ history({RANGE}) {{ edges {{ cursor }} edges {{ node {{ model }} cursor }} }} }} }}",
    "edges with their type": f"{{ account {{ history({RANGE}) {{ edges {{ __typename cursor node {{ model }} }} }} }} }}",
    "a cursor by two names": f"{{ account {{ history({RANGE}) {{ edges {{ a: cursor b: cursor node {{ model }} }} }} }} }}",
    "no edges": f"""{{ account {{ history({RANGE}, filter: {{models: ["none"]}}) {{ edges {{ cursor node {{ model }} }}
        pageInfo {{ endCursor }} }} }} }}""",
    "nodes by two names": f"{{ account {{ history({RANGE}) {{ a: nodes {{ x: model }} b: nodes {{ x: eventId }} }} }} }}",
    "a node by two names": f"{{ account {{ history({RANGE}) {{ edges {{ a: node {{ model }} b: node {{ fee }} }} }} }} }}",
    "edges by two names": f"{{ account {{ history({RANGE}) {{ a: edges {{ node {{ model }} }} b: edges {{ node {{ fee }} }} }} }} }}",
    "buckets by two names": f"{{ account {{ routerUsage({RANGE}) {{ buckets {{ a: nodes {{ model }} b: nodes {{ time }} }} }} }} }}",
    "an error beside": f"""{{ account {{ history({RANGE}, first: 20) {{ nodes {{ model }} }} }}
        other: account {{ history({RANGE}, first: 1001) {{ nodes {{ model }} }} }} }}""",
}


class Eager(CompiledExecutor):
    """Plans what it sees for the first time."""

    compile_after = 0


async def answers(endpoint: Endpoint, query: str, variables: dict[str, Any] | None = None) -> list[bytes]:
    """To the same document, asked three times: plans are made of what was asked before. What each cost is no part of it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://tallygraph") as client:
        headers = {"authorization": f"Bearer {READER}"}
        told = [(await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)).json() for _ in range(3)]
        return [encode([answer["data"], answer.get("errors")]) for answer in told]  # in the order of its fields


def by_plan() -> float:
    (metric,) = COMPLETIONS.collect()
    return next(each.value for each in metric.samples if each.name.endswith("_total") and each.labels["by"] == "plan")


@pytest.mark.parametrize("query", QUERIES)
async def test_an_answer_is_the_same_with_plans_and_without(service: Service, query: str):
    service.record(
        *(request_completed(at("09:30"), id=f"r{i}", model=f"m{i % 3}") for i in range(20)),
        *(request_completed(at("10:10"), id=f"s{i}") for i in range(20)),
        *(request_completed(at("09:10"), model="large", output=(("completion", "token", 2**62),)) for _ in range(2)),
    )
    plain, eager = (Endpoint(schema_with(executor), service.endpoint.open_context) for executor in (None, Eager))
    expected, made = await answers(plain, QUERIES[query]), by_plan()
    assert await answers(service.endpoint, QUERIES[query]) == expected
    assert await answers(eager, QUERIES[query]) == expected
    assert by_plan() > made


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (
            f"query ($b: Boolean!) {{ account {{ history({RANGE}) {{ nodes {{ model @skip(if: $b) }} edges {{ node {{ fee }} }} }} }} }}",
            {"b": True},
        ),
        ("query ($x: Boolean = true) { viewer { tokenName account { key @skip(if: $x) } } }", {"x": None}),
    ],
)
async def test_what_a_switch_leaves_is_the_same_with_plans_and_without(service: Service, query: str, variables: dict[str, Any]):
    service.record(request_completed(at("09:30")))
    plain, eager = (Endpoint(schema_with(executor), service.endpoint.open_context) for executor in (None, Eager))
    assert await answers(eager, query, variables) == await answers(plain, query, variables)


async def test_buckets_without_a_line_take_one_statement(service: Service):
    service.record(request_completed(at("09:30"), input=None, output=None))
    eager = Endpoint(schema_with(Eager), service.endpoint.open_context)
    service.snapshots.asked.clear()
    await answers(eager, f"{{ account {{ routerUsage({RANGE}) {{ buckets {{ nodes {{ model input {{ label }} }} }} }} }} }}")
    assert len(service.snapshots.asked) == 3, "one for each time that it was asked"


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]) | st.sampled_from('"\\\b\t\n\x1f\x7f\u2028'), min_size=1)
COUNTS = st.none() | st.integers(0, 2**53).map(lambda count: (("prompt", "token", count),))


@given(data=st.data())
@settings(max_examples=15, phases=[Phase.generate])
async def test_whatever_columns_hold_postgres_writes_it_as_we_do(service: Service, data: st.DataObject):
    fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {"model": TEXTS, "input": COUNTS, "output": COUNTS, "latency_ns": st.none() | st.integers(0, 10**12)},
        optional=dict.fromkeys(("request_type", "model_version", "provider", "technology", "error_message", "service_tier"), TEXTS)
        | {"reported_cost": st.decimals(0, 10**6, places=9).map(str), "status_code": st.integers(100, 599)},
    )
    told = data.draw(st.lists(st.tuples(st.integers(0, 3_599_999_999), fields), min_size=1, max_size=5))
    service.record(*(request_completed(at("09:00") + timedelta(microseconds=moment), **each) for moment, each in told))
    order, way = data.draw(st.sampled_from(ORDERS)), data.draw(st.sampled_from(["nodes {", "edges { cursor node {"]))
    end, direction = data.draw(st.sampled_from(["first", "last"])), data.draw(st.sampled_from(["ASC", "DESC"]))
    query = f"""{{ account {{ history({RANGE}, {end}: 50, orderBy: {{field: {order}, direction: {direction}}}) {{
        {way} {COLUMNS} {"}" * way.count("{")} }} }} }}"""
    await _is_drawn(service, query)


COUNT_OF_A_LINE = st.integers(0, 2**53)
SIDES = {
    side: st.none() | st.lists(st.tuples(st.sampled_from(categories), st.just("token"), COUNT_OF_A_LINE), unique_by=lambda line: line[0])
    for side, categories in {"input": ["prompt", "cached", "B", "a"], "output": ["completion", "image", "ä"]}.items()
}
BUCKETS = """time model provider apiKey { id name } requests totalTokens input { category label count unit fee }
    output { unit label category count fee } errorCount totalFee reportedCost unpricedRequests"""


@given(data=st.data())
@settings(max_examples=15, phases=[Phase.generate])
async def test_whatever_buckets_hold_postgres_writes_it_as_we_do(service: Service, data: st.DataObject):
    fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {name: side.map(lambda lines: None if lines is None else tuple(lines)) for name, side in SIDES.items()},
        optional=dict.fromkeys(("model", "provider", "api_key", "api_key_name"), TEXTS)
        | {"reported_cost": st.decimals(0, 10**6, places=9).map(str), "status_code": st.sampled_from([200, 400, 500])},
    )
    told = data.draw(st.lists(st.tuples(st.integers(0, 3_599), fields), min_size=1, max_size=5))
    service.record(
        price_set(data.draw(st.sampled_from(["gpt-4o", "a"])), unit_price=str(data.draw(st.decimals(0, 1, places=8)))),
        *(request_completed(at("09:00") + timedelta(seconds=moment), **each) for moment, each in told),
    )
    order = data.draw(st.sampled_from(["TIME", "REQUESTS", "TOTAL_TOKENS", "TOTAL_FEE", "ERROR_COUNT", "AVERAGE_LATENCY"]))
    interval, direction = data.draw(st.sampled_from(["HOUR", "QUARTER_HOUR", "null"])), data.draw(st.sampled_from(["ASC", "DESC"]))
    groups = ", ".join(data.draw(st.lists(st.sampled_from(["MODEL", "PROVIDER", "API_KEY"]), unique=True)))
    query = f"""{{ account {{ routerUsage({RANGE}) {{ buckets(interval: {interval}, groupBy: [{groups}],
        orderBy: {{field: {order}, direction: {direction}}}) {{ edges {{ cursor node {{ {BUCKETS} }} }} }} }} }} }}"""
    await _is_drawn(service, query)


async def _is_drawn(service: Service, query: str) -> None:
    plain, eager = (Endpoint(schema_with(executor), service.endpoint.open_context) for executor in (None, Eager))
    service.snapshots.asked.clear()
    assert await answers(eager, query) == await answers(plain, query)
    assert any("AS drawn" in text for text in service.snapshots.asked)

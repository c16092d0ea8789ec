"""As billed, on real input: calls rated with the price lists of their time, against what their reporter thought they cost."""

import asyncio
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from benchmarks.traces import batches, data, totals
from domain.access import Scope
from ingest.litellm_prices import price_events
from ingest.litellm_prices import read as read_list
from service.web import Parts
from tests.real_input.test_price_oracle import RELEASED
from tests.real_input.test_traces import client, parts, project, send  # noqa: F401 - parts is a fixture

RANGE = {"from": "2024-08-01T00:00:00Z", "to": "2025-03-01T00:00:00Z"}
BY_MODEL_AND_DAY = """query($range: TimeRange!, $after: String) { account { routerUsage(range: $range) {
    totalRequests totalFee reportedCost dataState { unpricedRequests }
    buckets(interval: DAY, groupBy: [MODEL], first: 1000, after: $after) {
        nodes { time model requests totalFee reportedCost unpricedRequests } pageInfo { hasNextPage endCursor } } } } }"""
CALLS = """query($range: TimeRange!, $after: String) { account { history(range: $range, first: 1000, after: $after) {
    nodes { fee reportedCost errorMessage model timestamp } pageInfo { hasNextPage endCursor } } } }"""
SAME = Decimal("1e-9")  # relative: the reports were worked out in floats


async def tell_prices(operator: httpx.AsyncClient) -> None:
    for version, released in RELEASED:
        found = read_list((data() / "prices" / f"litellm-{version}.json.gz").read_bytes())
        told = [msgspec.json.encode(event) for event in price_events(found.prices, released)]
        for batch in batches(told):
            response = await operator.post("/v1/events", content=b"\n".join(batch), headers={"Content-Type": "application/x-ndjson"})
            receipt = response.json()
            assert (receipt["recorded"], receipt["rejected"], receipt["conflicts"]) == (len(batch), [], [])


async def pages(reader: httpx.AsyncClient, query: str, *path: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The last answer, and the nodes of all pages."""
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        response = await reader.post("/graphql", json={"query": query, "variables": {"range": RANGE, "after": after}})
        answer = response.json()["data"]["account"]
        page = answer
        for name in path:
            page = page[name]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return answer, nodes
        after = page["pageInfo"]["endCursor"]


def reproduced(call: dict[str, Any]) -> bool:
    if call["fee"] is None:
        return False
    fee, cost = Decimal(call["fee"]), Decimal(call["reportedCost"])
    return abs(fee - cost) <= SAME * max(fee, cost)


async def test_as_billed_calls_are_rated_with_the_lists_of_their_time(parts: Parts, database_url: str):  # noqa: F811
    expected = totals("aider-2024")
    async with (
        client(parts, database_url, None, Scope.OPERATE) as operator,
        client(parts, database_url, None, Scope.INGEST) as door,
        client(parts, database_url, "aider", Scope.READ) as reader,
    ):
        await tell_prices(operator)
        await send(door, "aider-2024")
        await asyncio.to_thread(project, database_url)
        # Call by call: more than the 2,031 that exact names alone reproduce
        _, calls = await pages(reader, CALLS, "history")
        billable = [call for call in calls if call["reportedCost"] is not None and call["errorMessage"] is None]
        assert len(billable) == 2_669
        assert sum(map(reproduced, billable)) == 2_289
        assert sum(call["fee"] is None for call in billable) == 347
        # And reported against rated is a query by model and day, that adds up
        answer, buckets = await pages(reader, BY_MODEL_AND_DAY, "routerUsage", "buckets")
        usage = answer["routerUsage"]
        assert sum(bucket["requests"] for bucket in buckets) == usage["totalRequests"] == expected["requests"]
        assert sum(bucket["unpricedRequests"] for bucket in buckets) == usage["dataState"]["unpricedRequests"]
        for field, of_calls in (("totalFee", "fee"), ("reportedCost", "reportedCost")):
            sum_of_buckets = sum((Decimal(bucket[field] or 0) for bucket in buckets), Decimal(0))
            sum_of_calls = sum((Decimal(call[of_calls] or 0) for call in calls), Decimal(0))
            assert sum_of_buckets == Decimal(usage[field]) == sum_of_calls
        assert Decimal(usage["reportedCost"]) == Decimal(expected["reported_cost"])

"""Real traces, and what independent sums over them say: asked of GraphQL, figure by figure."""

import gzip
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import httpx

BATCH = 5_000

T = TypeVar("T")
ACCOUNTS = {
    "azure-conv": "azure",
    "mooncake-conversation": "mooncake",
    "llmperf": "llmperf",
    "aider-2024": "aider",
    "servegen-mm-image": "servegen",
}
PAGE = 1_000


def data() -> Path:
    """The folder with the traces: TALLYGRAPH_TRACES, or that beside the repository."""
    return Path(os.environ.get("TALLYGRAPH_TRACES") or Path(__file__).parents[2] / "shared" / "data")


def lines(trace: str, limit: int | None = None) -> list[bytes]:
    """The events of a trace, one CloudEvent in JSON each."""
    with gzip.open(data() / "traces" / f"{trace}.ndjson.gz") as file:
        return [line.rstrip(b"\n") for line in islice(file, limit)]


def deployment_lines(trace: str) -> list[bytes]:
    """The events of a trace of deployments, one CloudEvent in JSON each."""
    with gzip.open(data() / "deployments" / f"{trace}.ndjson.gz") as file:
        return [line.rstrip(b"\n") for line in file]


def totals(trace: str) -> dict[str, Any]:
    """What independent sums say."""
    return json.loads((data() / "totals.json").read_bytes())[trace]


def batches(items: list[T]) -> Iterator[list[T]]:
    """BATCH at a time."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


Figure = tuple[str, Any, Any]
"""A figure's name, what it should be, what GraphQL says."""


class Questions:
    """Asks about one trace. `client` bears a token that reads its account."""

    def __init__(self, client: httpx.AsyncClient, expected: dict[str, Any]) -> None:
        self._client = client
        self._expected = expected
        first, last = (datetime.fromisoformat(expected[end]) for end in ("first", "last"))
        self._range = {"from": first.isoformat(), "to": (last + timedelta(microseconds=1)).isoformat()}

    async def figures(self) -> AsyncIterator[Figure]:
        """Every figure that router usage and the ends of history tell."""
        expected = self._expected
        usage = await self._usage("""totalRequests totalTokens usedModels errorCount averageLatency
            input { category unit count } output { category unit count }
            byRequests: peak(interval: HOUR, by: REQUESTS) { time } byTokens: peak(interval: HOUR, by: TOTAL_TOKENS) { time }""")
        yield "requests", expected["requests"], usage["totalRequests"]
        yield "errors", expected["errors"], usage["errorCount"]
        yield "tokens", expected["input_tokens"] + expected["output_tokens"], usage["totalTokens"]
        yield "models", expected["models"], usage["usedModels"]
        yield "peak hour by requests", expected["peak_hour_by_requests"], usage["byRequests"]["time"]
        yield "peak hour by tokens", expected["peak_hour_by_tokens"], usage["byTokens"]["time"]
        for side in ("input", "output"):
            yield side, expected[side], {line["category"]: line["count"] for line in usage[side] if line["unit"] == "token"}
        yield "images", expected["images"], sum(line["count"] for line in usage["output"] if line["unit"] == "image")
        yield "hours", expected["hours"], await self._groups("interval: HOUR, groupBy: []", lambda bucket: bucket["time"])
        yield "by model", expected["by_model"], await self._groups("interval: null, groupBy: [MODEL]", lambda bucket: bucket["model"])
        by_key = await self._groups("interval: null, groupBy: [API_KEY]", lambda bucket: (bucket["apiKey"] or {"id": ""})["id"])
        yield "by API key", expected["by_api_key"], by_key
        yield "API keys", expected["api_keys"], len(by_key.keys() - {""})
        for name, direction in (("first", "ASC"), ("last", "DESC")):
            (request,) = (await self._history(f"orderBy: {{direction: {direction}}}, first: 1", "timestamp"))["nodes"]
            yield name, datetime.fromisoformat(expected[name]), datetime.fromisoformat(request["timestamp"])

    async def durations(self) -> AsyncIterator[Figure]:
        """Latency and time to first token, request by request."""
        requests = [each async for each in self._requests("latency timeToFirstToken")]
        for name, field in (("latency_ms", "latency"), ("ttft_ms", "timeToFirstToken")):
            values = sorted(each[field] for each in requests if each[field] is not None)
            expected = self._expected[name]
            yield f"{name} count", expected["count"], len(values)
            yield f"{name} average", Decimal(repr(expected["average"])), sum(map(_decimal, values)) / len(values)
            for percent in (50, 95, 99):
                yield f"{name} p{percent}", Decimal(repr(expected[f"p{percent}"])), _percentile(values, percent)

    async def reported_cost(self) -> Decimal:
        """What the reporters think it cost, from the events themselves."""
        costs = [
            Decimal(event["data"]["reported_cost"])
            async for request in self._requests("events { data }", page=200)
            for event in request["events"]
            if "reported_cost" in event["data"]
        ]
        return sum(costs, Decimal())

    async def _groups(self, arguments: str, name: Callable[[dict[str, Any]], str]) -> dict[str, dict[str, int]]:
        groups: dict[str, dict[str, int]] = {}
        after = None
        while True:
            usage = await self._usage(
                f"""buckets({arguments}, first: {PAGE}, after: $after) {{
                    nodes {{ time model apiKey {{ id }} requests errorCount
                        input {{ unit count }} output {{ unit count }} }}
                    pageInfo {{ hasNextPage endCursor }} }}""",
                after=after,
            )
            for bucket in usage["buckets"]["nodes"]:
                groups[name(bucket)] = {
                    "requests": bucket["requests"],
                    "errors": bucket["errorCount"],
                    "input_tokens": _sum(bucket["input"], "token"),
                    "output_tokens": _sum(bucket["output"], "token"),
                    "images": _sum(bucket["output"], "image"),
                }
            page = usage["buckets"]["pageInfo"]
            if not page["hasNextPage"]:
                return groups
            after = page["endCursor"]

    async def _requests(self, fields: str, page: int = PAGE) -> AsyncIterator[dict[str, Any]]:
        after = None
        while True:
            found = await self._history(f"first: {page}, after: $after", fields, after=after)
            for request in found["nodes"]:
                yield request
            if not found["pageInfo"]["hasNextPage"]:
                return
            after = found["pageInfo"]["endCursor"]

    async def _usage(self, fields: str, **variables: Any) -> dict[str, Any]:
        return await self._ask("routerUsage(range: $range)", fields, variables)

    async def _history(self, arguments: str, fields: str, **variables: Any) -> dict[str, Any]:
        selection = f"nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }}"
        return await self._ask(f"history(range: $range, {arguments})", selection, variables)

    async def _ask(self, field: str, selection: str, variables: dict[str, Any]) -> dict[str, Any]:
        parameters = "$range: TimeRange!" + (", $after: String" if "after" in variables else "")
        query = f"query ({parameters}) {{ viewer {{ account {{ {field} {{ {selection} }} }} }} }}"
        response = await self._client.post("/graphql", json={"query": query, "variables": {"range": self._range, **variables}})
        answer = response.json()
        assert "errors" not in answer, answer["errors"]
        return next(iter(answer["data"]["viewer"]["account"].values()))


def _sum(lines: list[dict[str, Any]], unit: str) -> int:
    return sum(line["count"] for line in lines if line["unit"] == unit)


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def _percentile(values: list[float], percent: int) -> Decimal:
    """By linear interpolation between the neighbours."""
    place = Decimal(len(values) - 1) * percent / 100
    below = int(place)
    low, high = _decimal(values[below]), _decimal(values[min(below + 1, len(values) - 1)])
    return low + (high - low) * (place - below)

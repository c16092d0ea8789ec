"""How much of an answer's time is spent outside Postgres: the first page of history, and 31 days of hourly buckets by model and key."""

import time
from datetime import UTC, datetime, timedelta
from statistics import median

import httpx
import psycopg

from benchmarks.place import Place
from domain.access import Scope
from service import tokens
from service.settings import Settings
from service.web import Parts, application

TIMES = 20
QUERIES = {
    "first page of history (100 x 13 fields)": """query ($from: DateTime!, $to: DateTime!) { viewer { account {
        history(range: {from: $from, to: $to}, first: 100) { nodes {
            id requestId model provider technology apiKey { id name } inputTokens outputTokens totalTokens
            latency timestamp statusCode errorMessage } pageInfo { endCursor hasNextPage } } } } }""",
    "31 days, hourly, by model and key (1,000 buckets)": """query ($from: DateTime!, $to: DateTime!) { viewer { account {
        routerUsage(range: {from: $from, to: $to}) {
            buckets(interval: HOUR, groupBy: [MODEL, API_KEY], first: 1000) { nodes {
                time model apiKey { id name } requests totalTokens input { category count } output { category count }
                averageLatency successRate errorCount throughput } } } } } }""",
}


async def measure(place: Place) -> None:
    """Print the median answer of each query, and the share of it that is not Postgres'."""
    with psycopg.connect(place.database_url) as connection:
        token = tokens.create(connection, "queries", [Scope.READ], "servegen")
    parts = Parts(Settings(place.folder), place.database_url)
    start = datetime(2026, 4, 1, tzinfo=UTC)
    variables = {"from": start.isoformat(), "to": (start + timedelta(days=31)).isoformat()}
    transport = httpx.ASGITransport(application(parts))
    headers = {"Authorization": f"Bearer {token}"}
    async with parts.open(), httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
        for name, query in QUERIES.items():
            answers, waits = [], []
            for _ in range(TIMES):
                started = time.perf_counter()
                response = await client.post("/graphql", json={"query": query, "variables": variables})
                answers.append(time.perf_counter() - started)
                answer = response.json()
                assert "errors" not in answer, response.text
                waits.append(answer["extensions"]["cost"]["used"]["databaseMilliseconds"] / 1e3)
            outside = 1 - median(waits) / median(answers)
            print(f"{name:<52} {median(answers) * 1e3:7.1f} ms, {outside:4.0%} outside Postgres")

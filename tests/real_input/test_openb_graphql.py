"""The lives of 7,064 GPU pods go in through the HTTP door, and every figure that independent sums say comes out of GraphQL."""

import asyncio
import gzip
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from benchmarks.traces import PAGE, batches, data, totals
from domain.access import Scope
from projections.runner import Runner
from service import tokens
from service.settings import Settings
from service.web import Parts, application
from tests.real_input.present import needed

needed("traces", data())

FAR = "2100-01-01T00:00:00Z"


@pytest.fixture(params=["as it came", "shuffled"])
async def reader(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Reads the account of the trace, whose events have come in order, or in none, and in other batches."""
    with gzip.open(data() / "deployments" / "openb.ndjson.gz") as file:
        events = [line.rstrip(b"\n") for line in file]
    batch = 10_000
    if request.param == "shuffled":
        random.Random(7).shuffle(events)
        batch = 1_234
    parts = Parts(Settings(tmp_path), database_url)
    async with parts.open(), client(parts, database_url, None, Scope.INGEST) as door:
        for lines in batches(events):
            response = await door.post("/v1/events", content=b"\n".join(lines), headers={"Content-Type": "application/x-ndjson"})
            assert response.status_code == 200, response.text
            assert response.json()["recorded"] == len(lines)
        await asyncio.to_thread(project, database_url, batch)
        async with client(parts, database_url, "openb", Scope.READ) as reader:
            yield reader


def client(parts: Parts, database_url: str, account: str | None, *scopes: Scope) -> httpx.AsyncClient:
    with psycopg.connect(database_url) as connection:
        token = tokens.create(connection, "test", scopes, account)
    transport = httpx.ASGITransport(application(parts))
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers={"Authorization": f"Bearer {token}"}, timeout=60)


def project(database_url: str, batch: int) -> None:
    runner = Runner(database_url, batch=batch)
    with runner.connect() as connection:
        runner.catch_up(connection, runner.ensure_live(connection))


def let_it_be(database_url: str, now: str) -> None:
    """Let `now` be the now of every figure."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE cell_0.generations SET complete_through = %s", [now])


async def usage(reader: httpx.AsyncClient, selection: str, range: dict[str, Any], **variables: Any) -> dict[str, Any]:
    query = f"""query($range: TimeRange!, $filter: DeploymentFilter{", $after: String" if "after" in variables else ""}) {{
        account {{ deploymentUsage(range: $range, filter: $filter) {{ {selection} }} }} }}"""
    between = {"from": range["from"], "to": range["to"]}
    answer = (await reader.post("/graphql", json={"query": query, "variables": {"range": between, **variables}})).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]["account"]["deploymentUsage"]


async def rows(reader: httpx.AsyncClient, selection: str, range: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        query = f"deployments(first: {PAGE}, after: $after) {{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }}"
        page = (await usage(reader, query, range, after=after))["deployments"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def test_every_figure_of_the_trace_comes_out(reader: httpx.AsyncClient, database_url: str):
    expected = totals("openb")
    # Ranges
    let_it_be(database_url, FAR)
    for name, figures in expected["ranges"].items():
        found = await usage(reader, "allocatedGpuHours allocatedGpuSeconds unpricedGpuHours totalFee totalRequests", figures)
        hours, seconds = Decimal(found["allocatedGpuHours"]), Decimal(found["allocatedGpuSeconds"])
        assert (hours, seconds) == (Decimal(figures["gpu_hours"]), Decimal(figures["gpu_seconds"])), name
        assert (found["unpricedGpuHours"], found["totalFee"], found["totalRequests"]) == (found["allocatedGpuHours"], None, 0)

    # Days, with the trace's last second as now
    trace = expected["ranges"]["trace"]
    let_it_be(database_url, trace["to"])
    query = "activeDeployments fineTunings idleGpuHours utilization series { time gpuHours gpuSeconds } deployments { totalCount }"
    found = await usage(reader, query, trace)
    assert {
        day["time"][:10]: {"gpu_seconds": Decimal(day["gpuSeconds"]), "gpu_hours": Decimal(day["gpuHours"])} for day in found["series"]
    } == {day: {name: Decimal(value) for name, value in figures.items()} for day, figures in expected["days"].items()}
    assert (found["activeDeployments"], found["fineTunings"], found["utilization"]) == (expected["running_at_the_end"], 0, 0.0)
    assert Decimal(found["idleGpuHours"]) == Decimal(trace["gpu_hours"])
    assert found["deployments"]["totalCount"] == expected["deployments"]

    # Statuses, by filter and by row
    statuses = {
        "PENDING": "never_started",
        "RUNNING": "running_at_the_end",
        "STOPPED": "stopped",
        "SUCCEEDED": "succeeded",
        "FAILED": "failed",
    }
    for status, name in statuses.items():
        found = await usage(reader, "deployments { totalCount }", trace, filter={"statuses": [status]})
        assert found["deployments"]["totalCount"] == expected[name], name
    table = await rows(reader, "gpuSeconds duration { seconds } deployment { status gpus startedAt contradictions { totalCount } }", trace)
    assert Counter(row["deployment"]["status"] for row in table) == {status: expected[name] for status, name in statuses.items()}
    assert sum(row["deployment"]["startedAt"] is None for row in table) >= expected["never_started"]
    assert sum(Decimal(row["deployment"]["gpus"] or 0) % 1 != 0 for row in table) == expected["with_fractional_gpus"]
    assert sum(Decimal(row["gpuSeconds"]) for row in table) == Decimal(trace["gpu_seconds"])


async def test_every_zone_has_the_same_gpu_time(reader: httpx.AsyncClient, database_url: str):
    trace = totals("openb")["ranges"]["clipped"]
    let_it_be(database_url, FAR)
    for zone in ("Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"):
        for interval in ("QUARTER_HOUR", "HOUR", "DAY", "WEEK", "MONTH"):
            series = (await usage(reader, f'series(interval: {interval}, timeZone: "{zone}") {{ time gpuSeconds }}', trace))["series"]
            assert sum(Decimal(each["gpuSeconds"]) for each in series) == Decimal(trace["gpu_seconds"])
            assert datetime.fromisoformat(series[0]["time"]) <= datetime.fromisoformat(trace["from"])

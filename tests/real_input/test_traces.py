"""Published traces go in through the HTTP door, and every total that was taken of their sources comes out of GraphQL."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import httpx
import psycopg
import pytest

from benchmarks.traces import ACCOUNTS, Questions, batches, data, lines, totals
from domain.access import Scope
from projections.runner import Runner
from service import tokens
from service.settings import Settings
from service.web import Parts, application
from tests.real_input.present import needed

needed("traces", data())

SMALL = ("azure-conv", "mooncake-conversation", "llmperf", "aider-2024")


@pytest.fixture
async def parts(database_url: str, tmp_path: Path) -> AsyncIterator[Parts]:
    parts = Parts(Settings(tmp_path), database_url)
    async with parts.open():
        yield parts


def client(parts: Parts, database_url: str, account: str | None, *scopes: Scope) -> httpx.AsyncClient:
    with psycopg.connect(database_url) as connection:
        token = tokens.create(connection, "test", scopes, account)
    transport = httpx.ASGITransport(application(parts))
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers={"Authorization": f"Bearer {token}"}, timeout=60)


async def send(door: httpx.AsyncClient, trace: str) -> list[dict[str, int]]:
    receipts = []
    for batch in batches(lines(trace)):
        response = await door.post("/v1/events", content=b"\n".join(batch), headers={"Content-Type": "application/x-ndjson"})
        assert response.status_code == 200, response.text
        receipts.append(response.json())
    return receipts


def project(database_url: str) -> None:
    runner = Runner(database_url)
    with runner.connect() as connection:
        runner.catch_up(connection, runner.ensure_live(connection))


@pytest.mark.parametrize("trace", SMALL)
async def test_every_total_of_a_trace_comes_out_and_sending_it_again_changes_nothing(trace: str, parts: Parts, database_url: str):
    expected = totals(trace)
    async with (
        client(parts, database_url, None, Scope.INGEST) as door,
        client(parts, database_url, ACCOUNTS[trace], Scope.READ) as reader,
    ):
        receipts = await send(door, trace)
        assert sum(receipt["recorded"] for receipt in receipts) == expected["events"]
        for _ in range(2):
            await asyncio.to_thread(project, database_url)
            async for name, should_be, is_now in Questions(reader, expected).figures():
                assert is_now == should_be, name
            receipts = await send(door, trace)
            assert sum(receipt["duplicates"] for receipt in receipts) == expected["events"]
            assert sum(receipt["recorded"] for receipt in receipts) == 0


async def test_latencies_come_out_as_the_source_has_them(parts: Parts, database_url: str):
    expected = totals("llmperf")
    async with (
        client(parts, database_url, None, Scope.INGEST) as door,
        client(parts, database_url, ACCOUNTS["llmperf"], Scope.READ) as reader,
    ):
        await send(door, "llmperf")
        await asyncio.to_thread(project, database_url)
        questions = Questions(reader, expected)
        async for name, should_be, is_now in questions.durations():
            # The source has more digits than its events have: they are given to the nanosecond, and so are we.
            assert is_now == pytest.approx(should_be, abs=Decimal("1e-6")), name


async def test_what_the_reporters_think_it_cost_is_kept_to_the_last_digit(parts: Parts, database_url: str):
    expected = totals("aider-2024")
    async with (
        client(parts, database_url, None, Scope.INGEST) as door,
        client(parts, database_url, ACCOUNTS["aider-2024"], Scope.READ) as reader,
    ):
        await send(door, "aider-2024")
        await asyncio.to_thread(project, database_url)
        assert await Questions(reader, expected).reported_cost() == Decimal(expected["reported_cost"])

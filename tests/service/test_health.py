"""Health: the process lives, or is ready, or says why it is not."""

from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from domain.access import Scope
from service import health, tokens
from service.settings import Settings
from service.web import Parts, application
from tests.events import line
from tests.service.running import bearer

Connection = psycopg.Connection[Any]
AWAY = "does not answer: TimeoutError"


async def test_a_service_that_can_do_its_work_is_ready(browser: httpx.AsyncClient):
    alive = await browser.get("/livez")
    assert (alive.status_code, alive.text) == (200, "ok")
    ready = await browser.get("/readyz")
    assert (ready.status_code, ready.headers["cache-control"]) == (200, "no-store")
    assert ready.json() == {"ready": True, "checks": {"database": "ok", "read_models": "ok"}}


async def test_a_service_without_read_models_is_not_ready(browser: httpx.AsyncClient, tokens_of: Connection):
    tokens_of.execute("DELETE FROM cell_0.generations")
    ready = await browser.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert ready.json()["checks"]["database"] == "ok"
    assert "tallygraph project" in ready.json()["checks"]["read_models"]
    assert (await browser.get("/livez")).status_code == 200


async def test_a_service_whose_read_models_are_far_behind_is_not_ready(
    browser: httpx.AsyncClient, parts: Parts, tokens_of: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(health, "MAX_LAG", 2)
    tokens_of.execute("UPDATE cell_0.generations SET complete_through = clock_timestamp()")
    for events, status, reason in ((2, 200, "ok"), (1, 503, "3 events behind: more than 2 (MAX_LAG)")):
        await report(browser, tokens_of, events)
        ready = await browser.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["read_models"]) == (status, reason)


async def test_a_service_whose_read_models_stand_still_is_not_ready(browser: httpx.AsyncClient, tokens_of: Connection):
    tokens_of.execute("UPDATE cell_0.generations SET complete_through = '2026-04-21T09:00:00Z'")
    assert (await browser.get("/readyz")).json()["checks"]["read_models"] == "ok"  # with everything projected
    await report(browser, tokens_of, 1)
    reason = "1 events behind, and not moving since 2026-04-21 09:00Z (MAX_STANDSTILL)"
    assert (await browser.get("/readyz")).json()["checks"]["read_models"] == reason


async def report(browser: httpx.AsyncClient, connection: Connection, events: int) -> None:
    token = tokens.create(connection, "gateway", (Scope.INGEST,), None, token="a gateway's token")
    before = connection.execute("SELECT position FROM cell_0.ledger_head").fetchone()
    assert before is not None
    body = b"\n".join(line(subject="acme", id=f"{before[0]}-{i}") for i in range(events))
    answer = await browser.post("/v1/events", content=body, headers=bearer(token) | {"Content-Type": "application/x-ndjson"})
    assert answer.json()["recorded"] == events


@pytest.mark.parametrize(
    ("down", "checks"),
    [
        ("database_read_url", {"database": "ok", "read_models": AWAY}),
        ("database_url", {"database": AWAY, "read_models": "ok"}),
    ],
)
async def test_which_of_two_databases_does_not_answer_is_told(down: str, checks: dict[str, str], database_url: str, tmp_path: Path):
    nobody = make_conninfo(database_url, port=1)
    settings = Settings(
        tmp_path, database_read_url=nobody if down == "database_read_url" else database_url, database_direct_url=database_url
    )
    parts = Parts(settings, nobody if down == "database_url" else database_url)
    async with parts.open(), httpx.AsyncClient(transport=httpx.ASGITransport(application(parts)), base_url="http://test") as client:
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"] == checks
        assert (await client.get("/livez")).status_code == 200

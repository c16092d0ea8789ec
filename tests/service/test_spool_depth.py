"""What waits on disk is seen: it was acknowledged, and nobody sends it again."""

import os
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from domain.access import Scope
from domain.limits import MAX_SPOOL_BYTES
from ingest.spool import WAITING
from service import spool_depth, tokens
from service.web import Parts
from tests.ingest.sending import log_held, until
from tests.litellm import body, payload
from tests.service.running import bearer

EMPTY = {"bodies": 0, "oldest_seconds": 0, "failed_bodies": 0, "bytes": 0, "limit_bytes": MAX_SPOOL_BYTES}
HOUR = 3600.0


@pytest.fixture
def token(tokens_of: psycopg.Connection[Any]) -> str:
    return tokens.create(tokens_of, "a proxy, and prometheus", (Scope.OPERATE, Scope.INGEST), None)


async def gauges(browser: httpx.AsyncClient, token: str) -> dict[str, float]:
    """Those of the spool."""
    answer = await browser.get("/metrics", headers=bearer(token))
    assert answer.status_code == 200, answer.text
    lines = (line.split() for line in answer.text.splitlines() if line.startswith("tallygraph_spool_"))
    return {name.removeprefix("tallygraph_spool_"): float(value) for name, value in lines}


async def test_nothing_lost_unseen_what_waits_on_disk_and_what_nobody_could_read(
    browser: httpx.AsyncClient, parts: Parts, token: str, database_url: str
):
    assert await gauges(browser, token) == EMPTY
    folder = parts.spool_folder
    with log_held(database_url):
        # Given a file that nobody can make sense of, and calls that were acknowledged while the log took nothing
        folder.mkdir(parents=True)
        (folder / f"0{WAITING}").write_bytes(b"?")
        headers = bearer(token) | {"Content-Type": "application/json", "Tallygraph-Account": "acme"}
        for call in ("a", "b"):
            answer = await browser.post("/v1/litellm", content=body([payload(litellm_call_id=call)]), headers=headers)
            assert answer.status_code == 202
        await until((folder / "0.failed").exists)
        oldest, latest = sorted(folder.glob("*.body"))
        an_hour_ago = time.time() - HOUR
        os.utime(oldest, (an_hour_ago, an_hour_ago))
        # Then it is told
        found = await gauges(browser, token)
        assert HOUR <= found.pop("oldest_seconds") < HOUR + 60
        size = oldest.stat().st_size + latest.stat().st_size + 1
        assert found == {"bodies": 2, "failed_bodies": 1, "bytes": size, "limit_bytes": MAX_SPOOL_BYTES}
    # When the log takes them, then only what nobody could read is left
    await until(lambda: not list(folder.glob("*.body")))
    assert await gauges(browser, token) == EMPTY | {"failed_bodies": 1, "bytes": 1}


async def test_unknown_is_not_zero_of_a_spool_that_cannot_be_read(browser: httpx.AsyncClient, parts: Parts, token: str):
    parts.spool_folder.parent.mkdir()
    parts.spool_folder.write_bytes(b"no folder")
    assert await gauges(browser, token) == {"limit_bytes": MAX_SPOOL_BYTES}


def test_bounded_so_many_files_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spool_depth, "MAX_FILES", 3)
    for i in range(5):
        (tmp_path / f"{i}{WAITING}").write_bytes(b"12")
    depth = spool_depth.spool_depth(tmp_path)
    assert (depth.bodies, depth.bytes, depth.failed_bodies) == (3, 6, 0)

"""How tests send reports, hold the log up, and look at what came of it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg

from ledger.application import Ledger
from ledger.shapes import READERS

BOUND_SECONDS = 20  # what a test waits for comes within this time, or never
SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"


async def post(
    client: httpx.AsyncClient, content: bytes | Sequence[bytes], media_type: str = NDJSON, *, token: str = "of-acme", **headers: str
) -> httpx.Response:
    """Send one body; several reports are sent as lines."""
    body = content if isinstance(content, bytes) else b"\n".join(content)
    sent = {"Content-Type": media_type, "Authorization": f"Bearer {token}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return await client.post("/v1/events", content=body, headers=sent)


def logged(ledger: Ledger) -> list[Any]:
    """Every event of the log, in order."""
    return [READERS[topic](state) for _, _, topic, state in ledger.ledger_recorder.read(0, 1_000_000)]


def rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(query.encode()).fetchall()


def execute(database_url: str, statement: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(statement.encode())


@contextmanager
def log_held(database_url: str) -> Iterator[None]:
    """Nothing can be appended meanwhile: another writer has the head."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT FROM cell_0.ledger_head FOR UPDATE")
        yield


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(BOUND_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in a thread that tells nobody
            await asyncio.sleep(0.001)

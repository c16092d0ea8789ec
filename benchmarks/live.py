"""What it takes to be told: the memory of idle subscriptions, and how long it is from a receipt to the message that shows what it is for.

A web process and the projections run as they do in production, and are asked over the network.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks import append, flood
from benchmarks.place import Place, place
from domain.access import Scope
from domain.names import account_id
from graph.node import Kind, global_id
from jobs.application import JobsLog
from jobs.audit_request import AuditRequest
from jobs.audits import Audits
from jobs.exports import ExportRules, Exports
from jobs.jobs import JobRules
from jobs.news import MAX_FOLLOWERS_PER_ACCOUNT
from jobs.request import ExportRequest

SUBSCRIPTIONS = 1_000
WARM = 1_000  # subscriptions before those that are measured: what is loaded once, and what garbage there may be, is not theirs
AT_A_TIME = 20  # that are opened
ACCOUNTS = 8  # of which a job is followed, by as many as may
WARM_ACCOUNTS = 2  # those before them
MONTH = (datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
NO_BROKER = "redis://127.0.0.1:1"  # with a broker the web process does no jobs; this one is never asked
MESSAGES = 40
SPAN_SECONDS = (1.1, 1.4)  # between two reports: longer than the interval that the follower asks for
EVENT = {"specversion": "1.0", "type": "request.completed", "source": "live", "time": "2026-04-21T09:00:00Z"}
DATA = {"model": "gpt-4o", "input": [{"category": "prompt", "quantity": 310}], "output": [{"category": "completion", "quantity": 95}]}
FOLLOW = """subscription { routerUsageChanged(range: {from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z"}) {
    totalRequests totalTokens totalFee dataState { position completeThrough } } }"""


def measure(where: Place) -> None:
    """Print what an idle subscription takes, and how soon a follower is told while all of those are there, and one of a job."""
    with flood.projecting_beside(where):
        for name, each in (("on a WebSocket of its own", 1), ("of ten on a WebSocket", 10)):
            with append.web(where) as url:
                asyncio.run(_measure(where, url, name, each))
        with closing(JobsLog(where.database_url)) as log:
            for kind in (_exports(log), _audits(log)):
                with append.web(where, BROKER_URL=NO_BROKER) as url:
                    asyncio.run(_measure_jobs(where, url, *kind))


async def _measure(where: Place, url: str, name: str, each: int) -> None:
    idle, busy = (append.token(where, Scope.READ, account) for account in ("idle", "busy"))
    web = _web()
    async with AsyncExitStack() as stack:
        await _follow(stack, url, idle, WARM, each)
        before = web.memory_full_info().uss
        await _follow(stack, url, idle, SUBSCRIPTIONS, each)
        taken = (web.memory_full_info().uss - before) / 1000 / SUBSCRIPTIONS
        print(f"{SUBSCRIPTIONS:,} idle subscriptions, each one {name}: {taken:.1f} KB of the web process each", flush=True)
        waits = await _waits(url, busy, append.token(where, Scope.INGEST, "busy"))
        _, *cuts = quantiles(waits, n=20)
        print(f"  from a receipt to its message, beside them: p50 {cuts[8] * 1e3:.0f} ms, p95 {cuts[-1] * 1e3:.0f} ms", flush=True)


Ask = Callable[[str], str]
"""Asks for a job of the account with this key; its global id."""


async def _measure_jobs(where: Place, url: str, field: str, ask: Ask) -> None:
    """No worker hears of them, so all who follow them wait."""
    web, before = _web(), 0
    query = f"subscription Follow($id: ID!) {{ {field}(id: $id) {{ status progress }} }}"
    async with AsyncExitStack() as stack:
        await _follow(stack, url, append.token(where, Scope.READ, "idle"), WARM, 1)
        for number in range(WARM_ACCOUNTS + ACCOUNTS):
            key = f"{field}-{number}"
            id, token = ask(key), append.token(where, Scope.READ, key)
            await _follow(stack, url, token, MAX_FOLLOWERS_PER_ACCOUNT, 1, query=query, id=id)
            if number + 1 == WARM_ACCOUNTS:
                before = web.memory_full_info().uss
        count = ACCOUNTS * MAX_FOLLOWERS_PER_ACCOUNT
        taken = (web.memory_full_info().uss - before) / 1000 / count
        print(
            f"{count:,} idle subscriptions to {field}, each one on a WebSocket of its own: {taken:.1f} KB of the web process each",
            flush=True,
        )


def _exports(log: JobsLog) -> tuple[str, Ask]:
    exports = Exports(log, ExportRules())

    def ask(key: str) -> str:
        export = exports.request(ExportRequest(account_id(key), key, *MONTH))
        return global_id(Kind.EXPORT, export.id.bytes)

    return "exportUpdated", ask


def _audits(log: JobsLog) -> tuple[str, Ask]:
    audits = Audits(log, JobRules())

    def ask(key: str) -> str:
        audit = audits.request(AuditRequest(account_id(key), key, *MONTH))
        return global_id(Kind.AUDIT, audit.id.bytes)

    return "auditUpdated", ask


def _web() -> psutil.Process:
    return next(process for process in psutil.Process().children() if "--only" in process.cmdline())


async def _follow(stack: AsyncExitStack, url: str, token: str, number: int, each: int, *, query: str = FOLLOW, **variables: str) -> None:
    """Open so many subscriptions, and wait for what they say first."""
    turns = asyncio.Semaphore(AT_A_TIME // each)

    async def one() -> None:
        async with turns:
            socket = await stack.enter_async_context(subscribed(url, token, each, query, **variables))
            for _ in range(each):
                await _message(socket)

    await asyncio.gather(*(one() for _ in range(number // each)))


async def _waits(url: str, reader: str, reporter: str) -> Sequence[float]:
    """Seconds from each receipt to the message that counts what it is for."""
    headers = {"Authorization": f"Bearer {reporter}", "Content-Type": "application/cloudevents+json"}
    waits, pauses = [], random.Random(7)
    async with subscribed(url, reader) as socket, httpx.AsyncClient(base_url=url, headers=headers) as client:
        before = await _heard(socket)
        for number in range(before + 1, before + MESSAGES + 1):
            await asyncio.sleep(pauses.uniform(*SPAN_SECONDS))
            event = json.dumps(EVENT | {"id": str(number), "data": DATA})
            (await client.post("/v1/events", content=event)).raise_for_status()
            receipt = time.perf_counter()
            assert await _heard(socket) == number
            waits.append(time.perf_counter() - receipt)
    return waits


@asynccontextmanager
async def subscribed(url: str, token: str, number: int = 1, query: str = FOLLOW, **variables: str) -> AsyncIterator[ClientConnection]:
    """A WebSocket with so many subscriptions, as clients open it: they offer to compress."""
    address = url.replace("http:", "ws:") + "/graphql"
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], ping_interval=None) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        for id in range(number):
            payload = {"query": query, "variables": variables}
            await socket.send(json.dumps({"type": "subscribe", "id": str(id), "payload": payload}))
        yield socket


async def _heard(socket: ClientConnection) -> int:
    """How many requests the next message counts."""
    return (await _message(socket))["routerUsageChanged"]["totalRequests"]


async def _message(socket: ClientConnection) -> Any:
    """The data of the next message."""
    message = json.loads(await socket.recv())
    assert message["type"] == "next", message
    return message["payload"]["data"]


def main() -> None:
    """Print both."""
    with place() as where:
        measure(where)


if __name__ == "__main__":
    main()

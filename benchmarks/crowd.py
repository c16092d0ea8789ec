"""Many small requests at once, against one append for each of them: what it is worth that they share appends."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import uvloop

from benchmarks import append
from benchmarks.append import LATEST
from benchmarks.place import Place, place
from domain.access import Scope
from ingest.dialects import in_cloudevents
from ingest.outcomes import Sender
from ingest.preparing import prepare
from ledger.application import Ledger

CONNECTIONS = 64
MAX_EVENTS = 10  # of a request
ALONE = 1_000  # requests that are appended one by one
FLUSHES_MS = (0, 2, 5, 10)  # what a flush takes beside what the disk here does: disks in the network, and copies elsewhere, take that


def measure(events: Sequence[bytes]) -> None:
    """Print how the two compare, on disks that are more or less fast."""
    print(f"{CONNECTIONS} connections, requests of 1 to {MAX_EVENTS} events, against an append each, one by one, without HTTP:")
    for flush_ms in FLUSHES_MS:
        with place(flush_ms=flush_ms) as where:
            _measure(where, events, f"+{flush_ms} ms a flush" if flush_ms else "the disk as it is")
    print(flush=True)


def _measure(where: Place, events: Sequence[bytes], disk: str) -> None:
    requests = _requests(events)
    one_by_one = _alone(where, requests[:ALONE])
    token = append.token(where, Scope.INGEST)
    with append.web(where) as url, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_together(url, token, requests[ALONE : 2 * ALONE]))  # whatever is to be warmed up
        crowd = runner.run(_together(url, token, requests[2 * ALONE :]))
    with psycopg.connect(where.database_url) as connection:
        ((appends,),) = connection.execute("SELECT count(*) FROM cell_0.ledger_appends").fetchall()
    rate = len(crowd.waits) / crowd.seconds
    shared = (len(requests) - ALONE) / (appends - ALONE)
    events_rate = crowd.events / crowd.seconds
    median, late = (crowd.percentile(share) * 1000 for share in (0.5, 0.99))
    print(f"  {disk}: {rate:,.0f} requests/s, {events_rate:,.0f} events/s, {rate / one_by_one:.1f} of one by one ({one_by_one:,.0f}/s)")
    print(f"    {shared:.0f} requests an append; durable and answered in {median:.1f} ms (half), {late:.1f} ms (99 of 100)", flush=True)


class Crowd(NamedTuple):
    """How it went: requests and events answered, and the seconds that each request took, in order of length."""

    events: int
    seconds: float
    waits: list[float]

    def percentile(self, share: float) -> float:
        """Seconds within which that share of the requests was answered."""
        return self.waits[min(int(len(self.waits) * share), len(self.waits) - 1)]


def _requests(events: Sequence[bytes]) -> list[list[bytes]]:
    """Requests of 1 to 10 events, alike in every run."""
    sizes, rest = random.Random(7), iter(events)
    return [*iter(lambda: [*islice(rest, sizes.randint(1, MAX_EVENTS))], [])]


def _alone(place: Place, batches: Sequence[list[bytes]]) -> float:
    """Requests a second, each prepared and appended by itself, one after the other, without HTTP."""
    ledger, reading = Ledger(place.database_url), in_cloudevents("a benchmark")
    started = time.perf_counter()
    for batch in batches:
        ledger.append(prepare(batch, Sender(None), reading, LATEST).entries)
    seconds = time.perf_counter() - started
    ledger.close()
    return len(batches) / seconds


async def _together(url: str, token: str, batches: Sequence[list[bytes]]) -> Crowd:
    """All of them through HTTP, by 64 connections, each of which waits for its answer before it sends again."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    waiting = iter([_rendered(batch, token) for batch in batches])
    waits: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(*(_send(f"{host}", port or 80, waiting, waits) for _ in range(CONNECTIONS)))
    return Crowd(sum(map(len, batches)), time.perf_counter() - started, sorted(waits))


async def _send(host: str, port: int, waiting: Iterator[bytes], waits: list[float]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for request in waiting:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        waits.append(time.perf_counter() - started)
    writer.close()


def _rendered(batch: list[bytes], token: str) -> bytes:
    body = b"\n".join(batch)
    head = f"POST /v1/events HTTP/1.1\r\nHost: benchmark\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

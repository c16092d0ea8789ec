"""What asks: a few connections over which one request follows another, in a process that takes little of the machine itself.

Written on asyncio's protocols and uvloop: it reads no more of an answer than its length and status, some 20 µs each.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import uvloop

MAX_SECONDS = 120.0  # for all of a load


@dataclass(frozen=True, slots=True)
class Load:
    """How it went: answers, in seconds, and how long each took, the shortest first."""

    seconds: float
    waits: list[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.waits) / self.seconds

    def percentile(self, share: float) -> float:
        """Seconds within which that share of the requests was answered."""
        return self.waits[min(int(len(self.waits) * share), len(self.waits) - 1)]


def rendered(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST of JSON, as it goes over the wire."""
    own = {"Host": "benchmark", "Content-Type": "application/json", "Accept": "application/json", "Content-Length": str(len(body))}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (own | headers).items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def load(url: str, request: bytes, connections: int, requests: int) -> Load:
    """Send the same request so often, over so many connections. Raises AssertionError for an answer that is not 200."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(url, request, connections, requests))


async def _load(url: str, request: bytes, connections: int, requests: int) -> Load:
    parts, waits, left = urlsplit(url), list[float](), iter(range(requests))
    loop = asyncio.get_running_loop()
    asking = [_Asking(request, lambda: next(left, None) is not None, waits, loop.create_future()) for _ in range(connections)]
    started = time.perf_counter()
    for each in asking:
        await loop.create_connection(lambda each=each: each, f"{parts.hostname}", parts.port or 80)
    async with asyncio.timeout(MAX_SECONDS):
        await asyncio.gather(*(each.done for each in asking))
    return Load(time.perf_counter() - started, sorted(waits))


class _Asking(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes, again: Callable[[], bool], waits: list[float], done: "asyncio.Future[None]") -> None:
        self.done = done
        self._request = request
        self._again = again
        self._waits = waits
        self._head = b""
        self._left = 0  # bytes of the answer that are still to come

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own, which is none by its class
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._left:
            self._left -= len(data)
        else:
            self._head += data
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 200 "), head + rest
            self._left = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]) - len(rest)
        if self._left == 0:
            self._head = b""
            self._waits.append(time.perf_counter() - self._asked)
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server has closed the connection"))

    def _ask(self) -> None:
        if self._again():
            self._asked = time.perf_counter()
            self._transport.write(self._request)
        else:
            self.done.set_result(None)
            self._transport.close()

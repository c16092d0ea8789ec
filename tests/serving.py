"""An application on a socket, served as `tallygraph serve` does, and clients that say what they like, byte by byte."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from service.server import configuration

PART_BYTES = 64 * 1024
BOUND_SECONDS = 20  # what a test waits for comes within this time, or never


@dataclass
class Caller:
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        """Send bytes, if there is still somebody."""
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer."""
        async with asyncio.timeout(BOUND_SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            return int(first.split()[1]), headers, await self.reader.readexactly(int(headers.get("content-length", "0")))

    async def rest(self) -> bytes:
        """All that comes until the other end closes the connection: abruptly, where something was still on its way there."""
        found = bytearray()
        async with asyncio.timeout(BOUND_SECONDS):
            with suppress(ConnectionError):
                while part := await self.reader.read(PART_BYTES):
                    found += part
        return bytes(found)

    def hang_up(self) -> None:
        """Be gone at once, whatever was not read yet."""
        self.writer.transport.abort()


@dataclass(frozen=True)
class Served:
    """Where an application listens."""

    port: int

    @asynccontextmanager
    async def call(self) -> AsyncIterator[Caller]:
        """A connection."""
        caller = Caller(*await asyncio.open_connection("127.0.0.1", self.port))
        try:
            yield caller
        finally:
            caller.hang_up()


@asynccontextmanager
async def served(application: ASGIApp) -> AsyncIterator[Served]:
    """It listens inside."""
    server = uvicorn.Server(configuration(application))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        async with asyncio.timeout(BOUND_SECONDS):
            while not server.started:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.001)
        try:
            yield Served(listener.getsockname()[1])
        finally:
            server.should_exit = True
            await serving

"""One connection hears what Postgres tells, and says when something may have been missed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger import listening
from ledger.listening import APPLICATION_NAME, Listener
from tests.cutting import CUT

BOUND_SECONDS = 20


class Heard:
    """What a listener passed on."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.hear: Callable[[str | None], None] = self._queue.put_nowait

    async def next(self) -> str | None:
        async with asyncio.timeout(BOUND_SECONDS):
            return await self._queue.get()


async def test_channels_are_told_apart_and_the_beginning_is_a_gap(database_url: str):
    one, two = Heard(), Heard()
    listener = Listener(database_url)
    listener.on("one", one.hear)
    listener.on("two", two.hear)
    async with listener.open(), await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        assert (await one.next(), await two.next()) == (None, None)
        await connection.execute("SELECT pg_notify('two', 'b'), pg_notify('one', 'a')")
        assert (await one.next(), await two.next()) == ("a", "b")


async def test_a_connection_that_was_cut_is_made_anew_and_the_gap_is_told(database_url: str):
    heard = Heard()
    listener = Listener(database_url)
    listener.on("one", heard.hear)
    async with listener.open(), await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        assert await heard.next() is None
        await connection.execute(CUT, [APPLICATION_NAME])
        assert (await heard.next(), await heard.next()) == (None, None)  # it is away; it is back
        await connection.execute("SELECT pg_notify('one', 'again')")
        assert await heard.next() == "again"


async def test_while_there_is_no_connection_the_gap_is_told_again_and_again():
    heard = Heard()
    listener = Listener("postgresql://nobody@127.0.0.1:1/nowhere")
    listener.on("one", heard.hear)
    async with listener.open():
        assert (await heard.next(), await heard.next()) == (None, None)


class Line:
    """A line to Postgres that may go silent: nothing passes, and nobody hangs up."""

    def __init__(self, database_url: str) -> None:
        self._parts = conninfo_to_dict(database_url)
        self._silent: set[int] = set()
        self._made = 0
        self._ends: list[asyncio.StreamWriter] = []

    def go_silent(self) -> None:
        """The connections there are; new ones are good."""
        self._silent |= {*range(self._made)}

    @asynccontextmanager
    async def url(self, database_url: str) -> AsyncIterator[str]:
        """Where it begins."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            yield make_conninfo(database_url, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable")
            for each in self._ends:
                each.close()
            await asyncio.gather(*(each.wait_closed() for each in self._ends), return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self._made = self._made, self._made + 1
        host, port = str(self._parts["host"]), int(self._parts.get("port") or 5432)
        far = await (
            asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}") if host.startswith("/") else asyncio.open_connection(host, port)
        )
        self._ends += (writer, far[1])
        await asyncio.gather(self._pass_on(number, reader, far[1]), self._pass_on(number, far[0], writer), return_exceptions=True)

    async def _pass_on(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if number not in self._silent:
                writer.write(data)
        writer.close()


async def test_a_connection_that_broke_without_a_word_is_found(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listening, "SILENCE_SECONDS", 0.05)
    monkeypatch.setattr(listening, "ANSWER_SECONDS", 0.5)
    heard, line = Heard(), Line(database_url)
    async with line.url(database_url) as url, await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        listener = Listener(url)
        listener.on("one", heard.hear)
        async with listener.open():
            assert await heard.next() is None
            line.go_silent()
            await connection.execute("SELECT pg_notify('one', 'lost')")
            assert (await heard.next(), await heard.next()) == (None, None)
            await connection.execute("SELECT pg_notify('one', 'heard')")
            assert await heard.next() == "heard"


async def test_what_nobody_understands_is_a_gap_and_ends_nothing(database_url: str):
    heard = Heard()

    def hear(payload: str | None) -> None:
        if payload == "":
            raise ValueError(payload)
        heard.hear(payload)

    listener = Listener(database_url)
    listener.on("one", hear)
    async with listener.open(), await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        assert await heard.next() is None
        await connection.execute("SELECT pg_notify('one', ''), pg_notify('one', 'more')")
        assert (await heard.next(), await heard.next()) == (None, "more")

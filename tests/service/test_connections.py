"""Connections cannot be held by who never ends a request, or its headers."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from service import connections
from tests.serving import served

GET = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


async def _read(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())}")


async def _at_once(_: Request) -> Response:
    return PlainTextResponse("hi")


async def _headers(request: Request) -> Response:
    await request.body()
    return PlainTextResponse(" ".join(request.headers))


async def _echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


APP = Starlette(
    routes=[
        Route("/", _at_once, methods=["GET", "POST"]),
        Route("/read", _read, methods=["POST"]),
        Route("/headers", _headers, methods=["POST"]),
        WebSocketRoute("/echo", _echo),
    ]
)


@pytest.fixture
async def server():
    async with served(APP) as server:
        yield server


@pytest.mark.parametrize("begun", [b"", b"G", GET[:-2], GET[:-2] + b"X-Slow: " + b"x" * 1000])
async def test_who_never_ends_the_headers_is_cut_off(server, monkeypatch, begun):
    monkeypatch.setattr(connections, "MAX_HEAD_SECONDS", 0.1)
    async with server.call() as caller:
        await caller.say(begun)
        assert await caller.rest() == b""


async def test_who_sends_headers_bit_by_bit_is_cut_off_all_the_same(server, monkeypatch):
    monkeypatch.setattr(connections, "MAX_HEAD_SECONDS", 0.2)
    async with server.call() as caller:
        await caller.say(GET[:-2])
        closed = asyncio.create_task(caller.rest())
        while not closed.done():
            await caller.say(b"X: x\r\n")
            await asyncio.wait([closed], timeout=0.01)
        assert await closed == b""


async def test_a_later_request_has_as_long_as_the_first(server, monkeypatch):
    async with server.call() as caller:
        await caller.say(GET)
        assert (await caller.answer())[2] == b"hi"
        monkeypatch.setattr(connections, "MAX_HEAD_SECONDS", 0.1)
        await caller.say(b"GET / HT")
        assert await caller.rest() == b""


async def test_headers_without_an_end_are_refused(server):
    async with server.call() as caller:
        await caller.say(GET[:-2] + b"X: " + b"x" * 10 * connections.MAX_HEAD_BYTES)
        status, headers, body = await caller.answer()
        assert (status, headers["connection"], body) == (431, "close", b"there are more than 65536 bytes of headers (MAX_HEAD_BYTES)")


CHUNKED = b"Host: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"


@pytest.mark.parametrize("path", [b"/", b"/read"])  # answered before the trailers come, or not before they end
@pytest.mark.parametrize("without_end", [b"X: x\r\n", b"x", b"X: " + b"x" * 1000], ids=["lines", "name", "value"])
async def test_bounded_trailers_without_an_end_are_cut_off(server, monkeypatch, path, without_end):
    monkeypatch.setattr(connections, "MAX_REST_SECONDS", 60)  # it is not that which cuts them off
    async with server.call() as caller:
        await caller.say(b"POST " + path + b" HTTP/1.1\r\n" + CHUNKED + b"0\r\n")
        if path == b"/":
            assert (await caller.answer())[2] == b"hi"
        try:
            await caller.say(without_end * (10 * connections.MAX_HEAD_BYTES // len(without_end)))
            assert await caller.rest() == b""
        except ConnectionError:
            pass  # cut off, with bytes on their way that nobody reads


async def test_bounded_the_size_of_a_chunk_without_an_end_is_cut_off(server):
    async with server.call() as caller:
        await caller.say(b"POST /read HTTP/1.1\r\n" + CHUNKED)
        try:
            await caller.say(b"5;" + b"x" * 10 * connections.MAX_HEAD_BYTES)
            assert await caller.rest() == b""
        except ConnectionError:
            pass  # cut off, as above


async def test_trailers_are_read_and_are_no_headers(server):
    async with server.call() as caller:
        for _ in range(3):
            trailers = b"Authorization: Bearer late\r\n" + b"X: x\r\n" * 1000
            await caller.say(b"POST /headers HTTP/1.1\r\n" + CHUNKED + b"0\r\n" + trailers + b"\r\n")
            assert (await caller.answer())[2] == b"host transfer-encoding"


async def test_who_never_ends_a_body_is_cut_off(server, monkeypatch):
    monkeypatch.setattr(connections, "MAX_REQUEST_SECONDS", 0.1)
    async with server.call() as caller:
        await caller.say(b"POST /read HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nabc")
        assert await caller.rest() == b""


async def test_the_rest_of_a_body_that_is_answered_already_is_not_waited_for_long(server, monkeypatch):
    monkeypatch.setattr(connections, "MAX_REST_SECONDS", 0.1)
    async with server.call() as caller:
        await caller.say(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nabc")
        assert (await caller.answer())[2] == b"hi"
        assert await caller.rest() == b""


async def test_more_connections_than_there_may_be_are_sent_away(server, monkeypatch):
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)
    async with server.call() as first:
        await first.say(GET)
        assert (await first.answer())[2] == b"hi"
        async with server.call() as second:
            status, headers, body = await second.answer()
            assert (status, headers["retry-after"], body) == (503, "5", b"1 connections are open (MAX_CONNECTIONS): come again later")
        await first.say(GET)
        assert (await first.answer())[2] == b"hi"


async def test_who_keeps_to_the_limits_notices_nothing(server, monkeypatch):
    for name in ("MAX_HEAD_SECONDS", "MAX_REQUEST_SECONDS", "MAX_REST_SECONDS"):
        monkeypatch.setattr(connections, name, 1.0)
    async with connect(f"ws://127.0.0.1:{server.port}/echo") as socket, server.call() as caller:
        # Requests one behind the other, and bodies larger than what is read at once
        large = b"POST /read HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000)
        await caller.say(GET * 3 + large + GET)
        assert [(await caller.answer())[2] for _ in range(5)] == [b"hi", b"hi", b"hi", b"1000000", b"hi"]
        # Connections on which nothing is said for longer than any of these
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(caller.reader.read(1), 1.2)
        await socket.send("still there")
        assert await socket.recv() == "still there"
        await caller.say(GET)
        assert (await caller.answer())[2] == b"hi"

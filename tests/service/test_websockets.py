"""WebSockets as `tallygraph serve` serves them: of an idle one little is kept, and who does not read is waited for."""

import asyncio
from typing import Any

from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect

from graph.at_least import HEADER
from tests.serving import BOUND_SECONDS, served

SHARED_ATTRIBUTES = 30  # of the instances of a class, as CPython has it
PART = "x" * 1_000_000
PARTS = 50  # more than the buffers of both ends take


async def test_messages_come_in_their_order_however_fast_and_leave_no_waiting_reader_behind():
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            heard.append(message["text"])
            await send({"type": "websocket.send", "text": message["text"]})

    async with served(app) as at, connect(f"ws://127.0.0.1:{at.port}/") as socket:
        for number in range(100):
            await socket.send(f"{number}")
        async with asyncio.timeout(BOUND_SECONDS):
            assert [await socket.recv() for _ in range(100)] == heard == [f"{number}" for number in range(100)]


async def test_of_the_handshake_those_headers_stay_that_operations_look_at():
    kept: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    told = {"Authorization": "Bearer t", "Cookie": "a=b", HEADER: "p", "X-Request-Id": "r"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        before = dict(scope["headers"])
        await send({"type": "websocket.accept"})
        kept.set_result((before[b"x-request-id"], dict(scope["headers"])))
        await receive()

    async with served(app) as at, connect(f"ws://127.0.0.1:{at.port}/", additional_headers=told) as socket:
        assert await kept == (b"r", {b"authorization": b"Bearer t", b"cookie": b"a=b", HEADER.lower().encode(): b"p"})
        assert socket.response is not None
        assert "sec-websocket-extensions" not in socket.response.headers  # nothing is compressed, whatever is offered


async def test_a_connection_has_few_enough_attributes_to_have_no_dictionary_of_its_own():
    async def app(scope: Scope, receive: Any, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": f"{len(vars(receive.__self__))}"})
        await receive()

    async with served(app) as at, connect(f"ws://127.0.0.1:{at.port}/") as socket:
        async with asyncio.timeout(BOUND_SECONDS):
            assert 0 < int(await socket.recv()) < SHARED_ATTRIBUTES


async def test_who_does_not_read_is_waited_for_and_is_sent_the_rest_when_they_do():
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(PARTS):
            await send({"type": "websocket.send", "text": PART})
            sent += 1
        await receive()

    async with served(app) as at, connect(f"ws://127.0.0.1:{at.port}/", max_queue=1, max_size=None) as socket:
        async with asyncio.timeout(BOUND_SECONDS):
            assert await socket.recv() == PART
            assert sent < PARTS
            for _ in range(PARTS - 1):
                assert await socket.recv() == PART
            while sent < PARTS:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)

"""Answers without an end, when the service stops."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from service.streams import EndingStreams

SCOPE: Scope = {"type": "http"}
START: Message = {"type": "http.response.start", "status": 200, "headers": []}
EVENTS: Message = {**START, "headers": [(b"content-type", b"text/event-stream; charset=utf-8")]}
PARTS: Message = {**START, "headers": [(b"content-type", b'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"')]}
MORE: Message = {"type": "http.response.body", "body": b"data", "more_body": True}
LAST: Message = {"type": "http.response.body", "body": b"data"}
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


LEFT: Message = {"type": "http.disconnect", "by": "the client"}


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def leaves() -> Message:
    return LEFT


async def received(client: Receive, *answer: Message, stop: bool) -> tuple[Message, list[Message]]:
    """What an application receives when it has answered, and all that was sent."""
    found: list[Message] = []
    sent: list[Message] = []

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        for message in answer:
            await send(message)
        if stop:
            streams.stop()
        found.append(await receive())

    async def send(message: Message) -> None:
        sent.append(message)

    streams = EndingStreams(app)
    async with asyncio.timeout(10):
        await streams(SCOPE, client, send)
    return found[0], sent


@pytest.mark.parametrize("start", [EVENTS, PARTS], ids=["events", "parts"])
async def test_a_stream_ends_as_if_the_client_had_left_and_is_closed_well(start: Message):
    assert await received(never, start, MORE, stop=True) == ({"type": "http.disconnect"}, [start, MORE, END])


async def test_a_stream_whose_client_leaves_is_not_touched():
    assert await received(leaves, EVENTS, MORE, stop=False) == (LEFT, [EVENTS, MORE])


async def test_answers_that_have_an_end_come_to_it():
    assert await received(leaves, START, MORE, stop=True) == (LEFT, [START, MORE])
    assert await received(leaves, EVENTS, MORE, LAST, stop=True) == (LEFT, [EVENTS, MORE, LAST])

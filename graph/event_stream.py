"""Results as server-sent events: the distinct connections mode of graphql-sse. `graph/multipart.py` frames them otherwise.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from graphql import GraphQLError
from starlette.types import Receive, Scope, Send
from strawberry.types import ExecutionResult

from graph.errors import ApiError, internal_error
from graph.media_types import EVENT_STREAM
from graph.operation import payload
from graph.wire import encode

HEARTBEAT_SECONDS = 15.0  # less than the minute after which most proxies take a silent connection for a dead one

HEADERS = [
    (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
]


class EventStream:
    """An ASGI response: an event a result, a comment every `heartbeat_seconds`. It ends when either side does.

    When it has ended, `results` are closed.
    """

    headers = HEADERS
    opening = b""
    heartbeat = b":\n\n"

    def __init__(self, results: AsyncGenerator[ExecutionResult, None], heartbeat_seconds: float) -> None:
        self.results = results
        self.heartbeat_seconds = heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI gives it
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        tasks = [asyncio.create_task(task) for task in (self._events(send), self._heartbeat(send), _disconnected(receive))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception) and not isinstance(outcome, OSError):  # OSError: the client left
                    raise outcome

    def result(self, result: ExecutionResult) -> bytes:
        """What is sent for a result."""
        return event("next", encode(payload(result)))

    def failure(self, error: GraphQLError) -> bytes:
        """What is sent in place of all further results."""
        return event("next", encode({"errors": [error.formatted]}))

    def end(self) -> bytes:
        """What is sent last."""
        return event("complete")

    async def _events(self, send: Send) -> None:
        async with aclosing(self.results) as results:
            try:
                await _send(send, self.opening)
                async for result in results:
                    await _send(send, self.result(result))
                    del result  # which an idle subscription would keep
            except ApiError as error:
                await _send(send, self.failure(error))
            except OSError:
                raise
            except Exception as error:  # noqa: BLE001 - the last place to tell the client
                await _send(send, self.failure(internal_error(error)))
        await _send(send, self.end(), more=False)

    async def _heartbeat(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self.heartbeat_seconds)
            await _send(send, self.heartbeat)


def event(name: str, data: bytes = b"") -> bytes:
    """One event. Lines end in LF alone, because urql looks for it; data is always there, because browsers look for that."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

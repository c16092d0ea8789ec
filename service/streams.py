"""Answers without an end, the results of subscriptions: they must not keep the service from stopping."""

import asyncio
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.media_types import STREAMS

DISCONNECTED: Message = {"type": "http.disconnect"}
ENDLESS = tuple(media.encode() for media in STREAMS)
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class EndingStreams:
    """Ends them when the service stops, as if the client had left; a client that wants more asks again. Other answers are finished."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End them now."""
        self._stopping.set()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Not a coroutine itself: a WebSocket does not keep it."""
        return self._ending(scope, receive, send) if scope["type"] == "http" else self._app(scope, receive, send)

    async def _ending(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream = _Stream(receive, send, self._stopping)
        await self._app(scope, stream.receive, stream.send)
        if stream.is_open and self._stopping.is_set():
            await send(END)


class _Stream:
    """An answer, which turns out to have no end when it begins."""

    def __init__(self, receive: Receive, send: Send, stopping: asyncio.Event) -> None:
        self._receive = receive
        self._send = send
        self._stopping = stopping
        self.is_open = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_open = any(name == b"content-type" and value.startswith(ENDLESS) for name, value in message["headers"])
        elif not message.get("more_body", False):
            self.is_open = False
        await self._send(message)

    async def receive(self) -> Message:
        if not self.is_open:
            return await self._receive()
        received = asyncio.ensure_future(self._receive())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((received, stopping), return_when=asyncio.FIRST_COMPLETED)
            return received.result() if received.done() else DISCONNECTED
        finally:
            received.cancel()
            stopping.cancel()

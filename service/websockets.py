"""A WebSocket of the HTTP server, of which an idle one takes little memory: there may be thousands."""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from graph.at_least import HEADER

WRITABLE = asyncio.Event()  # of every connection whose client reads what it is sent
WRITABLE.set()

KEPT = {b"authorization", b"cookie", HEADER.lower().encode()}  # what each operation looks at


class Connection(WebSocketsSansIOProtocol):
    """uvicorn's, without what it keeps for nothing."""

    # Past 30 attributes, Python gives every instance a dictionary of its own, of 1.5 KB: these leave room for the others.
    __slots__ = (
        "app_state",
        "asgi_version",
        "client",
        "close_timeout",
        "close_timer",
        "default_headers",
        "initial_response",
        "last_ping_rtt",
        "pending_ping_payload",
        "ping_sent_at",
        "pong_timer",
        "request",
        "response",
        "root_path",
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.queue: Any = Inbox()
        self.writable = WRITABLE

    def pause_writing(self) -> None:
        """The client does not read: who writes, waits."""
        self.writable = asyncio.Event()

    def handle_text(self, event: Any) -> None:
        """Take what has come, and do not keep it in the parser until something else comes."""
        super().handle_text(event)
        event.data = b""

    async def send(self, message: Any) -> None:
        """Pass a message on. Once the handshake is over, nobody asks what was said in it."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            self.request.headers.clear()  # the request itself is a local of the parser
            self.response: Any = None
            headers: Any = self.scope["headers"]
            headers[:] = [each for each in headers if each[0] in KEPT]


class Inbox:
    """What has come from one client, for one reader. An asyncio.Queue is for any number of either, and ten times as large."""

    __slots__ = ("_came", "_messages")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._came: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        """Something has come."""
        self._messages.append(message)
        if self._came is not None and not self._came.done():
            self._came.set_result(None)

    def empty(self) -> bool:
        """Whether all of it is read."""
        return not self._messages

    async def get(self) -> Any:
        """The next; waits for it."""
        if not self._messages:
            self._came = asyncio.get_running_loop().create_future()
            await self._came
        return self._messages.pop(0)

"""A connection of the HTTP server that cannot be held by who sends slowly, or without an end; uvicorn's own waits for ever.

A proxy in front does the same and more, but nobody is made to have one.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_CONNECTIONS = 4_000  # of one process, those of subscriptions among them
MAX_HEAD_BYTES = 64 * 1024  # of a request line and its headers, or of trailers, give or take what arrives at once
MAX_HEAD_SECONDS = 15.0  # from the opening of a connection, or the first byte of a later request, to the end of its headers
MAX_REQUEST_SECONDS = 180.0  # from there to the end of its body: of any endpoint that does not say sooner what it waits for
MAX_REST_SECONDS = 10.0  # that the rest of a body is read after its answer, so that a sender who reads last gets to read that


class Connection(HttpToolsProtocol):
    """uvicorn's, with limits. Who passes one is cut off, since there is no request yet that could be answered, or no more."""

    _expected: asyncio.TimerHandle | None = None
    _in_head = True
    _head_bytes = 0  # that came since there was something else than a head: of trailers and what frames chunks, too

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"{MAX_CONNECTIONS:,} connections are open (MAX_CONNECTIONS): come again later")
        else:
            self._expect_within(MAX_HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a head, and of trailers, are counted: the parser would keep them all, also those of a line without an end."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes <= MAX_HEAD_BYTES or self.transport.is_closing():
            return
        if not self._in_head:  # its answer may have begun
            self._expect_nothing()
            self.transport.close()
        else:
            told = f"there are more than {MAX_HEAD_BYTES} bytes of headers (MAX_HEAD_BYTES)"
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, told)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._in_head = True
        self._head_bytes = 0
        self._expect_within(MAX_HEAD_SECONDS)
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers. Trailers come here, too, and are let go: they would join the headers, which whoever looked has seen."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Its body follows, if it has one."""
        self._in_head = False
        self._head_bytes = 0
        self._expect_within(MAX_REQUEST_SECONDS)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of its body."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole of it is there."""
        self._head_bytes = 0
        self._expect_nothing()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It is answered, perhaps before the whole of it is there."""
        has_rest = self._expected is not None and not self.pipeline  # else it is the next request that is on its way
        super().on_response_complete()
        if has_rest:
            self._expect_within(MAX_REST_SECONDS)

    def handle_websocket_upgrade(self) -> None:
        """A WebSocket takes over."""
        super().handle_websocket_upgrade()
        self.parser: Any = None  # which refers to us: both would be garbage that is looked for seldom

    def _expect_within(self, seconds: float) -> None:
        self._expect_nothing()
        self._expected = self.loop.call_later(seconds, self.transport.close)

    def _expect_nothing(self) -> None:
        if self._expected is not None:
            self._expected.cancel()
            self._expected = None

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self._expect_nothing()
        head = f"HTTP/1.1 {status} {status.phrase}\r\nConnection: close\r\nRetry-After: 5\r\nContent-Type: text/plain\r\n"
        self.transport.write(f"{head}Content-Length: {len(reason)}\r\n\r\n{reason}".encode())
        self.transport.close()

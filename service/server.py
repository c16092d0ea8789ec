"""The HTTP server of `tallygraph serve`, which says when it has started, and stops our way."""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from service import websockets
from service.connections import MAX_CONNECTIONS, Connection
from service.errors import INTERRUPTED
from service.streams import EndingStreams

GRACE_SECONDS = 10  # for answers under way when the service is stopped; a second Ctrl-C does not wait
WEBSOCKET_BYTES = 64 * 1024
OTHER_FILES = 1_000  # beside those of connections
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def prepared(application: ASGIApp, listener: socket.socket, on_started: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """What serves until told to stop, which signals tell it from now on. `on_started` runs meanwhile, unless it is told before.

    Being told again ends the process.
    """
    _let_open(MAX_CONNECTIONS + OTHER_FILES)
    streams = EndingStreams(application)
    config = configuration(streams)
    server = _Server(config, on_started, streams.stop)
    for each in SIGNALS:  # until the event loop listens for them itself
        signal.signal(each, lambda *_: server.stop())

    def serve() -> None:
        # The configured loop is uvloop where there is one: it takes a large body in a tenth of the time.
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve([listener]))
        for each in SIGNALS:
            signal.signal(each, lambda *_: _end_at_once())

    return serve


def configuration(application: ASGIApp) -> uvicorn.Config:
    """How `application` is served."""
    return uvicorn.Config(
        application,
        interface="asgi3",
        http=Connection,
        ws=websockets.Connection,
        log_config=None,  # ours
        access_log=False,  # addresses of requests have sign-in codes and tokens of links in them
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws_max_size=WEBSOCKET_BYTES,
        ws_per_message_deflate=False,  # its windows take more memory than all else of an idle subscription, and messages are short
        server_header=False,
    )


class _Server(uvicorn.Server):
    """Does not raise signals again, as the library's does: that would end the process before the rest is stopped."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], Awaitable[None]], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._on_stop = on_stop
        self._starting: asyncio.Future[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._starting = asyncio.ensure_future(self._on_started())
            with suppress(asyncio.CancelledError):
                await self._starting

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for each in SIGNALS:
            loop.add_signal_handler(each, self.stop)
        yield

    def stop(self) -> None:
        """Finish what is under way; told again, end at once."""
        if self.should_exit:
            _end_at_once()
        self.should_exit = True
        self._on_stop()
        if self._starting is not None:
            self._starting.cancel()


def _let_open(files: int) -> None:
    """So many files, where the system lets us: by default it is often 1,024."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now < files:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (files if most == resource.RLIM_INFINITY else min(files, most), most))


def _end_at_once() -> None:
    """Postgres and the other processes notice that we are gone, and end."""
    os._exit(INTERRUPTED)

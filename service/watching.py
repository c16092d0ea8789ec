"""Every request has an id and is counted; one that failed or was slow is a line of the log, and with an access log each one is.

Neither addresses nor headers are told, which have sign-in codes and tokens in them, but the route that an address belongs to.
"""

import time
from collections.abc import Callable
from functools import cache

import structlog
from opentelemetry import trace
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.request_ids import HEADER, id_of

log = structlog.get_logger(__name__)

SLOW_SECONDS = 5.0  # until an answer begins: how long it goes on is between the client and the network
NONE = "none"  # a route that there is not, an answer that was not given
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET"})
BEGINNINGS = {"http.response.start": None, "websocket.http.response.start": None, "websocket.accept": 101, "websocket.close": 403}

REQUESTS = Counter("tallygraph_http_requests_total", "Requests that have ended, and WebSockets.", ["method", "route", "status"])
SECONDS = Histogram(
    "tallygraph_http_request_seconds",
    "How long until an answer began.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


class Watched:
    """An ASGI application that is watched. What passes through is not touched, so streams and WebSockets stay what they are."""

    def __init__(self, app: ASGIApp, *, access_log: bool = False, stopwatch: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._access_log = access_log
        self._stopwatch = stopwatch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = id_of(scope)
        structlog.contextvars.bind_contextvars(request_id=request_id)  # left so: the server, too, may have to tell of this request
        trace.get_current_span().set_attribute("tallygraph.request_id", request_id)
        answer = Answer(send, request_id, self._stopwatch)
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            answer.status = 500  # what the server answers in its place, or would have
            raise
        finally:
            self._tell(scope, answer)

    def _tell(self, scope: Scope, answer: "Answer") -> None:
        method, route, status = method_of(scope), route_of(scope), answer.status
        _counter(method, route, status or NONE).inc()
        _histogram(route).observe(answer.seconds)
        failed, slow = status is not None and status >= 500, answer.seconds > SLOW_SECONDS
        if failed or slow or self._access_log:
            event = "request failed" if failed else "request was slow" if slow else "request"
            tell = log.warning if failed or slow else log.info
            tell(event, method=method, route=route, status=status, seconds=round(answer.seconds, 3))


class Answer:
    """What becomes of a request: null until something does."""

    __slots__ = ("_began", "_request_id", "_send", "_start", "_stopwatch", "status")

    def __init__(self, send: Send, request_id: str, stopwatch: Callable[[], float]) -> None:
        self._send = send
        self._request_id = request_id
        self._stopwatch = stopwatch
        self._start = stopwatch()
        self._began: float | None = None
        self.status: int | None = None

    @property
    def seconds(self) -> float:
        """Until it began, or until now."""
        return (self._stopwatch() if self._began is None else self._began) - self._start

    async def send(self, message: Message) -> None:
        """Pass it on; the one that begins the answer with the request's id."""
        if self._began is None and message["type"] in BEGINNINGS:
            self._began = self._stopwatch()
            self.status = message.get("status") or BEGINNINGS[message["type"]]
            if message["type"] != "websocket.close":
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, self._request_id.encode())]}
        await self._send(message)


_counter, _histogram = cache(REQUESTS.labels), cache(SECONDS.labels)  # of few methods, routes and statuses


def method_of(scope: Scope) -> str:
    """Of those that there are: a client may make others up."""
    method = scope.get("method", "WEBSOCKET")
    return method if method in METHODS else "other"


def route_of(scope: Scope) -> str:
    """The template that the address fits, once it has been looked for: there are few."""
    return getattr(scope.get("route"), "path", NONE)

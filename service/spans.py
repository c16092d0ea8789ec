"""Spans: where they go, and the one of each request. Loaded only where tracing is on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, WrappedLogger

from service.watching import method_of, route_of

TRACER = trace.get_tracer(__name__)
FLUSH_SECONDS = 2.0  # a collector that is away does not keep the service from stopping


@contextmanager
def sending(part: str) -> Iterator[None]:
    """Send spans to the collector that the environment names, in the background."""
    named = Resource({SERVICE_NAME: f"tallygraph-{part}"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=Resource.create(dict(named.attributes)), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        flushing = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)  # it would wait for half a minute
        flushing.start()
        flushing.join(FLUSH_SECONDS)


class Traced:
    """An ASGI application with a span for each request, part of the trace that the caller's `traceparent` names.

    Published middleware puts whole addresses into spans, where sign-in codes and tokens of links do not belong.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        caller = propagate.extract(dict(Headers(scope=scope)))
        method = method_of(scope)
        with TRACER.start_as_current_span(method, caller, trace.SpanKind.SERVER) as span:

            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    _tell_status(span, message["status"])
                await send(message)

            try:
                await self._app(scope, receive, sent)
            finally:
                span.update_name(f"{method} {route_of(scope)}")
                span.set_attributes({"http.request.method": method, "http.route": route_of(scope)})


def _tell_status(span: trace.Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(trace.StatusCode.ERROR)


def name_the_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A step of the log that adds the trace and span within which something is said."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event

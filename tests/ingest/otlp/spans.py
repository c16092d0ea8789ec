"""Spans for tests, as OpenTelemetry's own library makes them, in protobuf and in JSON."""

import base64
import json
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import msgspec
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from domain.events import RequestCompleted
from ingest.otlp.dialect import JSON, PROTOBUF, READING, Traces
from tests.events import ACME, FOR_EVER

START = 1_776_780_187_120_456_789  # 2026-04-21T14:03:07.120456789Z
SECOND = 1_000_000_000
TRACE = bytes(range(1, 17))
CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 300,
    "gen_ai.usage.output_tokens": 40,
}
_numbers = count(1)


def value(told: Any) -> AnyValue:
    """As an SDK writes it."""
    match told:
        case AnyValue():
            return told
        case list():
            return AnyValue(array_value=ArrayValue(values=[value(each) for each in told]))
    return AnyValue(**{KINDS[type(told)]: told})


KINDS = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value", bytes: "bytes_value"}


def attributes(told: Mapping[str, Any]) -> list[KeyValue]:
    """Those that are null are left out."""
    return [KeyValue(key=name, value=value(each)) for name, each in told.items() if each is not None]


def span(told: Mapping[str, Any] | None = None, *, number: int | None = None, parent: int = 0, **fields: Any) -> Span:
    """A chat with 300 + 40 tokens that took two seconds, and what is told besides. `number` is its place in the trace."""
    made = {
        "trace_id": TRACE,
        "span_id": (number or next(_numbers)).to_bytes(8, "big"),
        "parent_span_id": parent.to_bytes(8, "big") if parent else b"",
        "name": "chat gpt-4o",
        "kind": Span.SPAN_KIND_CLIENT,
        "start_time_unix_nano": START,
        "end_time_unix_nano": START + 2 * SECOND,
        "attributes": attributes({**CHAT, **(told or {})}),
    }
    return Span(**(made | fields))


def failed(message: str = "") -> Status:
    return Status(code=Status.STATUS_CODE_ERROR, message=message)


def body(*spans: Span, resource: Mapping[str, Any] | None = None, scope: str = "a.library") -> ExportTraceServiceRequest:
    """A request of one service."""
    shared = Resource(attributes=attributes({"service.name": "shop", **(resource or {})}))
    group = ResourceSpans(resource=shared, scope_spans=[ScopeSpans(scope=InstrumentationScope(name=scope), spans=spans)])
    return ExportTraceServiceRequest(resource_spans=[group])


def as_json(request: ExportTraceServiceRequest) -> bytes:
    """OTLP's own JSON: ids in hex, enums as numbers."""
    told = MessageToDict(request, use_integers_for_enums=True)
    for group in told.get("resourceSpans", ()):
        for part in group.get("scopeSpans", ()):
            for each in part.get("spans", ()):
                for name in each.keys() & {"traceId", "spanId", "parentSpanId"}:
                    each[name] = base64.b64decode(each[name]).hex()
    return json.dumps(told).encode()


def reports(request: ExportTraceServiceRequest, media_type: str = PROTOBUF) -> list[bytes]:
    """What the door makes of it."""
    content = as_json(request) if media_type == JSON else request.SerializeToString()
    return Traces().reports(content, media_type)


def events(request: ExportTraceServiceRequest, media_type: str = PROTOBUF) -> list[RequestCompleted]:
    """What becomes of it. Raises UnacceptableError for the first span that is refused."""
    found = [READING.parse(report, ACME, FOR_EVER) for report in reports(request, media_type)]
    assert all(isinstance(each, RequestCompleted) for each in found)
    return found  # pyright: ignore[reportReturnType] - as asserted


def event(told: Mapping[str, Any] | None = None, *, resource: Mapping[str, Any] | None = None, **fields: Any) -> RequestCompleted:
    """What becomes of one span."""
    (found,) = events(body(span(told, **fields), resource=resource))
    return found


def besides(event: RequestCompleted) -> dict[str, Any]:
    """What is kept of a span that no field of an event holds."""
    assert event.original is not None
    return msgspec.json.decode(event.original)["data"]["opentelemetry"]


def ids(found: Sequence[RequestCompleted]) -> list[int]:
    """The numbers of their spans."""
    return [int(each.id.rpartition("-")[2], 16) for each in found]

"""OTLP in protobuf: the spans of a body that speak of GenAI, as they would stand in JSON.

What is not read of a span, such as its messages, spoils nothing, however large it is, or wherever it was cut.
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from collections.abc import Collection, Iterator
from contextlib import suppress

from google.protobuf.message import DecodeError
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from domain import limits
from ingest.otlp import damaged, shared, values
from ingest.otlp.genai_words import READ, READ_OF_RESOURCE
from ingest.otlp.spans import NULL, Resource, Scope, Span, SpanInPlace, raw
from ingest.otlp.wire import DamagedError, Field, Reader, TooManyFieldsError, merged

# Numbers of fields, message by message
RESOURCE_SPANS = 1
RESOURCE, SCOPE_SPANS = 1, 2
SCOPE, SPANS = 1, 2
SCOPE_NAME = 1
RESOURCE_ATTRIBUTES = 1
IDS_TIMES_AND_STATUS = frozenset((1, 2, 4, 7, 8, 15))
SPAN_ATTRIBUTES = 9
KEY = 1

NAMES = frozenset(name.encode() for name in READ)
NAMES_OF_RESOURCE = frozenset(name.encode() for name in READ_OF_RESOURCE)
GENAI = b"gen_ai."
UNREADABLE = (DamagedError, TooManyFieldsError, DecodeError)


def spans(content: bytes) -> Iterator[SpanInPlace]:
    """Those that mention GenAI, the damaged ones too. Raises one of UNREADABLE for a body that cannot."""
    reader = Reader(limits.MAX_SPANS_PER_BATCH)
    for group in reader.fields(memoryview(content)):
        if group.number == RESOURCE_SPANS:
            yield from _of_resource(reader, list(reader.fields(group.content)))


def _of_resource(reader: Reader, group: Collection[Field]) -> Iterator[SpanInPlace]:
    resource = None
    for part in group:
        if part.number != SCOPE_SPANS:
            continue
        fields = list(reader.fields(part.content))
        scope = None
        for field in fields:
            if field.number == SPANS and GENAI in (content := bytes(field.content)):
                resource = resource or _resource(merged(group, RESOURCE))
                scope = scope or _scope(merged(fields, SCOPE))
                yield _span(content, resource, scope)


def _resource(content: bytes) -> Resource:
    read = _read(content, (), RESOURCE_ATTRIBUTES, NAMES_OF_RESOURCE)
    return shared.resource(values.attributes(resource_pb2.Resource.FromString(read).attributes))


def _scope(content: bytes) -> Scope:
    fields = Reader(limits.MAX_FIELDS_PER_SPAN).fields(memoryview(content))
    return shared.scope(raw(merged(fields, SCOPE_NAME).decode(errors="replace")))


def _span(content: bytes, resource: Resource, scope: Scope) -> SpanInPlace:
    try:
        span = _parsed(content)
    except UNREADABLE as error:
        return SpanInPlace(resource, scope, *damaged.span(content, error))
    told = Span(
        raw(span.trace_id.hex()),
        raw(span.span_id.hex()),
        raw(span.parent_span_id.hex()) if span.parent_span_id else NULL,
        raw(str(span.start_time_unix_nano)),
        raw(str(span.end_time_unix_nano)),
        values.attributes(each for each in span.attributes if each.key in READ),
        raw({"message": span.status.message, "code": span.status.code}) if span.HasField("status") else NULL,
    )
    return SpanInPlace(resource, scope, told)


def _parsed(content: bytes) -> trace_pb2.Span:
    """As the library does it, quickly; one that is large, or has a text that was cut within a character, without what is not read."""
    if len(content) <= limits.MAX_EVENT_BYTES:
        with suppress(DecodeError):
            return trace_pb2.Span.FromString(content)
    return trace_pb2.Span.FromString(_read(content, IDS_TIMES_AND_STATUS, SPAN_ATTRIBUTES, NAMES))


def _read(content: bytes, numbers: Collection[int], attributes: int, names: Collection[bytes]) -> bytes:
    """The message without other fields and attributes than these. Raises DecodeError where that is more than MAX_EVENT_BYTES."""
    reader = Reader(limits.MAX_FIELDS_PER_SPAN)
    read = bytearray()
    for field in reader.fields(memoryview(content)):
        if field.number in numbers or (field.number == attributes and _key(reader, field) in names):
            read += field.whole
    if len(read) > limits.MAX_EVENT_BYTES:
        raise DecodeError(f"it is larger than {limits.MAX_EVENT_BYTES} bytes (MAX_EVENT_BYTES)")
    return bytes(read)


def _key(reader: Reader, attribute: Field) -> bytes:
    return merged(reader.fields(attribute.content), KEY)

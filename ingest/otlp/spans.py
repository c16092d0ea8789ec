"""Spans in OTLP's JSON: as bodies hold them, and one with its resource, which is a report and what is kept aside of a refused one.

Values stay as they were written until somebody reads one: a bad one spoils its own span only.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw

NULL = Raw(b"null")


class KeyValue(msgspec.Struct, omit_defaults=True, gc=False):
    key: str = ""
    value: Raw = NULL


class Resource(msgspec.Struct, omit_defaults=True, gc=False):
    attributes: list[KeyValue] | None = None


class Scope(msgspec.Struct, omit_defaults=True, gc=False):
    name: Raw = NULL


class Span(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    trace_id: Raw = NULL  # hex, as the other ids
    span_id: Raw = NULL
    parent_span_id: Raw = NULL
    start_time_unix_nano: Raw = NULL
    end_time_unix_nano: Raw = NULL
    attributes: list[KeyValue] | None = None
    status: Raw = NULL


class ScopeSpans(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    scope: Scope | None = None
    spans: list[Span] | None = None


class ResourceSpans(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    resource: Resource | None = None
    scope_spans: list[ScopeSpans] | None = None


class Traces(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """A whole body."""

    resource_spans: list[ResourceSpans] | None = None


class Damage(msgspec.Struct, omit_defaults=True, gc=False):
    """Why a span cannot be read, though some of it is here, and the field where that is known."""

    reason: str
    field: str | None = None


class Report(Traces, omit_defaults=True, gc=False):
    """A body of one span. Damage is ours to tell: in a body that is sent it is nothing."""

    damage: Damage | None = None


class SpanInPlace(msgspec.Struct, gc=False):
    """One span with what it shares with others."""

    resource: Resource
    scope: Scope
    span: Span
    damage: Damage | None = None


DECODER = msgspec.json.Decoder(Traces)
REPORT_DECODER = msgspec.json.Decoder(Report)


def each_in(traces: Traces) -> Iterator[SpanInPlace]:
    """The spans of a body."""
    for group in traces.resource_spans or ():
        for part in group.scope_spans or ():
            for span in part.spans or ():
                yield SpanInPlace(group.resource or Resource(), part.scope or Scope(), span)


def encoded(found: SpanInPlace) -> bytes:
    """A body of nothing but this span: it can be sent again as it is."""
    return msgspec.json.encode(Report([ResourceSpans(found.resource, [ScopeSpans(found.scope, [found.span])])], found.damage))


def raw(value: Any) -> Raw:
    """A value, written."""
    return Raw(msgspec.json.encode(value))

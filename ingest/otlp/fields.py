"""What a span is called, and when it was."""

from datetime import timedelta

from msgspec import Raw

from domain import notation
from domain.events import EPOCH
from ingest.checks import instant
from ingest.otlp.attributes import MAX_DURATION, MAX_DURATION_NS, Attributes, checked, decoded, integer
from ingest.otlp.genai_words import SERVICE_NAME, SERVICE_NAMESPACE
from ingest.otlp.spans import Span
from ingest.outcomes import UnacceptableError

SOURCE = "otlp"
TRACE_DIGITS, SPAN_DIGITS = 32, 16
START, END = "startTimeUnixNano", "endTimeUnixNano"
NANOSECONDS_PER_MICROSECOND = 1_000


def source(resource: Attributes) -> str:
    """The service that made the span."""
    names = (SOURCE, resource.text(SERVICE_NAMESPACE), resource.text(SERVICE_NAME))
    return checked("/".join(filter(None, names)), SERVICE_NAME[0])


def id(span: Span) -> str:
    """Trace and span, in hex: a span that is exported again has it again."""
    return f"{_hex(span.trace_id, 'traceId', TRACE_DIGITS)}-{_hex(span.span_id, 'spanId', SPAN_DIGITS)}"


def occurred_at(span: Span, latest: int) -> int:
    """When it began, in microseconds since 1970."""
    began = EPOCH + timedelta(microseconds=_nanoseconds(span.start_time_unix_nano, START) // NANOSECONDS_PER_MICROSECOND)
    return instant(notation.instant(began), latest, START)


def latency_ns(span: Span) -> int | None:
    """How long it took. Unknown where it does not end after it began: nothing takes no time."""
    latency = _nanoseconds(span.end_time_unix_nano, END) - _nanoseconds(span.start_time_unix_nano, START)
    if latency > MAX_DURATION_NS:
        raise UnacceptableError(END, f"is more than {MAX_DURATION} after the start")
    return latency if latency > 0 else None


def _hex(raw: Raw, field: str, digits: int) -> str:
    text = (decoded(raw, str | None, field) or "").lower()
    if len(text) != digits or text.strip("0123456789abcdef") or not text.strip("0"):
        raise UnacceptableError(field, f"{text[:64]!r} is not an id of {digits} hexadecimal digits, not all of them 0")
    return text


def _nanoseconds(raw: Raw, field: str) -> int:
    """Since 1970; 0 where nothing is told."""
    found = integer(decoded(raw, int | str | None, field), field) or 0
    if not 0 <= found < 2**64:
        raise UnacceptableError(field, "is not a time in nanoseconds since 1970, of 64 bits")
    return found

"""A span in protobuf that cannot be read: it becomes no event, and as much as of others is kept aside of it, never its messages."""

from contextlib import suppress

from google.protobuf.message import DecodeError
from msgspec import Raw
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from domain import limits
from ingest.otlp import values
from ingest.otlp.genai_words import READ
from ingest.otlp.shared import bounded
from ingest.otlp.spans import NULL, Damage, KeyValue, Span, raw
from ingest.otlp.wire import DamagedError, Reader, TooManyFieldsError, merged

# Numbers of fields, message by message
IDS_AND_TIMES = frozenset((1, 2, 4, 7, 8))
ATTRIBUTES, STATUS = 9, 15
KEY, VALUE = 1, 2
STRING_VALUE = 1
STATUS_MESSAGE = 2

NAMES = {name.encode(): name for name in READ}
UNREADABLE = "cannot be read: it is not UTF-8, nested too deep or too large"
TOO_MANY = f"cannot be read: it has more than {limits.MAX_FIELDS_PER_SPAN} fields (MAX_FIELDS_PER_SPAN)"
MAX_ID_BYTES = 64  # longer than any that is one


def span(content: bytes, error: Exception) -> tuple[Span, Damage]:
    """What can be read of it, and why the rest, which raised `error`, cannot."""
    salvage = Salvage(content)
    if salvage.unreadable:
        return salvage.span(), Damage(UNREADABLE, salvage.unreadable[0])
    return salvage.span(), Damage(TOO_MANY if isinstance(error, TooManyFieldsError) else f"cannot be read: {error}")


class Salvage:
    """A span, as far as its fields can be told apart. Texts are bounded, and what is not UTF-8 in them is replaced."""

    def __init__(self, content: bytes) -> None:
        self.unreadable: list[str] = []  # names of attributes
        self._reader = Reader(limits.MAX_FIELDS_PER_SPAN)
        self._ids_and_times: dict[int, bytes] = {}
        self._attributes: dict[str, Raw] = {}
        self._status = NULL
        with suppress(DamagedError, TooManyFieldsError, DecodeError):
            self._read(memoryview(content))

    def span(self) -> Span:
        """As a body in JSON has it."""
        told = trace_pb2.Span.FromString(b"".join(self._ids_and_times.values()))
        return Span(
            *(raw(id[:MAX_ID_BYTES].hex()) for id in (told.trace_id, told.span_id, told.parent_span_id)),
            start_time_unix_nano=raw(str(told.start_time_unix_nano)),
            end_time_unix_nano=raw(str(told.end_time_unix_nano)),
            attributes=[KeyValue(name, value) for name, value in self._attributes.items()],
            status=self._status,
        )

    def _read(self, span: memoryview) -> None:
        for field in self._reader.fields(span):
            if field.number in IDS_AND_TIMES:
                self._ids_and_times[field.number] = bytes(field.whole)
            elif field.number == STATUS:
                self._status = self._status_of(field.content)
            elif field.number == ATTRIBUTES:
                parts = list(self._reader.fields(field.content))
                name = NAMES.get(merged(parts, KEY))
                if name is not None:
                    self._attributes[name] = bounded(self._value(name, merged(parts, VALUE)))

    def _value(self, name: str, value: bytes) -> Raw:
        if len(value) <= limits.MAX_EVENT_BYTES:  # the library builds all of it
            with suppress(DecodeError):
                return raw(values.value(AnyValue.FromString(value)))
        text = merged(self._reader.fields(memoryview(value)), STRING_VALUE)
        return raw({"stringValue": self._text(name, text or b"\xff")})

    def _status_of(self, status: memoryview) -> Raw:
        fields = list(self._reader.fields(status))
        rest = trace_pb2.Status.FromString(b"".join(field.whole for field in fields if field.number != STATUS_MESSAGE))
        return raw({"message": self._text("status.message", merged(fields, STATUS_MESSAGE)), "code": rest.code})

    def _text(self, name: str, text: bytes) -> str:
        try:
            text.decode()
        except UnicodeDecodeError:
            self.unreadable.append(name)
        return text[: limits.MAX_ERROR_MESSAGE_BYTES].decode(errors="replace")

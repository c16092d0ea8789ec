"""Attributes of a span or a resource, read by name and checked as the fields of any event are.

https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw

from domain import limits
from ingest.checks import check_text
from ingest.decoding import NOT_JSON
from ingest.otlp.genai_words import Names
from ingest.otlp.spans import KeyValue
from ingest.outcomes import UnacceptableError

INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
NUL_WRITTEN = b"\\u0000"
NANOSECONDS_PER_SECOND = 1_000_000_000
MAX_DURATION = f"{limits.MAX_DURATION_MS:.0f} ms (MAX_DURATION_MS)"
MAX_DURATION_NS = int(limits.MAX_DURATION_MS * limits.NANOSECONDS_PER_MILLISECOND)


class Values(msgspec.Struct, gc=False):
    values: list["Value"] | None = None


class Value(msgspec.Struct, rename="camel", gc=False):
    """An AnyValue. One of a kind that none of our attributes has is empty."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    array_value: Values | None = None


class Attributes:
    """Of names that say the same, the first that is there holds. What is not of its type, or past its limit, raises UnacceptableError."""

    def __init__(self, attributes: Iterable[KeyValue] | None) -> None:
        self._values = {each.key: each.value for each in attributes or ()}

    def has(self, *names: str) -> bool:
        """Whether one of the names is there."""
        return any(name in self._values for name in names)

    def text(self, names: Names) -> str | None:
        """A text; null where it is empty."""
        for name, value in self._found(names):
            if value.string_value is None:
                raise UnacceptableError(name, "is not a string")
            return checked(value.string_value, name) or None
        return None

    def count(self, names: Names) -> int | None:
        """A whole number, 0 or more."""
        for name, value in self._found(names):
            number = _whole(value, name)
            if number is None:
                raise UnacceptableError(name, "is not a whole number: send an int")
            if not 0 <= number <= limits.MAX_QUANTITY:
                raise UnacceptableError(name, f"is not within 0 and {limits.MAX_QUANTITY} (MAX_QUANTITY)")
            return number
        return None

    def nanoseconds(self, names: Names) -> int | None:
        """A time in seconds, as nanoseconds; null where it is 0, which nothing takes."""
        for name, value in self._found(names):
            seconds = value.double_value if isinstance(value.double_value, float) else integer(value.int_value, name)
            if seconds is None or not math.isfinite(seconds):
                raise UnacceptableError(name, "is not a number of seconds: send a double")
            if not 0 <= seconds * NANOSECONDS_PER_SECOND <= MAX_DURATION_NS:
                raise UnacceptableError(name, f"is not within 0 and {MAX_DURATION}")
            return round(seconds * NANOSECONDS_PER_SECOND) or None
        return None

    def aside(self, name: str) -> Any:
        """A text, number or list of them that nothing depends on; null for anything else, and what `short` leaves out."""
        value = short(self._values[name], Value) if name in self._values else None
        return None if value is None else _plain(value)

    def _found(self, names: Names) -> Iterator[tuple[str, Value]]:
        for name in names:
            if name in self._values:
                yield name, decoded(self._values[name], Value, name)


def decoded(raw: Raw, type: Any, field: str) -> Any:
    """A value as it was written. Raises UnacceptableError with the field."""
    try:
        return msgspec.json.decode(raw, type=type)
    except NOT_JSON as error:
        raise UnacceptableError(field, f"cannot be read: {error}") from None


def short(raw: Raw, type: Any) -> Any:
    """A value that nothing depends on; null where it cannot be read, is longer than a text may be, or has a NUL."""
    written = bytes(raw)
    if len(written) > limits.MAX_STRING_BYTES or NUL_WRITTEN in written:
        return None
    try:
        return msgspec.json.decode(written, type=type)
    except NOT_JSON:
        return None


def checked(text: str, field: str) -> str:
    """A text without NUL, within its limit."""
    check_text(text, field)
    return text


def integer(value: int | str | None, field: str) -> int | None:
    """A number of 64 bits, which JSON writes as a text or a number."""
    if not isinstance(value, str):
        return value
    if not INTEGER.fullmatch(value):
        raise UnacceptableError(field, f"{value[:64]!r} is not a whole number")
    return int(value)


def _whole(value: Value, field: str) -> int | None:
    if isinstance(value.double_value, float) and value.double_value.is_integer():
        return int(value.double_value)
    return integer(value.int_value, field)


def _plain(value: Value) -> Any:
    if value.array_value is not None:
        return [plain for each in value.array_value.values or () if (plain := _plain(each)) is not None]
    number = value.int_value
    whole = int(number) if isinstance(number, str) and INTEGER.fullmatch(number) else number
    given = (value.string_value, value.bool_value, whole, value.double_value)
    return next((each for each in given if each is not None), None)

"""Protobuf's wire format, as far as to take a message apart without building what is in it.

A library builds the whole, and makes gigabytes of a body of empty messages, before anybody can count them.
https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

VARINT, LENGTH_DELIMITED = 0, 2
FIXED_BYTES = {1: 8, 5: 4}
MAX_VARINT_BYTES = 10


class DamagedError(Exception):
    """Raised where bytes are no message."""


class TooManyFieldsError(Exception):
    """Raised where there are more fields than a reader may read."""


class Field(NamedTuple):
    """A field: its number, what it holds (nothing, unless its length is written before it), and all of it as it was written."""

    number: int
    content: memoryview
    whole: memoryview


class Reader:
    """Takes messages apart, up to so many fields in all of them together."""

    def __init__(self, max_fields: int) -> None:
        self._left = max_fields

    def fields(self, message: memoryview) -> Iterator[Field]:
        """The fields of a message. Raises DamagedError or TooManyFieldsError."""
        at = 0
        while at < len(message):
            if self._left == 0:
                raise TooManyFieldsError
            self._left -= 1
            start = at
            tag, at = _varint(message, at)
            number, kind = tag >> 3, tag & 7
            size = 0
            if kind == LENGTH_DELIMITED:
                size, at = _varint(message, at)
            elif kind == VARINT:
                _, at = _varint(message, at)
            elif kind in FIXED_BYTES:
                at += FIXED_BYTES[kind]
            else:
                raise DamagedError(f"field {number} is of the wire type {kind}")
            content, at = at, at + size
            if at > len(message):
                raise DamagedError("it ends within a field")
            yield Field(number, message[content:at], message[start:at])


def merged(fields: Iterable[Field], number: int) -> bytes:
    """The message in that field, which may be written in several parts."""
    return b"".join(field.content for field in fields if field.number == number)


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = 0
    for i, byte in enumerate(message[at : at + MAX_VARINT_BYTES]):
        if byte < 0x80:
            return value | byte << (7 * i), at + i + 1
        value |= (byte & 0x7F) << (7 * i)
    raise DamagedError("it ends within a number, or has one that is too long")

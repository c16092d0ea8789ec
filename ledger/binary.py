"""Postgres' binary formats, written by hand where an object per value would cost more than the value.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

import struct
from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Context, Decimal
from itertools import chain, count, repeat
from typing import Any, TypeVar

from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
COPY_TRAILER = struct.pack(">h", -1)
UUID_OID, UUID_ARRAY_OID = 2950, 2951

_FIVE_FIELDS = struct.pack(">hi", 5, 16)
_int8 = struct.Struct(">iq").pack
_length = struct.Struct(">i").pack


def event_row(originator_id: bytes, version: int, topic: str, state: bytes) -> bytes:
    """A row of the log but for its position, which is known only under the lock."""
    version_and_topic = _FIRST[topic] if version == 1 else _version_and_topic(version, topic)
    return b"".join((_FIVE_FIELDS, originator_id, version_and_topic, _length(len(state)), state))


def _version_and_topic(version: int, topic: str) -> bytes:
    return _int8(8, version) + text_field(topic)


class _FirstVersions(dict[str, bytes]):
    """What all first versions of a topic have in common: topics are few."""

    def __missing__(self, topic: str) -> bytes:
        field = self[topic] = _version_and_topic(1, topic)
        return field


_FIRST = _FirstVersions()


TOPIC_LENGTH = 34  # where a row has it: behind the number of fields, the stream and the version


def topic_and_state(row: bytes) -> tuple[str, bytes]:
    """What such a row holds beside its place."""
    begin = TOPIC_LENGTH + 4
    end = begin + int.from_bytes(row[TOPIC_LENGTH:begin])
    return row[begin:end].decode(), row[end + 4 :]


def at_positions(rows: Collection[bytes], first: int) -> bytes:
    """A part of a COPY: `rows` at consecutive positions."""
    return b"".join(chain.from_iterable(zip(rows, map(_int8, repeat(8), count(first)), strict=False)))


_NAMED, _SIXTEEN = struct.pack(">hi", 4, 16), struct.pack(">i", 16)
_version = struct.Struct(">ii").pack
_FIRST_VERSION = _version(4, 1)


def named_place(account: bytes, name: bytes, stream: bytes, version: int) -> bytes:
    """A row of a COPY: an account, a name, a stream (uuids all) and a version of it."""
    return b"".join((_NAMED, account, _SIXTEEN, name, _SIXTEEN, stream, _FIRST_VERSION if version == 1 else _version(4, version)))


def copy_of_named_places(rows: Iterable[bytes]) -> bytes:
    """The whole of a COPY of such rows."""
    return b"".join((COPY_HEADER, *rows, COPY_TRAILER))


NAMED_PLACE_BYTES = 70  # 2 for the number of fields, then three of 4 + 16, and one of 4 + 4
ACCOUNT_IN_ROW, NAME_IN_ROW, STREAM_IN_ROW = 6, 26, 46


def named(copy: bytes) -> Iterator[bytes]:
    """The names in such a COPY, each behind its account: 32 bytes."""
    for account, name in zip(_uuids(copy, ACCOUNT_IN_ROW), _uuids(copy, NAME_IN_ROW), strict=True):
        yield account + name


def streams(copy: bytes) -> tuple["UuidArray", "UuidArray"]:
    """The accounts in such a COPY, and the streams."""
    return UuidArray.of([*_uuids(copy, ACCOUNT_IN_ROW)]), UuidArray.of([*_uuids(copy, STREAM_IN_ROW)])


def _uuids(copy: bytes, place: int) -> Iterator[bytes]:
    """What stands at that place of each row."""
    for start in range(len(COPY_HEADER) + place, len(copy) - len(COPY_TRAILER), NAMED_PLACE_BYTES):
        yield copy[start : start + 16]


class UuidArray(bytes):
    """A parameter of type uuid[], from the identifiers' bytes."""

    __slots__ = ()

    @classmethod
    def of(cls, identifiers: Collection[bytes]) -> "UuidArray":
        """Each of 16 bytes."""
        head = struct.pack(">iiIii", 1, 0, UUID_OID, len(identifiers), 1)
        return cls(head + b"".join(b"\0\0\0\x10" + identifier for identifier in identifiers))


class UuidArrayDumper(Dumper):
    """Sends a UuidArray as it is."""

    format = Format.BINARY
    oid = UUID_ARRAY_OID

    def dump(self, obj: Any) -> bytes:
        """The bytes themselves."""
        return bytes(obj)

    def get_key(self, obj: Any, format: PyFormat) -> type:  # noqa: ARG002 - the base class's signature
        """There is but one way."""
        return UuidArray


POSTGRES_EPOCH_MICROSECONDS = 946_684_800_000_000  # 2000-01-01, where its timestamps begin
NULL = b"\xff\xff\xff\xff"

_int2 = struct.Struct(">ih").pack


def int2_field(value: int | None) -> bytes:
    """A smallint in a COPY row."""
    return NULL if value is None else _int2(2, value)


def int8_field(value: int | None) -> bytes:
    """A bigint in a COPY row."""
    return NULL if value is None else _int8(8, value)


NEGATIVE = 0x4000
SHIFT = Context(prec=1_000)  # digits: more than any number of ours has
_groups = {count: struct.Struct(f">ihhHH{count}H").pack for count in range(250)}


def numeric_field(value: Decimal | None) -> bytes:
    """A numeric in a COPY row: digits in groups of four, as Postgres sends and takes them (numeric_recv)."""
    if value is None:
        return NULL
    sign, _, exponent = value.as_tuple()
    assert isinstance(exponent, int), f"{value} is no number of money"
    scale = max(-exponent, 0)
    groups_behind_point = (scale + 3) // 4
    rest = abs(int(value.scaleb(4 * groups_behind_point, SHIFT)))
    groups: list[int] = []
    weight = -groups_behind_point - 1
    while rest:
        rest, group = divmod(rest, 10_000)
        weight += 1
        if group or groups:  # zeros at the end are told by the scale
            groups.append(group)
    groups.reverse()
    count = len(groups)
    return _groups[count](8 + 2 * count, count, weight if groups else 0, NEGATIVE if sign and groups else 0, scale, *groups)


def text_field(value: str | None) -> bytes:
    """A text in a COPY row."""
    if value is None:
        return NULL
    encoded = value.encode()
    return _length(len(encoded)) + encoded


Key = TypeVar("Key")


class Interned(dict[Key, bytes]):
    """Fields that come again and again, made once. Bounded: it forgets everything when full, and keeps nothing long."""

    MAX_KEYS = 50_000
    MAX_KEPT_BYTES = 512

    def __init__(self, make: Callable[[Key], bytes]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> bytes:
        """Make and keep them."""
        fields = self._make(key)
        if len(fields) <= self.MAX_KEPT_BYTES:
            if len(self) >= self.MAX_KEYS:
                self.clear()
            self[key] = fields
        return fields

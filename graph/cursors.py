"""Cursors: places in a list, as opaque texts that are good for that list alone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import strawberry

from domain.sealing import Seal, SealBrokenError, Sealing
from graph.errors import BadInputError

Key = tuple[Any, ...]
"""The values that a row is ordered by: null, bool, int of 64 bits, float, text, Decimal, aware datetime, UUID or bytes."""

DECIMAL, IDENTIFIER, ABSENT = 1, 2, 3  # MessagePack has no type for these


@dataclass(frozen=True, slots=True)
class Listing:
    """What tells one list from another. A cursor of one is no place in another."""

    account: bytes  # the account's id; empty for lists of operators
    kind: str  # such as "history"
    query: bytes  # `fingerprint` of the filter, the order, and whatever else decides which rows there are
    generation: str  # of the read model: a rebuilt one has other rows


@dataclass(frozen=True)
class Cursors:
    """Writes and reads the cursors of a list."""

    seal: Seal
    listing: Listing

    def write(self, key: Key) -> str:
        """The cursor of the row with that key."""
        return self.write_each([key])[0]

    def write_each(self, keys: Iterable[Key]) -> list[str]:
        """Those of the rows of a page, which take less time together."""
        packed = map(_packed, zip(*keys, strict=True))  # column by column: each has values of one type, or null
        return self._sealing.seal_each(map(_encoder.encode, zip(*packed, strict=True)))

    def read(self, cursor: str, *, argument: str) -> Key:
        """Raises BadInputError that names `argument`."""
        try:
            return tuple(_decoder.decode(self._sealing.open(cursor)))
        except SealBrokenError:
            raise BadInputError(
                f"{argument} is not a cursor of this list: a cursor is good for the account, filter and order that it came with, "
                "until the list is rebuilt. Start again without it.",
                field=(argument,),
            ) from None

    @cached_property
    def _sealing(self) -> Sealing:
        listing = self.listing
        return self.seal.of(fingerprint("cursor", listing.account, listing.kind, listing.query, listing.generation))


def fingerprint(*parts: object) -> bytes:
    """16 bytes that differ where a filter or an order does: inputs, dataclasses, enums, lists and the values of a `Key`."""
    return blake2b(_fingerprints.encode(parts), digest_size=16).digest()


def _packed(column: Sequence[Any]) -> Sequence[Any]:
    """The values of one place in keys, as MessagePack has them."""
    types = {*map(type, column)}
    if types <= PLAIN or (types == {datetime} and all(map(_zone, column))):
        return column
    if types == {UUID}:  # as nearly every key ends with
        return [msgspec.msgpack.Ext(IDENTIFIER, each.int.to_bytes(16, "big")) for each in column]
    return [each if type(each) in PLAIN else PACK.get(type(each), _unorderable)(each) for each in column]


def _unpacked(code: int, data: memoryview) -> object:
    return UNPACK[code](bytes(data))


def _unorderable(value: object) -> object:
    raise TypeError(f"rows are not ordered by {value!r}")


def _named(value: object) -> object:
    if value is strawberry.UNSET:
        return msgspec.msgpack.Ext(ABSENT, b"")
    if isinstance(value, ZoneInfo):
        return value.key
    raise TypeError(f"{value!r} does not decide which rows there are")


PLAIN = {type(None), bool, int, float, str, bytes}  # as they are
PACK: dict[type, Callable[[Any], object]] = {
    Decimal: lambda value: msgspec.msgpack.Ext(DECIMAL, str(value).encode()),
    UUID: lambda value: msgspec.msgpack.Ext(IDENTIFIER, value.bytes),
    datetime: lambda value: value if value.tzinfo else _unorderable(value),  # as an instant, whatever its zone
}
UNPACK: dict[int, Callable[[bytes], object]] = {
    DECIMAL: lambda data: Decimal(data.decode()),
    IDENTIFIER: lambda data: UUID(bytes=data),
}
_zone = attrgetter("tzinfo")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list, ext_hook=_unpacked)
_fingerprints = msgspec.msgpack.Encoder(order="deterministic", enc_hook=_named)

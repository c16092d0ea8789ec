"""Cursors: places in a list, as opaque texts that are good for that list alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import strawberry

from domain.sealing import Seal, SealBrokenError
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


@dataclass(frozen=True, slots=True)
class Cursors:
    """Writes and reads the cursors of a list."""

    seal: Seal
    listing: Listing

    def write(self, key: Key) -> str:
        return self.seal.seal(_encoder.encode([_packed(value) for value in key]), *self._binding)

    def read(self, cursor: str, *, argument: str) -> Key:
        """Raises BadInputError that names `argument`."""
        try:
            return tuple(_decoder.decode(self.seal.open(cursor, *self._binding)))
        except SealBrokenError:
            raise BadInputError(
                f"{argument} is not a cursor of this list: a cursor is good for the account, filter and order that it came with, "
                "until the list is rebuilt. Start again without it.",
                field=(argument,),
            ) from None

    @property
    def _binding(self) -> tuple[bytes, ...]:
        listing = self.listing
        return (b"cursor", listing.account, listing.kind.encode(), listing.query, listing.generation.encode())


def fingerprint(*parts: object) -> bytes:
    """16 bytes that differ where a filter or an order does: inputs, dataclasses, enums, lists and the values of a `Key`."""
    return blake2b(_fingerprints.encode(parts), digest_size=16).digest()


def _packed(value: object) -> object:
    if isinstance(value, Decimal):
        return msgspec.msgpack.Ext(DECIMAL, str(value).encode())
    if isinstance(value, UUID):
        return msgspec.msgpack.Ext(IDENTIFIER, value.bytes)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else _unorderable(value)
    return value if value is None or isinstance(value, bool | int | float | str | bytes) else _unorderable(value)


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


UNPACK: dict[int, Callable[[bytes], object]] = {
    DECIMAL: lambda data: Decimal(data.decode()),
    IDENTIFIER: lambda data: UUID(bytes=data),
}
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list, ext_hook=_unpacked)
_fingerprints = msgspec.msgpack.Encoder(order="deterministic", enc_hook=_named)

"""A place in the log: a cell, and how many events it held then. Outside it is opaque, so that no account can count the others' events."""

import struct
from typing import NamedTuple

from domain.sealing import Seal, SealBrokenError

BINDING = b"position"


class Position(NamedTuple):
    """Positions compare within a cell; there is no order across cells."""

    cell: str
    id: int

    def sealed(self, seal: Seal) -> str:
        """The form for the outside."""
        return seal.seal(struct.pack(">Q", self.id) + self.cell.encode(), BINDING)


class PositionUnknownError(ValueError):
    """Raised when a text is not a position that this service gave out."""


def opened(text: str, seal: Seal) -> Position:
    """The position behind `text`. Raises PositionUnknownError."""
    try:
        inside = seal.open(text, BINDING)
    except SealBrokenError:
        raise PositionUnknownError("this is not a position that the service gave out: pass one on from a receipt, unchanged") from None
    return Position(inside[8:].decode(), struct.unpack(">Q", inside[:8])[0])

"""Counts as blocks have them: null and absent are unknown, and one that cannot be right is refused under its name."""

from typing import Annotated, NamedTuple

import msgspec

from domain.limits import MAX_QUANTITY
from ingest.outcomes import UnacceptableError

BLOCK = "data.usage"
Told = Annotated[int, msgspec.Meta(ge=0, le=MAX_QUANTITY)] | None


class Part(NamedTuple):
    """A count, and where the block has it. Null is unknown, never 0."""

    path: str
    number: int | None = None


UNTOLD = Part("")


class Counts:
    """The counts of one kind of object: by their names here, with the paths that senders know them by."""

    def __init__(self, shape: type[msgspec.Struct], prefix: str = "") -> None:
        self._names = shape.__struct_fields__
        self._paths = [prefix + name for name in shape.__struct_encode_fields__]
        self._untold = dict(zip(self._names, map(Part, self._paths), strict=True))

    def __call__(self, told: msgspec.Struct | None) -> dict[str, Part]:
        """Fields that are no counts are in it as well: nobody asks for them."""
        if told is None:
            return self._untold
        return dict(zip(self._names, map(Part, self._paths, msgspec.structs.astuple(told)), strict=True))


def contradiction(part: Part, message: str) -> UnacceptableError:
    """The error of a block that cannot be right."""
    return UnacceptableError(f"{BLOCK}.{part.path}", message)


def within(total: Part, *parts: Part) -> None:
    """Raises UnacceptableError where parts are more than their total, at the first that does not fit any more."""
    if total.number is None:
        return
    left = total.number
    for part in parts:
        left -= part.number or 0
        if left < 0:
            also = "" if (part.number or 0) > total.number else " with the parts before it"
            raise contradiction(part, f"is {part.number},{also} more than {total.path}, {total.number}, which it is a part of")


def added(*parts: Part) -> Part:
    """The sum of what is known; unknown where the first is."""
    first = parts[0]
    return first if first.number is None else Part(first.path, sum(part.number or 0 for part in parts))


def same(*parts: Part) -> Part:
    """One count that is told under several names. Raises UnacceptableError where two of them differ."""
    told = [part for part in parts if part.number is not None]
    for other in told[1:]:
        if other.number != told[0].number:
            raise contradiction(other, f"is {other.number}, but {told[0].path} says {told[0].number} of the same")
    return told[0] if told else parts[0]

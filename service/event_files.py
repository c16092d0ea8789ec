"""Files of usage events: one a line, one over several lines, or an array of them; gzipped or not."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import closing
from io import BufferedIOBase
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from domain.limits import MAX_EVENT_BYTES

BATCH = 5_000
BATCH_BYTES = 16 * 1024 * 1024
GZIP = b"\x1f\x8b"
ONE_LINE = bytes.maketrans(b"\r\n", b"  ")  # JSON has no line breaks but between its parts


class UnreadableFileError(Exception):
    """Raised when a file cannot be read to its end; says which, and why."""


class Batch(NamedTuple):
    """Events as they are in the file, each on one line: whether one is good is for the service to say."""

    first: int
    """The number of the first one in the file, from 1."""
    events: list[bytes]
    bytes_read: int
    """How much of the file has been read, as it lies on the disk."""


def batches(path: Path) -> Iterator[Batch]:
    """The events of a file, as many at a time as a body can hold. Raises UnreadableFileError."""
    try:
        with path.open("rb") as raw, closing(_unpacked(raw)) as file:
            number = 1
            batch: list[bytes] = []
            size = 0
            for event in _events(file):
                if len(batch) == BATCH or (batch and size + len(event) > BATCH_BYTES):
                    yield Batch(number, batch, raw.tell())
                    number += len(batch)
                    batch, size = [], 0
                batch.append(event)
                size += len(event)
            yield Batch(number, batch, raw.tell())
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror or error}") from None
    except (EOFError, zlib.error, msgspec.DecodeError, RecursionError) as error:
        raise UnreadableFileError(f"{path}: {error}") from None


def _unpacked(raw: BinaryIO) -> BufferedIOBase | BinaryIO:
    packed = raw.read(len(GZIP)) == GZIP
    raw.seek(0)
    return gzip.open(raw) if packed else raw


def _events(file: BufferedIOBase | BinaryIO) -> Iterator[bytes]:
    first = file.readline().removeprefix(codecs.BOM_UTF8).lstrip()
    while not first and (line := file.readline()):
        first = line.lstrip()
    if first.startswith(b"["):
        for event in msgspec.json.decode(first + file.read(), type=list[msgspec.Raw]):
            yield bytes(event).translate(ONE_LINE)
        return
    lines = chain([first], file)
    for line in lines:
        yield from _from_line(line.strip(), lines)


def _from_line(line: bytes, following: Iterator[bytes]) -> list[bytes]:
    """The event that begins here, with as many of the following lines as it takes; where those do not complete it, each line by itself."""
    lines = [line] if line else []
    size = len(line)
    while line.startswith(b"{") and _is_cut(b"\n".join(lines)):
        more = next(following, None) if size <= MAX_EVENT_BYTES else None
        if more is None:
            return lines
        lines.append(more.strip())
        size += len(more)
    whole = b"\n".join(lines)
    return [whole.translate(ONE_LINE)] if len(lines) > 1 and _is_json(whole) else lines


def _is_json(text: bytes) -> bool:
    return _fault(text) is None


def _is_cut(text: bytes) -> bool:
    """Whether it is JSON as far as it goes, and goes on."""
    return _fault(text) == "Input data was truncated"


def _fault(text: bytes) -> str | None:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError) as error:
        return str(error)
    return None

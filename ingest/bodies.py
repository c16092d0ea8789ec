"""Request bodies: read within their limits, unpacked within theirs, and taken apart into single reports."""

import asyncio
import gzip
import io
import re
import zlib
from collections.abc import AsyncIterable, Callable
from typing import Any, NamedTuple

import msgspec
import zstandard

from domain import limits


class Body(NamedTuple):
    """A body as it was sent, expanded by nobody yet."""

    content: bytes
    media_type: str
    encoding: str


class BodyError(Exception):
    """Raised when a body cannot be taken at all. Carries the HTTP status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class TooLargeError(BodyError):
    """Raised when a body is larger than it may be."""

    def __init__(self, message: str) -> None:
        super().__init__(413, message)


TOO_LARGE = f"the body is larger than {limits.MAX_BODY_BYTES} bytes as sent (MAX_BODY_BYTES): send smaller batches"


def check_length(told: str | None) -> None:
    """Refuse a body by what its Content-Length tells, before any of it is read. Raises TooLargeError."""
    if told is not None and told.isdecimal() and int(told) > limits.MAX_BODY_BYTES:
        raise TooLargeError(TOO_LARGE)


async def read(chunks: AsyncIterable[bytes], grown: Callable[[int], None] = lambda _: None) -> bytes:
    """The body as sent; `grown` hears of its bytes as they come, and may raise.

    Raises BodyError past MAX_BODY_BYTES, and for a sender that takes more than MAX_BODY_SECONDS or pauses for MAX_PAUSE_SECONDS.
    """
    body = bytearray()
    clock = asyncio.get_running_loop().time
    last = clock() + limits.MAX_BODY_SECONDS
    try:
        async with asyncio.timeout(min(limits.MAX_BODY_SECONDS, limits.MAX_PAUSE_SECONDS)) as patience:
            async for chunk in chunks:
                if len(body) + len(chunk) > limits.MAX_BODY_BYTES:
                    raise TooLargeError(TOO_LARGE)
                grown(len(chunk))
                body += chunk
                patience.reschedule(min(last, clock() + limits.MAX_PAUSE_SECONDS))
    except TimeoutError:
        slow = f"took more than {limits.MAX_BODY_SECONDS:g} seconds (MAX_BODY_SECONDS)"
        idle = f"paused for {limits.MAX_PAUSE_SECONDS:g} seconds (MAX_PAUSE_SECONDS)"
        raise BodyError(408, f"the body {slow if clock() >= last else idle}: nothing of it is recorded, send the batch again") from None
    return bytes(body)


# The zstd reader stops without a word where a body was cut. A frame of our own behind it comes out only if all before it is whole.
END = b"\0end of body"
END_FRAME = zstandard.ZstdCompressor(write_checksum=True).compress(END)
OPENERS: dict[str, Callable[[bytes], Any]] = {
    "gzip": lambda body: gzip.GzipFile(fileobj=io.BytesIO(body)),
    "zstd": lambda body: zstandard.ZstdDecompressor().stream_reader(body + END_FRAME, read_across_frames=True),
}


def expanded(body: bytes, encoding: str, limit: int = limits.MAX_EXPANDED_BODY_BYTES) -> bytes:
    """The body as meant. Raises BodyError for an unknown encoding or a damaged body, TooLargeError for one that expands past `limit`."""
    if encoding in ("", "identity"):
        return body
    if encoding not in OPENERS:
        raise BodyError(415, f"the content encoding {encoding!r} is not known: use {', '.join(OPENERS)} or none")
    try:
        with OPENERS[encoding](body) as stream:
            content = stream.read(limit + len(END) + 1)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise BodyError(400, f"the body is not whole {encoding}: {error}") from None
    if encoding == "zstd" and len(content) <= limit + len(END):
        if not content.endswith(END):
            raise BodyError(400, "the body is not whole zstd: it ends within a frame")
        content = content.removesuffix(END)
    if len(content) > limit:
        raise TooLargeError(f"the body is larger than {limit} bytes expanded (MAX_EXPANDED_BODY_BYTES): send smaller batches")
    return content


TOO_MANY = f"there are more than {limits.MAX_EVENTS_PER_BATCH} events in the batch (MAX_EVENTS_PER_BATCH): send them in parts"
MAX_LINES = 2 * limits.MAX_EVENTS_PER_BATCH  # with blank ones
# A list of raw items would hold 14 GB of `[1,1,1,…` before it was found too long. A struct of so many fields is full in time.
ARRAY = msgspec.json.Decoder(
    msgspec.defstruct(
        "Batch",
        [(f"item_{i}", msgspec.Raw, msgspec.Raw()) for i in range(limits.MAX_EVENTS_PER_BATCH)],
        array_like=True,
        forbid_unknown_fields=True,
    )
)


def _lines(content: bytes) -> list[bytes]:
    lines = content.split(b"\n", MAX_LINES)
    if len(lines) > MAX_LINES:
        raise BodyError(413, f"{TOO_MANY}, without blank lines")
    found = [stripped for line in lines if (stripped := line.strip())]
    if len(found) > limits.MAX_EVENTS_PER_BATCH:
        raise BodyError(413, TOO_MANY)
    return found


def _array(content: bytes) -> list[bytes]:
    try:
        return [item for raw in msgspec.structs.astuple(ARRAY.decode(content)) if (item := bytes(raw))]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if "of at most length" in str(error):
            raise BodyError(413, TOO_MANY) from None
        items = _items(content) if len(content) <= limits.MAX_BODY_BYTES else None
        if items is None:
            raise BodyError(400, f"the body is not a JSON array of events: {error}") from None
        return items


STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def _items(content: bytes) -> list[bytes] | None:
    """The items of an array in which something is not JSON, such as NaN or half a character: that one is refused later, the others stand.

    Null where what was sent does not begin and end as an array. Raises BodyError for more than MAX_EVENTS_PER_BATCH.
    """
    if not content.lstrip().startswith(b"["):
        return None
    items: list[bytes] = []
    depth = start = 0
    for found in STRUCTURE.finditer(content):
        sign = found[0]
        if depth == 1 and sign in (b",", b"]"):
            items.append(content[start : found.start()].strip())
            if len(items) > limits.MAX_EVENTS_PER_BATCH:
                raise BodyError(413, TOO_MANY)
            start = found.end()
        if sign in (b"[", b"{"):
            depth += 1
            start = found.end() if depth == 1 else start
        elif sign in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                return items if sign == b"]" and not content[start:].strip() else None
    return None


def _either(content: bytes) -> list[bytes]:
    return _array(content) if content.lstrip()[:1] == b"[" else [content]


FORMATS: dict[str, Callable[[bytes], list[bytes]]] = {
    "application/cloudevents+json": lambda content: [content],
    "application/cloudevents-batch+json": _array,
    "application/x-ndjson": _lines,
    "application/json": _either,  # what is sent by those who set nothing else
}


def reports(content: bytes, media_type: str) -> list[bytes]:
    """The single reports of a body. Raises BodyError for an unknown format, or more than MAX_EVENTS_PER_BATCH."""
    if media_type not in FORMATS:
        raise BodyError(415, f"the content type {media_type!r} is not known: use {', '.join(FORMATS)}")
    return FORMATS[media_type](content)

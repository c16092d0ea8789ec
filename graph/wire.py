"""JSON as clients send it and get it."""

from collections.abc import Collection
from typing import Any

import msgspec

from graph.errors import BadInputError

MAX_JSON_DEPTH = 64

_encoder = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """Scalars have made JSON's own types of their values by now; what else is in `value` is a mistake of ours."""
    return _encoder.encode(value)


def decode(text: bytes | str) -> Any:
    """Raises BadInputError for what JSON is not (NaN, lone surrogates, other encodings than UTF-8), and for what we do not take:
    NUL characters, which Postgres cannot hold, and nesting past MAX_JSON_DEPTH.
    """
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # msgspec.DecodeError and UnicodeError are
        raise BadInputError(f"The request is not JSON: {error}.") from None
    if not _is_harmless(text):
        _check(value)
    return value


def _is_harmless(text: bytes | str) -> bool:
    """Whether its text alone shows that there is nothing to refuse in it: as with nearly all."""
    if isinstance(text, str):
        return text.count("{") + text.count("[") < MAX_JSON_DEPTH and "\\u0000" not in text
    return text.count(b"{") + text.count(b"[") < MAX_JSON_DEPTH and b"\\u0000" not in text


def _check(value: object) -> None:
    level: Collection[object] = [value]
    for _ in range(MAX_JSON_DEPTH):
        if any(isinstance(item, str) and "\0" in item for item in level):
            raise BadInputError("A string of the request holds a NUL character: leave it out.")
        level = [inner for item in level for inner in _items(item)]
        if not level:
            return
    raise _too_deep()


def _items(value: object) -> Collection[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else ()


def _too_deep() -> BadInputError:
    return BadInputError(f"The request nests its JSON deeper than {MAX_JSON_DEPTH} levels (MAX_JSON_DEPTH).")

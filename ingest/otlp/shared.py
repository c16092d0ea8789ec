"""What spans share, and each report repeats: bounded where it is read, lest a small body become reports of hundreds of megabytes."""

import re
from collections.abc import Iterable

from msgspec import Raw

from domain import limits
from ingest.otlp.attributes import Value, decoded, short
from ingest.otlp.genai_words import READ_OF_RESOURCE
from ingest.otlp.spans import NULL, KeyValue, Resource, Scope, raw
from ingest.outcomes import UnacceptableError

CONTROLS = re.compile(r"[\0-\x1f]")  # six bytes each, where JSON writes them


def resource(attributes: Iterable[KeyValue]) -> Resource:
    """What is read of it, each name once: the last that is there, which is the one that holds."""
    last = {each.key: each.value for each in attributes if each.key in READ_OF_RESOURCE}
    return Resource([KeyValue(key, bounded(value)) for key, value in last.items()])


def scope(name: Raw) -> Scope:
    """A library, without its name where that is too long to be kept: nothing depends on it."""
    return Scope(NULL if short(name, str | None) is None else name)


def bounded(value: Raw) -> Raw:
    """A value of at most some 2 KiB. A text that is too long is cut just past MAX_STRING_BYTES, so that it is still refused as too long."""
    if len(bytes(value)) <= limits.MAX_STRING_BYTES:
        return value
    try:
        text = decoded(value, Value, "value").string_value
    except UnacceptableError:
        text = None
    if text is None:
        return raw({})  # no text either, and refused as that
    printed = CONTROLS.sub("\ufffd", text).encode()
    if len(printed) > limits.MAX_STRING_BYTES:
        text = printed[: limits.MAX_STRING_BYTES + 1].decode(errors="replace")
    return raw({"stringValue": text})

"""OTLP in JSON: the spans of a body that speak of GenAI.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

import re
from collections.abc import Iterator

from domain import limits
from ingest.decoding import NOT_JSON
from ingest.otlp import shared
from ingest.otlp.genai_words import READ
from ingest.otlp.spans import DECODER, NULL, SpanInPlace, Traces, each_in

GENAI = "gen_ai."
PAIR_OR_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\\\",
)
REPLACEMENT = rb"\ufffd"


class TooManyError(Exception):
    """Raised for a body of too many objects or spans. Says which limit it is past."""


def spans(content: bytes) -> Iterator[SpanInPlace]:
    """Those that mention GenAI. Raises TooManyError, or one of NOT_JSON."""
    if content.count(b"{") > limits.MAX_OBJECTS_PER_BATCH:  # only objects are built while a body is read
        raise TooManyError(f"{limits.MAX_OBJECTS_PER_BATCH} objects (MAX_OBJECTS_PER_BATCH)")
    traces = _traces(content)
    for group in traces.resource_spans or ():
        group.resource = shared.resource(group.resource.attributes or () if group.resource else ())
        for part in group.scope_spans or ():
            part.scope = shared.scope(part.scope.name if part.scope else NULL)
    for number, found in enumerate(each_in(traces)):
        if number == limits.MAX_SPANS_PER_BATCH:
            raise TooManyError(f"{limits.MAX_SPANS_PER_BATCH} spans (MAX_SPANS_PER_BATCH)")
        if any(each.key.startswith(GENAI) for each in found.span.attributes or ()):
            found.span.attributes = [each for each in found.span.attributes or () if each.key in READ]
            yield found


def _traces(content: bytes) -> Traces:
    """The body. Half a character, left where JavaScript cut a text in two, is replaced as UTF-8 encoders do."""
    try:
        return DECODER.decode(content)
    except NOT_JSON:
        mended = PAIR_OR_HALF.sub(lambda found: REPLACEMENT if found[1] else found[0], content)
        return DECODER.decode(mended)

"""Which spans are requests to models: each request once, however many spans tell of it.

Spans of agents, tools and workflows are around requests that have spans of their own. Of spans of requests that lie within each other and
tell the same one, as a framework's around a client library's, only the innermost counts, of those that tell tokens if any does.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from domain.limits import MAX_SPANS_ABOVE
from ingest.otlp.attributes import Attributes
from ingest.otlp.genai_words import (
    AGENT,
    AROUND_REQUESTS,
    INPUT_TOKENS,
    OPERATION,
    OUTPUT_TOKENS,
    PROVIDER,
    REQUESTS,
    RESPONSE_ID,
    UNNAMED,
    Operation,
)
from ingest.otlp.spans import SpanInPlace
from ingest.outcomes import UnacceptableError

Place = tuple[bytes, bytes]
"""A trace and a span in it, as JSON has their ids."""
NO_PARENT = frozenset((b"null", b'""'))


def operation(attributes: Attributes) -> Operation | None:
    """What kind of request the span is; null where it is none. Raises UnacceptableError for one that tells usage of an unknown kind."""
    name = attributes.text(OPERATION)
    if name in REQUESTS:
        return REQUESTS[name]
    if name in AROUND_REQUESTS or not attributes.has(*INPUT_TOKENS, *OUTPUT_TOKENS):
        return None
    if name is None:  # so it was before operations had names
        return UNNAMED if attributes.has(*PROVIDER) and not attributes.has(*AGENT) else None
    raise UnacceptableError(OPERATION[0], f"{name!r} is not known, though the span tells usage: requests are {', '.join(REQUESTS)}")


class Told(NamedTuple):
    """What a span of a request tells it by: the response's id, and how many tokens went in and came out. Null is unknown."""

    place: Place
    response_id: str | None
    tokens: tuple[int | None, int | None] | None

    def same(self, other: "Told") -> bool:
        """Whether both tell one request, where one lies within the other."""
        if self.response_id is not None and other.response_id is not None:
            return self.response_id == other.response_id
        return self.tokens is not None and self.tokens == other.tokens


def requests(spans: Iterable[SpanInPlace]) -> list[SpanInPlace]:
    """The spans of requests, without those around another one that tells the same request."""
    parents: dict[Place, Place] = {}
    found: list[tuple[SpanInPlace, Told]] = []
    for each in spans:
        trace = bytes(each.span.trace_id).lower()
        place = (trace, bytes(each.span.span_id).lower())
        parent = bytes(each.span.parent_span_id).lower()
        if parent not in NO_PARENT:
            parents[place] = (trace, parent)
        attributes = Attributes(each.span.attributes)
        if _is_request(attributes):
            found.append((each, _told(place, attributes)))
    told_again = _told_again([told for _, told in found], parents)
    return [each for each, told in found if told.place not in told_again]


def _is_request(attributes: Attributes) -> bool:
    try:
        return operation(attributes) is not None
    except UnacceptableError:
        return True  # to be refused by name


def _told(place: Place, attributes: Attributes) -> Told:
    try:
        tokens = (attributes.count(INPUT_TOKENS), attributes.count(OUTPUT_TOKENS))
        return Told(place, attributes.text(RESPONSE_ID), None if tokens == (None, None) else tokens)
    except UnacceptableError:
        return Told(place, None, None)


def _told_again(requests: Collection[Told], parents: Mapping[Place, Place]) -> set[Place]:
    """Where the spans are that tell a request which another span tells better."""
    by_place = {each.place: each for each in requests}
    told_again: set[Place] = set()
    for inner in requests:
        for place in _above(inner.place, parents):
            outer = by_place.get(place)
            if outer is not None and inner.same(outer):
                told_again.add(inner.place if outer.tokens and not inner.tokens else outer.place)
    return told_again


def _above(place: Place, parents: Mapping[Place, Place]) -> list[Place]:
    """The spans around, from within outwards, up to one that is not there. None where they go in circles, or farther than we look."""
    above: list[Place] = []
    while place in parents:
        place = parents[place]
        above.append(place)
        if len(above) > MAX_SPANS_ABOVE:
            return []
    return above

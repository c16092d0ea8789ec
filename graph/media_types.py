"""Which media type a client wants its answer in.

https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from graph.errors import NotAcceptableError

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
STREAMS = (EVENT_STREAM, MULTIPART)
HTML = "text/html"

MAX_KNOWN_ACCEPTS = 32  # of clients, which have few
QUALITY = re.compile(r"q=(0(\.\d{0,3})?|1(\.0{0,3})?)", re.IGNORECASE)


@lru_cache(MAX_KNOWN_ACCEPTS)
def negotiate(accept: str) -> str:
    """The media type to answer in, for an Accept header. Raises NotAcceptableError.

    The highest quality wins. Among equals a type that is named wins over one that a wildcard covers, and a stream of events comes
    last: urql names it after the types that it prefers for a query, and alone for a subscription. A multipart answer comes first: it
    counts only with the parameter subscriptionSpec, which Apollo's clients give for nothing but a subscription. A client that is
    content with anything gets application/json.
    """
    qualities = dict(_qualities(accept)) or {"*/*": 1.0}
    wildcard = qualities.get("application/*", qualities.get("*/*", 0.0))
    offers = [(qualities[media], media) for media in (MULTIPART, GRAPHQL_RESPONSE, JSON, EVENT_STREAM) if media in qualities]
    offers += [(wildcard, media) for media in (JSON, GRAPHQL_RESPONSE) if media not in qualities]
    quality, media = max(offers, key=lambda offer: offer[0])  # the first of equals
    if not quality:
        raise NotAcceptableError(f"Accept names none of {GRAPHQL_RESPONSE}, {JSON} and {EVENT_STREAM}: name one.")
    return media


def wants_page(accept: str) -> bool:
    """Whether it is a browser that was pointed here: the only client that asks for HTML."""
    return dict(_qualities(accept)).get(HTML, 0.0) > 0


def _qualities(accept: str) -> Iterator[tuple[str, float]]:
    for media_range in accept.split(","):
        media, *parameters = (part.strip() for part in media_range.split(";"))
        stated = [parameter for parameter in parameters if parameter[:2].lower() == "q="]
        quality = QUALITY.fullmatch(stated[0]) if stated else None
        if media and (quality or not stated):  # a range with a quality that cannot be read says nothing
            follows = any(parameter.lower().startswith("subscriptionspec=") for parameter in parameters)
            name = "multipart/*" if media.lower() == MULTIPART and not follows else media.lower()  # of other things, such as @defer
            yield name, float(quality[1]) if quality else 1.0

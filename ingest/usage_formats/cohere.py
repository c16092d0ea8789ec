"""Cohere counts twice: `billed_units`, what is paid for, and `tokens`, what the model saw with all that Cohere wraps around it.

https://docs.cohere.com/reference/chat. The two are not parts of one another, and `cached_tokens` is a part of the second.
"""

import msgspec

from ingest.usage_formats.counts import Counts, Part, Told, added
from ingest.usage_formats.sides import Cache, Usage, input_side, output_side


class BilledUnits(msgspec.Struct):
    input_tokens: Told = None
    output_tokens: Told = None
    image_tokens: Told = None
    search_units: Told = None


class Tokens(msgspec.Struct):
    input_tokens: Told = None
    output_tokens: Told = None


class CohereUsage(msgspec.Struct):
    """`usage` of a chat; `meta` of embeddings and rankings."""

    billed_units: BilledUnits | None = None
    tokens: Tokens | None = None
    cached_tokens: Told = None


OF_BILLED = Counts(BilledUnits, "billed_units.")
OF_TOKENS = Counts(Tokens, "tokens.")


def cohere(usage: CohereUsage) -> Usage:
    """What is paid for. Images are counted beside the other tokens; of a ranking there are search units alone, and no output."""
    told = OF_BILLED(usage.billed_units)
    text, images, searches = told["input_tokens"], told["image_tokens"], told["search_units"]
    input = input_side(images if text.number is None else added(text, images), Cache(), {"image": images})
    output = output_side(told["output_tokens"])
    if searches.number is None:
        return Usage(input, output)
    if text.number is None and output is None:
        output = []  # of a ranking
    return Usage([*(input or ()), ("query", "query", searches.number)], output)


def tokens(usage: CohereUsage) -> Usage:
    """What the model saw."""
    told = OF_TOKENS(usage.tokens)
    return Usage(input_side(told["input_tokens"], Cache(Part("cached_tokens", usage.cached_tokens))), output_side(told["output_tokens"]))


def embeddings(usage: CohereUsage) -> Usage:
    """What is paid for; nothing comes out that is counted."""
    return cohere(usage)._replace(output=[])

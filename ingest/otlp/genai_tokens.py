"""Token counts of a span become disjoint quantities. What is not told is not shown: it is a part of what is, not 0.

The conventions count tokens read from a cache or written to it among the input, and reasoning among the output.
https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md
"""

from collections.abc import Mapping

from domain.events import Quantity
from domain.quantities import TOKEN
from ingest.otlp.attributes import Attributes
from ingest.otlp.genai_words import CACHE_READ, CACHE_TOKENS, CACHE_WRITE, INPUT_TOKENS, OUTPUT_TOKENS, REASONING, Names, Operation
from ingest.outcomes import UnacceptableError

CACHED = {"cached": CACHE_READ, "cache_write": CACHE_WRITE}
REASONED = {"reasoning": REASONING}
INSIDE, OUTSIDE = "inside", "outside"
ADVICE = f"count them in, as the conventions say, or where the exporter cannot, set the resource attribute {CACHE_TOKENS[0]}={OUTSIDE}"


def input(attributes: Attributes, resource: Attributes) -> tuple[Quantity, ...] | None:
    """What went in."""
    cache_tokens = resource.text(CACHE_TOKENS) or INSIDE
    if cache_tokens not in (INSIDE, OUTSIDE):
        raise UnacceptableError(CACHE_TOKENS[0], f"{cache_tokens!r} is neither {INSIDE} nor {OUTSIDE}")
    return _side(attributes, "prompt", INPUT_TOKENS, CACHED, inside=cache_tokens == INSIDE, advice=ADVICE)


def output(attributes: Attributes, operation: Operation) -> tuple[Quantity, ...] | None:
    """What came out. Of embeddings nothing that is counted in tokens does."""
    found = _side(attributes, "completion", OUTPUT_TOKENS, REASONED, advice="the conventions count it among the output")
    return () if found is None and operation.request_type == "embedding" else found


def _side(
    attributes: Attributes, rest: str, whole: Names, parts: Mapping[str, Names], *, inside: bool = True, advice: str
) -> tuple[Quantity, ...] | None:
    total = attributes.count(whole)
    told = {category: count for category, names in parts.items() if (count := attributes.count(names)) is not None}
    among = sum(told.values())
    if total is None:
        if among:
            raise UnacceptableError(whole[0], f"is missing, though {among} tokens are told of {' and '.join(told)}")
        return None
    if inside and among > total:
        raise UnacceptableError(whole[0], f"is {total}, less than the {among} tokens of {' and '.join(told)}: {advice}")
    told[rest] = total - among if inside else total
    return tuple(sorted((category, TOKEN, count) for category, count in told.items()))

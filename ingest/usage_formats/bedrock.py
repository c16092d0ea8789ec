"""Converse of Amazon Bedrock. `inputTokens` leaves out what was read from a cache and written to it.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
"""

import msgspec

from ingest.usage_formats.counts import Counts, Part, Told, added, contradiction, same, within
from ingest.usage_formats.sides import Cache, Usage, input_side, output_side

HOUR = "1h"


class CacheDetail(msgspec.Struct, rename="camel"):
    input_tokens: Told = None
    ttl: str | None = None


class BedrockUsage(msgspec.Struct, rename="camel"):
    """The counts of the cache come under two names each."""

    input_tokens: Told = None
    output_tokens: Told = None
    total_tokens: Told = None
    cache_read_input_tokens: Told = None
    cache_read_input_token_count: Told = None
    cache_write_input_tokens: Told = None
    cache_write_input_token_count: Told = None
    cache_details: list[CacheDetail] | None = None


OF_USAGE = Counts(BedrockUsage)


def bedrock(usage: BedrockUsage) -> Usage:
    """What was written for five minutes, and for an hour."""
    told = OF_USAGE(usage)
    read = same(told["cache_read_input_tokens"], told["cache_read_input_token_count"])
    written = same(told["cache_write_input_tokens"], told["cache_write_input_token_count"])
    details = [(each.ttl, Part(f"cacheDetails[{i}].inputTokens", each.input_tokens)) for i, each in enumerate(usage.cache_details or ())]
    if written.number is None and details:
        written = Part("cacheDetails", sum(part.number or 0 for _, part in details))
    within(written, *(part for _, part in details))
    long = Part("cacheDetails", sum(part.number or 0 for ttl, part in details if ttl == HOUR))
    short = Part(written.path, (written.number or 0) - (long.number or 0))  # five minutes are the rule
    input, output, total = added(told["input_tokens"], read, written), told["output_tokens"], told["total_tokens"]
    if None not in (total.number, input.number, output.number):
        answered = output.number or 0
        if total.number not in ((input.number or 0) + answered, (usage.input_tokens or 0) + answered):
            raise contradiction(total, f"is {total.number}, but input, cache and output add up to {(input.number or 0) + answered}")
    return Usage(input_side(input, Cache(read, short, long)), output_side(output))

"""`usageMetadata` of Gemini and Vertex AI: what was cached is a part of the prompt, thoughts are counted beside the candidates.

https://ai.google.dev/api/generate-content#UsageMetadata
"""

from collections.abc import Sequence

import msgspec

from ingest.usage_formats.counts import UNTOLD, Counts, Part, Told, added, within
from ingest.usage_formats.sides import Cache, Usage, input_side, output_side
from ingest.usage_formats.totals import settled

KINDS = {"AUDIO": "audio", "IMAGE": "image", "DOCUMENT": "image", "VIDEO": "video"}  # a page of a document is billed as an image
TIERS = {"on_demand": "standard", "on_demand_priority": "priority", "on_demand_flex": "flex"}


class Modality(msgspec.Struct, rename="camel"):
    modality: str | None = None
    token_count: Told = None


class GeminiUsage(msgspec.Struct, rename="camel"):
    """The Live API says response where the others say candidates."""

    prompt_token_count: Told = None
    cached_content_token_count: Told = None
    candidates_token_count: Told = None
    response_token_count: Told = None
    thoughts_token_count: Told = None
    tool_use_prompt_token_count: Told = None
    total_token_count: Told = None
    prompt_tokens_details: list[Modality] | None = None
    cache_tokens_details: list[Modality] | None = None
    candidates_tokens_details: list[Modality] | None = None
    response_tokens_details: list[Modality] | None = None
    tool_use_prompt_tokens_details: list[Modality] | None = None
    traffic_type: str | None = None
    service_tier: str | None = None


OF_USAGE = Counts(GeminiUsage)


def gemini(usage: GeminiUsage) -> Usage:
    """Thoughts are beside the candidates, unless the total says that they are within."""
    told = OF_USAGE(usage)
    prompt, tools, thoughts = told["prompt_token_count"], told["tool_use_prompt_token_count"], told["thoughts_token_count"]
    answer = told["candidates_token_count" if usage.response_token_count is None else "response_token_count"]
    sides = settled(told["total_token_count"], added(prompt, tools), answer, thoughts, beside=True)
    kinds = [
        _kinds("promptTokensDetails", prompt, usage.prompt_tokens_details),
        _kinds("toolUsePromptTokensDetails", tools, usage.tool_use_prompt_tokens_details),
    ]
    cached = told["cached_content_token_count"]
    if cached.number is None and usage.cache_tokens_details:
        cached = Part("cacheTokensDetails", sum(each.token_count or 0 for each in usage.cache_tokens_details))
    within(prompt, cached)
    cache = Cache(cached, kinds=_kinds("cacheTokensDetails", cached, usage.cache_tokens_details))
    in_answer = [
        _kinds("candidatesTokensDetails", answer, usage.candidates_tokens_details),
        _kinds("responseTokensDetails", answer, usage.response_tokens_details),
    ]
    tier = (usage.service_tier or usage.traffic_type or "").lower()
    return Usage(
        input_side(sides.input, cache, _both(*kinds)),
        output_side(sides.output, thoughts, _both(*in_answer)),
        TIERS.get(tier, tier),
    )


def embeddings(usage: GeminiUsage) -> Usage:
    """Nothing comes out that is counted."""
    return gemini(msgspec.structs.replace(usage, candidates_token_count=usage.candidates_token_count or 0))


def _kinds(path: str, total: Part, details: Sequence[Modality] | None) -> dict[str, Part]:
    """By kind; text is what remains. Raises UnacceptableError where together they are more than the total."""
    if not details:
        return {}
    within(total, *(Part(f"{path}[{i}].tokenCount", each.token_count) for i, each in enumerate(details)))
    sums: dict[str, int] = {}
    for each in details:
        if kind := KINDS.get(each.modality or ""):
            sums[kind] = sums.get(kind, 0) + (each.token_count or 0)
    return {kind: Part(path, count) for kind, count in sums.items()}


def _both(one: dict[str, Part], other: dict[str, Part]) -> dict[str, Part]:
    """Kinds of two parts of one side."""
    return one | {kind: added(part, one.get(kind, UNTOLD)) for kind, part in other.items()}

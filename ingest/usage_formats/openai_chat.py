"""Chat completions, as OpenAI counts them and most others after it: all details are parts of `prompt_tokens` and `completion_tokens`.

https://platform.openai.com/docs/api-reference/chat/object. Others have names of their own for the same counts (Mistral
`num_cached_tokens`, DeepSeek `prompt_cache_hit_tokens`, Moonshot `cached_tokens`), and some count reasoning beside the completion.
"""

import msgspec

from domain.quantities import TOKEN
from ingest.usage_formats.counts import Counts, Told, same, within
from ingest.usage_formats.sides import Cache, Usage, input_side, output_side, with_searches
from ingest.usage_formats.totals import settled


class PromptDetails(msgspec.Struct):
    cached_tokens: Told = None
    cache_write_tokens: Told = None
    cache_creation_tokens: Told = None
    audio_tokens: Told = None
    image_tokens: Told = None
    video_tokens: Told = None


class CompletionDetails(msgspec.Struct):
    reasoning_tokens: Told = None
    audio_tokens: Told = None
    image_tokens: Told = None
    video_tokens: Told = None


class ServerToolUse(msgspec.Struct):
    web_search_requests: Told = None


class ChatUsage(msgspec.Struct):
    prompt_tokens: Told = None
    completion_tokens: Told = None
    total_tokens: Told = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    cached_tokens: Told = None
    num_cached_tokens: Told = None
    prompt_cache_hit_tokens: Told = None
    prompt_cache_miss_tokens: Told = None
    cache_read_input_tokens: Told = None
    cache_creation_input_tokens: Told = None
    reasoning_tokens: Told = None
    citation_tokens: Told = None
    num_search_queries: Told = None
    server_tool_use: ServerToolUse | None = None
    service_tier: str | None = None


KINDS = ("audio", "image", "video")
OF_USAGE = Counts(ChatUsage)
OF_PROMPT = Counts(PromptDetails, "prompt_tokens_details.")
OF_COMPLETION = Counts(CompletionDetails, "completion_tokens_details.")
OF_TOOLS = Counts(ServerToolUse, "server_tool_use.")


def chat(usage: ChatUsage, *, beside: bool = False) -> Usage:
    """Reasoning is a part of the completion, or counted `beside` it where the total does not say."""
    told = OF_USAGE(usage)
    of_prompt = OF_PROMPT(usage.prompt_tokens_details)
    of_completion = OF_COMPLETION(usage.completion_tokens_details)
    reasoning = same(of_completion["reasoning_tokens"], told["reasoning_tokens"])
    sides = settled(told["total_tokens"], told["prompt_tokens"], told["completion_tokens"], reasoning, beside=beside)
    hit = told["prompt_cache_hit_tokens"]
    within(sides.input, hit, told["prompt_cache_miss_tokens"])
    cache = Cache(
        same(of_prompt["cached_tokens"], told["cached_tokens"], told["num_cached_tokens"], hit, told["cache_read_input_tokens"]),
        same(of_prompt["cache_write_tokens"], of_prompt["cache_creation_tokens"], told["cache_creation_input_tokens"]),
    )
    input = input_side(sides.input, cache, {kind: of_prompt[f"{kind}_tokens"] for kind in KINDS})
    output = output_side(sides.output, reasoning, {kind: of_completion[f"{kind}_tokens"] for kind in KINDS})
    return Usage(with_searches(input, OF_TOOLS(usage.server_tool_use)["web_search_requests"]), output, usage.service_tier)


def xai(usage: ChatUsage) -> Usage:
    """Reasoning is counted beside the completion, unless the total says otherwise."""
    return chat(usage, beside=True)


def embeddings(usage: ChatUsage) -> Usage:
    """Nothing comes out that is counted."""
    return chat(msgspec.structs.replace(usage, completion_tokens=usage.completion_tokens or 0))


def gemini_chat(usage: ChatUsage) -> Usage:
    """Google's endpoint for OpenAI's clients: thoughts are counted beside the completion, and the total alone tells of them."""
    details = usage.completion_tokens_details or CompletionDetails()
    match usage.total_tokens, usage.prompt_tokens, usage.completion_tokens:
        case (int(total), int(prompt), int(completion)) if total > prompt + completion and not details.reasoning_tokens:
            details = msgspec.structs.replace(details, reasoning_tokens=total - prompt - completion)
    return chat(msgspec.structs.replace(usage, completion_tokens_details=details))


def perplexity(usage: ChatUsage) -> Usage:
    """Reasoning that is told beside the completion is in no total, and neither are citations."""
    details = usage.completion_tokens_details if usage.reasoning_tokens is None else None
    found = chat(msgspec.structs.replace(usage, reasoning_tokens=None, completion_tokens_details=details))
    apart = {"reasoning": usage.reasoning_tokens, "citation": usage.citation_tokens}
    output = None if found.output is None else [*found.output, *((kind, TOKEN, count) for kind, count in apart.items() if count)]
    return Usage(with_searches(found.input, OF_USAGE(usage)["num_search_queries"], "query"), output, found.service_tier)

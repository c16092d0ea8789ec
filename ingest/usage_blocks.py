"""A provider's own usage block, in the place of `input` and `output`: read by its format into the same categories.

docs/usage-blocks.md says what becomes of which count, and what was compared with what.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from domain import limits
from domain.events import Quantity
from ingest.decoding import unacceptable
from ingest.outcomes import UnacceptableError
from ingest.reports import ReportedQuantity, ReportedRequest
from ingest.tiers import not_standard
from ingest.usage_formats import cohere, gemini, openai_chat
from ingest.usage_formats.anthropic import AnthropicUsage, anthropic
from ingest.usage_formats.bedrock import BedrockUsage, bedrock
from ingest.usage_formats.cohere import CohereUsage
from ingest.usage_formats.counts import BLOCK
from ingest.usage_formats.gemini import GeminiUsage
from ingest.usage_formats.ollama import OllamaUsage, ollama
from ingest.usage_formats.openai_chat import ChatUsage, chat
from ingest.usage_formats.openai_responses import ResponsesUsage, responses
from ingest.usage_formats.sides import Usage


class Format(NamedTuple):
    """What a block is checked as, and what makes categories of it. Raises UnacceptableError where the block contradicts itself."""

    shape: type[msgspec.Struct]
    read: Callable[[Any], Usage]


CHAT = Format(ChatUsage, chat)
RESPONSES = Format(ResponsesUsage, responses)
GEMINI = Format(GeminiUsage, gemini.gemini)
LIKE_OPENAI = ("azure", "cerebras", "databricks", "deepseek", "fireworks", "groq", "mistral", "moonshot", "openrouter", "together")
FORMATS = {
    "openai.chat": CHAT,
    "openai.embeddings": Format(ChatUsage, openai_chat.embeddings),
    **dict.fromkeys(("openai.responses", "openai.images", "openai.realtime", "openai.transcription"), RESPONSES),
    "anthropic": Format(AnthropicUsage, anthropic),
    **dict.fromkeys(("gemini", "vertex"), GEMINI),
    "gemini.embeddings": Format(GeminiUsage, gemini.embeddings),
    "gemini.chat": Format(ChatUsage, openai_chat.gemini_chat),
    "bedrock": Format(BedrockUsage, bedrock),
    "cohere": Format(CohereUsage, cohere.cohere),
    "cohere.tokens": Format(CohereUsage, cohere.tokens),
    "cohere.embeddings": Format(CohereUsage, cohere.embeddings),
    "ollama": Format(OllamaUsage, ollama),
    "perplexity": Format(ChatUsage, openai_chat.perplexity),
    "xai": Format(ChatUsage, openai_chat.xai),
    **dict.fromkeys(LIKE_OPENAI, CHAT),
}


class Sign(NamedTuple):
    """A block that has one of `any` and none of `foreign` may be of each of these formats."""

    any: frozenset[str]
    foreign: frozenset[str]
    formats: tuple[str, ...]


OF_CHAT = frozenset(("prompt_tokens", "completion_tokens"))
OF_PERPLEXITY = frozenset(("citation_tokens", "num_search_queries", "reasoning_tokens"))
OF_INPUT = frozenset(("input_tokens", "output_tokens"))
OF_ANTHROPIC = frozenset(("cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation", "server_tool_use", "iterations"))
OF_RESPONSES = frozenset(("total_tokens", "input_tokens_details", "input_token_details", "output_token_details"))
OF_OTHERS = frozenset(("cachedInputTokens", "reasoningTokens", "cacheReadTokens", "cacheWriteTokens"))  # libraries, with rules of their own
SIGNS = (
    Sign(OF_CHAT, OF_INPUT, ("openai.chat", "xai", "gemini.chat")),
    Sign(OF_PERPLEXITY, OF_INPUT, ("perplexity",)),
    Sign(OF_INPUT, OF_CHAT | OF_ANTHROPIC, ("openai.responses",)),
    Sign(OF_INPUT, OF_CHAT | OF_RESPONSES, ("anthropic",)),
    Sign(frozenset(("promptTokenCount", "candidatesTokenCount", "totalTokenCount")), frozenset(), ("gemini",)),
    Sign(frozenset(("inputTokens", "outputTokens")), OF_OTHERS, ("bedrock",)),
    Sign(frozenset(("billed_units",)), frozenset(), ("cohere",)),
    Sign(frozenset(("prompt_eval_count", "eval_count")), frozenset(), ("ollama",)),
)


def unfold(data: ReportedRequest) -> None:
    """Put categories in the place of the provider's block. Raises UnacceptableError with the field and the reason."""
    block, name = data.usage, data.usage_format
    assert block is not None
    if data.input is not None or data.output is not None:
        raise UnacceptableError(BLOCK, "is there beside input or output: give the provider's block, or categories, not both")
    if name and name not in FORMATS:
        raise UnacceptableError("data.usage_format", f"{name[:64]!r} is not a known usage format: use {', '.join(FORMATS)}")
    usage = _read(block, FORMATS[name]) if name else _inferred(block)
    data.input, data.output = _reported(usage.input), _reported(usage.output)
    data.service_tier = data.service_tier or not_standard(usage.service_tier)


def _read(block: dict[str, Any], format: Format) -> Usage:
    try:
        told = msgspec.convert(block, format.shape)
    except msgspec.ValidationError as error:
        refused = unacceptable(error)
        raise UnacceptableError(f"{BLOCK}.{refused.field}" if refused.field else BLOCK, str(refused)) from None
    return format.read(told)


def _inferred(block: dict[str, Any]) -> Usage:
    """What every format that the block may be of makes of it, where they agree."""
    if not block:
        return Usage(None, None)
    names = [name for sign in SIGNS if sign.any & block.keys() and not sign.foreign & block.keys() for name in sign.formats]
    found: list[Usage] = []
    errors: list[UnacceptableError] = []
    for name in names:
        try:
            found.append(_read(block, FORMATS[name]))
        except UnacceptableError as error:
            errors.append(error)
    if errors and not found:
        raise errors[0]
    if not found or errors or any(each != found[0] for each in found):
        told = f"could be of {' or '.join(names)}, which count differently" if names else "does not show whose it is"
        raise UnacceptableError("data.usage_format", f"is needed, for the block {told}: name one of {', '.join(FORMATS)}")
    return found[0]


def _reported(side: list[Quantity] | None) -> list[ReportedQuantity] | None:
    if side is None:
        return None
    if len(side) > limits.MAX_CATEGORIES_PER_SIDE:
        raise UnacceptableError(BLOCK, f"comes to more than {limits.MAX_CATEGORIES_PER_SIDE} categories a side (MAX_CATEGORIES_PER_SIDE)")
    if any(quantity > limits.MAX_QUANTITY for _, _, quantity in side):
        raise UnacceptableError(BLOCK, f"comes to more than {limits.MAX_QUANTITY} of one category (MAX_QUANTITY)")
    return [ReportedQuantity(category=category, unit=unit, quantity=quantity) for category, unit, quantity in side]

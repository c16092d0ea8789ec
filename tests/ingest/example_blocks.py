"""Usage blocks as providers send them."""

from typing import Any

from tests.events import ABSENT, report

Quantities = tuple[tuple[str, str, int], ...]


def with_block(block: Any, format: str | None = None, **data: Any) -> dict[str, Any]:
    return report(data={"input": ABSENT, "usage": block, "usage_format": format} | data)


def tokens(**categories: int) -> Quantities:
    return tuple(sorted((category, "token", count) for category, count in categories.items()))


CHAT = {
    "prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
    "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 64, "audio_tokens": 36, "accepted_prediction_tokens": 5},
}  # fmt: skip
RESPONSES = {
    "input_tokens": 328, "input_tokens_details": {"cached_tokens": 128}, "output_tokens": 52,
    "output_tokens_details": {"reasoning_tokens": 12}, "total_tokens": 380,
}  # fmt: skip
REALTIME = {
    "total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119, "audio_tokens": 13, "cached_tokens": 74, "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 10},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}  # fmt: skip
ANTHROPIC = {
    "input_tokens": 3, "cache_read_input_tokens": 9511, "cache_creation_input_tokens": 1956,
    "cache_creation": {"ephemeral_5m_input_tokens": 956, "ephemeral_1h_input_tokens": 1000}, "output_tokens": 44,
    "output_tokens_details": {"thinking_tokens": 14}, "server_tool_use": {"web_search_requests": 2}, "service_tier": "priority",
}  # fmt: skip
GEMINI = {
    "promptTokenCount": 3297, "cachedContentTokenCount": 2918, "candidatesTokenCount": 55, "thoughtsTokenCount": 95,
    "toolUsePromptTokenCount": 100, "totalTokenCount": 3547, "trafficType": "ON_DEMAND_FLEX",
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 83}, {"modality": "VIDEO", "tokenCount": 2893}, {"modality": "AUDIO", "tokenCount": 321},
    ],
    "cacheTokensDetails": [
        {"modality": "AUDIO", "tokenCount": 284}, {"modality": "TEXT", "tokenCount": 73}, {"modality": "VIDEO", "tokenCount": 2561},
    ],
}  # fmt: skip
BEDROCK = {
    "inputTokens": 3, "outputTokens": 61, "totalTokens": 2435, "cacheReadInputTokens": 2074, "cacheReadInputTokenCount": 2074,
    "cacheWriteInputTokens": 297, "cacheDetails": [{"inputTokens": 97, "ttl": "1h"}],
}  # fmt: skip
COHERE = {
    "billed_units": {"input_tokens": 41, "output_tokens": 25},
    "cached_tokens": 144,
    "tokens": {"input_tokens": 1441, "output_tokens": 54},
}
GROK = {"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135, "completion_tokens_details": {"reasoning_tokens": 94}}
SONAR = {"prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196, "citation_tokens": 19528, "num_search_queries": 18} | {
    "reasoning_tokens": 73994
}

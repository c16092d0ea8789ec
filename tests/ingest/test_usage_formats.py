"""What usage blocks come to, format by format."""

from typing import Any

import pytest

from tests.events import parsed
from tests.ingest.example_blocks import (
    ANTHROPIC,
    BEDROCK,
    CHAT,
    COHERE,
    GEMINI,
    GROK,
    REALTIME,
    RESPONSES,
    SONAR,
    Quantities,
    tokens,
    with_block,
)


@pytest.mark.parametrize(
    ("format", "block", "input", "output"),
    [
        ("openai.chat", CHAT, tokens(prompt=86, cached=1920), tokens(completion=200, reasoning=64, audio=36)),
        ("openai.responses", RESPONSES, tokens(prompt=200, cached=128), tokens(completion=40, reasoning=12)),
        ("openai.realtime", REALTIME, tokens(prompt=55, cached=64, audio=3, cached_audio=10), tokens(completion=30, audio=91)),
        (
            "anthropic",
            ANTHROPIC,
            (*tokens(prompt=3, cached=9511, cache_write=956, cache_write_1h=1000), ("web_search", "request", 2)),
            tokens(completion=30, reasoning=14),
        ),
        (
            "gemini",
            GEMINI,
            tokens(prompt=110, cached=73 + 2561, video=332, audio=37, cached_audio=284),
            tokens(completion=55, reasoning=95),
        ),
        ("bedrock", BEDROCK, tokens(prompt=3, cached=2074, cache_write=200, cache_write_1h=97), tokens(completion=61)),
        ("cohere", COHERE, tokens(prompt=41), tokens(completion=25)),
        ("cohere.tokens", COHERE, tokens(prompt=1297, cached=144), tokens(completion=54)),
        ("cohere", {"billed_units": {"search_units": 1}}, (("query", "query", 1),), ()),
        ("cohere", {"billed_units": {"search_units": 1, "input_tokens": 5}}, (*tokens(prompt=5), ("query", "query", 1)), None),
        ("cohere.embeddings", {"billed_units": {"images": 1, "input_tokens": 4, "image_tokens": 9}}, tokens(prompt=4, image=9), ()),
        ("ollama", {"prompt_eval_count": 26, "eval_count": 298, "total_duration": 10**9}, tokens(prompt=26), tokens(completion=298)),
        ("xai", GROK, tokens(prompt=32), tokens(completion=9, reasoning=94)),
        (
            "perplexity",
            SONAR,
            (*tokens(prompt=33), ("web_search", "query", 18)),
            tokens(completion=7163, reasoning=73994, citation=19528),
        ),
        # names of others for the same counts
        (
            "mistral",
            {"prompt_tokens": 70, "completion_tokens": 12, "num_cached_tokens": 69},
            tokens(prompt=1, cached=69),
            tokens(completion=12),
        ),
        (
            "moonshot",
            {"prompt_tokens": 70, "completion_tokens": 12, "cached_tokens": 69},
            tokens(prompt=1, cached=69),
            tokens(completion=12),
        ),
        (
            "deepseek",
            {"prompt_tokens": 9, "completion_tokens": 4, "prompt_cache_hit_tokens": 3, "prompt_cache_miss_tokens": 6},
            tokens(prompt=6, cached=3),
            tokens(completion=4),
        ),
        # what a total tells
        ("openai.chat", {"prompt_tokens": 8, "total_tokens": 8}, tokens(prompt=8), ()),
        ("openai.chat", {"completion_tokens": 3, "total_tokens": 8}, tokens(prompt=5), tokens(completion=3)),
        ("openai.chat", GROK, tokens(prompt=32), tokens(completion=9, reasoning=94)),
        (
            "gemini.chat",
            {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109},
            tokens(prompt=35),
            tokens(completion=12, reasoning=62),
        ),
        ("gemini", {"promptTokenCount": 440, "thoughtsTokenCount": 27, "totalTokenCount": 467}, tokens(prompt=440), tokens(reasoning=27)),
        (
            "gemini",
            {"promptTokenCount": 4, "candidatesTokenCount": 9, "thoughtsTokenCount": 5, "totalTokenCount": 13},
            tokens(prompt=4),
            tokens(completion=4, reasoning=5),
        ),
        # embeddings
        ("openai.embeddings", {"prompt_tokens": 8}, tokens(prompt=8), ()),
        ("gemini.embeddings", {"promptTokenCount": 7}, tokens(prompt=7), ()),
        # none, and unknown
        ("anthropic", {"input_tokens": 0, "output_tokens": 0}, (), ()),
        ("anthropic", {"input_tokens": 5, "output_tokens": None, "cache_read_input_tokens": None}, tokens(prompt=5), None),
        ("anthropic", {"input_tokens": None, "cache_read_input_tokens": 7, "output_tokens": 1}, None, tokens(completion=1)),
        ("openai.chat", {"prompt_tokens": 5, "prompt_tokens_details": None, "completion_tokens_details": {}}, tokens(prompt=5), None),
        ("gemini", {"promptTokenCount": 7}, tokens(prompt=7), None),
        # parts without their whole
        (
            "openai.realtime",
            {"input_tokens": 10, "input_token_details": {"audio_tokens": 4, "cached_tokens_details": {"audio_tokens": 3}}},
            tokens(prompt=6, audio=1, cached_audio=3),
            None,
        ),
        ("anthropic", {"input_tokens": 1, "cache_creation": {"ephemeral_1h_input_tokens": 5}}, tokens(prompt=1, cache_write_1h=5), None),
        ("anthropic", {"iterations": [{"input_tokens": 1}, {"input_tokens": 2, "output_tokens": 3}]}, tokens(prompt=3), None),
        ("anthropic", {"iterations": [{"output_tokens": 1}, {"input_tokens": 2, "output_tokens": 3}]}, None, tokens(completion=4)),
        (
            "gemini",
            {"promptTokenCount": 9, "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 4}, {"modality": "IMAGE", "tokenCount": 2}]},
            tokens(prompt=3, cached=4, cached_image=2),
            None,
        ),
        # what is cached was text as far as there was text
        (
            "openai.chat",
            {
                "prompt_tokens": 100,
                "completion_tokens": 0,
                "prompt_tokens_details": {"cached_tokens": 50, "audio_tokens": 30, "image_tokens": 40},
            },
            tokens(cached=30, cached_image=20, image=20, audio=30),
            (),
        ),
        # of a stream's cache creation, no life is told: five minutes are the rule
        (
            "anthropic",
            {"input_tokens": 1, "cache_creation_input_tokens": 9, "output_tokens": 1},
            tokens(prompt=1, cache_write=9),
            tokens(completion=1),
        ),
    ],
)
def test_a_block_comes_to_categories(format: str, block: dict[str, Any], input: Quantities, output: Quantities | None):
    event = parsed(with_block(block, format))
    assert (event.input, event.output) == (input and tuple(sorted(input)), output)


def test_iterations_are_what_is_billed_and_another_models_stay_apart():
    iterations = [
        {"type": "compaction", "input_tokens": 50, "output_tokens": 5},
        {"type": "message", "input_tokens": 20, "output_tokens": 8, "cache_read_input_tokens": 2},
        {"type": "advisor_message", "model": "claude-opus-4-8", "input_tokens": 70, "output_tokens": 9},
    ]
    top = {"input_tokens": 20, "cache_read_input_tokens": 2, "output_tokens": 8, "output_tokens_details": {"thinking_tokens": 3}}
    event = parsed(with_block(top | {"iterations": iterations}, "anthropic"))
    assert event.input == (("cached", "token", 2), ("prompt", "token", 70), ("prompt of claude-opus-4-8", "token", 70))
    assert event.output == (("completion", "token", 10), ("completion of claude-opus-4-8", "token", 9), ("reasoning", "token", 3))


@pytest.mark.parametrize(
    ("format", "block", "tier"),
    [
        ("anthropic", {"input_tokens": 1, "service_tier": "batch"}, "batch"),
        ("openai.chat", {"prompt_tokens": 1, "service_tier": "flex"}, "flex"),
        ("openai.chat", {"prompt_tokens": 1, "service_tier": ""}, None),
        ("gemini", {"promptTokenCount": 1, "serviceTier": "STANDARD"}, None),
        ("gemini", {"promptTokenCount": 1, "trafficType": "ON_DEMAND"}, None),
        ("gemini", {"promptTokenCount": 1, "trafficType": "PROVISIONED_THROUGHPUT"}, "provisioned_throughput"),
        ("gemini", {"promptTokenCount": 1}, None),
    ],
)
def test_the_service_tier_of_a_block_holds_where_the_event_has_none(format: str, block: dict[str, Any], tier: str | None):
    assert parsed(with_block(block, format)).service_tier == tier
    assert parsed(with_block(block, format, service_tier="")).service_tier == tier
    assert parsed(with_block(block, format, service_tier="priority")).service_tier == "priority"

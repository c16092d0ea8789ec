"""Usage blocks: whose they are, what is refused of them, and that they are kept as they came."""

import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from domain import limits
from domain.notation import cloudevent
from ingest.usage_blocks import FORMATS
from ledger.application import Ledger
from ledger.shapes import DIGEST, to_state
from tests.events import ABSENT, line, parsed, report
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
from tests.ingest.sending import logged, post
from tests.ingest.test_checks import refusal
from tests.told import BILLING, told


def refused(block: Any, format: str | None = None, **data: Any) -> tuple[str | None, str]:
    return refusal(msgspec.json.encode(with_block(block, format, **data)))


GUIDE = (Path(__file__).parents[2] / "docs" / "usage-blocks.md").read_text(encoding="utf-8")


def test_the_guide_names_every_format_and_its_example_is_true():
    assert [format for format in FORMATS if f"`{format}`" not in GUIDE] == []
    block, categories = (msgspec.json.decode(example) for example in re.findall(r"^```json\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE))
    explicit = {name: block["data"][name] for name in ("model", "provider")} | categories
    assert to_state(parsed(block))[DIGEST] == to_state(parsed(block | {"data": explicit}))[DIGEST]


# ---------------------------------------------------------------- whose block it is
@pytest.mark.parametrize("block", [CHAT, RESPONSES, ANTHROPIC, GEMINI, BEDROCK, COHERE, GROK])
def test_whose_block_it_is_need_not_be_said_where_its_shape_does(block: dict[str, Any]):
    named = {id(CHAT): "openai.chat", id(RESPONSES): "openai.responses", id(ANTHROPIC): "anthropic", id(GEMINI): "gemini"}
    format = (named | {id(BEDROCK): "bedrock", id(COHERE): "cohere", id(GROK): "xai"})[id(block)]
    inferred, read = parsed(with_block(block)), parsed(with_block(block, format))
    assert (inferred.input, inferred.output, inferred.service_tier) == (read.input, read.output, read.service_tier)


def test_whose_block_it_is_does_not_matter_where_all_count_the_same():
    event = parsed(with_block({"input_tokens": 7, "output_tokens": 2}))
    assert (event.input, event.output) == (tokens(prompt=7), tokens(completion=2))


NEEDED = "is needed, for the block {}: name one of " + ", ".join(FORMATS)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ({"cost": 0.25}, "does not show whose it is"),
        ({"tokens": 7}, "does not show whose it is"),
        ({"inputTokens": 7, "outputTokens": 1, "cachedInputTokens": 2}, "does not show whose it is"),
        ({"input_tokens": 7, "cache_read_input_tokens": 2, "total_tokens": 9}, "does not show whose it is"),
        ({"prompt_tokens": 7, "input_tokens": 7}, "does not show whose it is"),
        (  # with no total, nobody can tell whether reasoning is within
            {"prompt_tokens": 7, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}},
            "could be of openai.chat or xai or gemini.chat, which count differently",
        ),
        (
            SONAR,
            "could be of openai.chat or xai or gemini.chat or perplexity, which count differently",
        ),
        (
            {"input_tokens": 7, "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 3}},
            "could be of openai.responses or anthropic, which count differently",
        ),
    ],
)
def test_whose_block_it_is_must_be_said_where_it_matters(block: dict[str, Any], why: str):
    assert refused(block) == ("data.usage_format", NEEDED.format(why))


def test_an_unknown_format_is_refused_with_those_that_are_known():
    known = ", ".join(FORMATS)
    assert refused(CHAT, "openai") == ("data.usage_format", f"'openai' is not a known usage format: use {known}")


# ---------------------------------------------------------------- what is refused
def changed(block: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {name: value for name, value in (block | fields).items() if value is not ABSENT}


@pytest.mark.parametrize(
    ("format", "block", "field", "reason"),
    [
        (
            "openai.chat",
            changed(CHAT, prompt_tokens_details={"cached_tokens": 2007}),
            "prompt_tokens_details.cached_tokens",
            "is 2007, more than prompt_tokens, 2006, which it is a part of",
        ),
        (
            "openai.chat",
            changed(CHAT, prompt_tokens_details={"cached_tokens": 2000, "cache_write_tokens": 7}),
            "prompt_tokens_details.cache_write_tokens",
            "is 7, with the parts before it more than prompt_tokens, 2006, which it is a part of",
        ),
        (
            "openai.chat",
            changed(CHAT, total_tokens=ABSENT, completion_tokens_details={"reasoning_tokens": 301}),
            "completion_tokens_details.reasoning_tokens",
            "is 301, more than completion_tokens, 300, which it is a part of",
        ),
        (
            "openai.chat",
            changed(CHAT, total_tokens=2305),
            "total_tokens",
            "is 2305, but prompt_tokens and completion_tokens add up to 2306",
        ),
        (
            "openai.chat",
            changed(CHAT, prompt_tokens=ABSENT, total_tokens=1),
            "completion_tokens",
            "is 300, more than total_tokens, 1, which it is a part of",
        ),
        (
            "openai.chat",
            changed(CHAT, cached_tokens=7),
            "cached_tokens",
            "is 7, but prompt_tokens_details.cached_tokens says 1920 of the same",
        ),
        ("openai.chat", changed(CHAT, prompt_tokens=-1), "prompt_tokens", "expected int >= 0"),
        ("openai.chat", changed(CHAT, prompt_tokens=1.5), "prompt_tokens", "expected int | null, got float"),
        ("openai.chat", changed(CHAT, prompt_tokens="1"), "prompt_tokens", "expected int | null, got str"),
        ("openai.chat", changed(CHAT, prompt_tokens=2**53 + 1), "prompt_tokens", "expected int <= 9007199254740992"),
        ("openai.chat", changed(CHAT, prompt_tokens_details=[]), "prompt_tokens_details", "expected object | null, got array"),
        (
            "openai.realtime",
            changed(REALTIME, input_token_details={"audio_tokens": 3, "cached_tokens": 5, "cached_tokens_details": {"audio_tokens": 4}}),
            "input_token_details.cached_tokens_details.audio_tokens",
            "is 4, more than input_token_details.audio_tokens, 3, which it is a part of",
        ),
        (
            "openai.realtime",
            changed(REALTIME, input_token_details={"audio_tokens": 13, "cached_tokens": 5, "cached_tokens_details": {"audio_tokens": 6}}),
            "input_token_details.cached_tokens_details.audio_tokens",
            "is 6, more than input_token_details.cached_tokens, 5, which it is a part of",
        ),
        (
            "openai.chat",
            changed(CHAT, prompt_tokens_details={"audio_tokens": 2000, "image_tokens": 7}),
            "prompt_tokens_details.image_tokens",
            "is 7, with the parts before it more than prompt_tokens, 2006, which it is a part of",
        ),
        (
            "deepseek",
            {"prompt_tokens": 9, "prompt_cache_hit_tokens": 3, "prompt_cache_miss_tokens": 7},
            "prompt_cache_miss_tokens",
            "is 7, with the parts before it more than prompt_tokens, 9, which it is a part of",
        ),
        (
            "anthropic",
            changed(ANTHROPIC, cache_creation={"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 1000}),
            "cache_creation.ephemeral_1h_input_tokens",
            "is 1000, with the parts before it more than cache_creation_input_tokens, 1956, which it is a part of",
        ),
        (
            "anthropic",
            changed(ANTHROPIC, output_tokens_details={"thinking_tokens": 45}),
            "output_tokens_details.thinking_tokens",
            "is 45, more than output_tokens, 44, which it is a part of",
        ),
        ("anthropic", {"iterations": [{}, {"input_tokens": -1}]}, "iterations[1].input_tokens", "expected int >= 0"),
        (
            "gemini",
            changed(GEMINI, cachedContentTokenCount=3298),
            "cachedContentTokenCount",
            "is 3298, more than promptTokenCount, 3297, which it is a part of",
        ),
        (
            "gemini",
            changed(GEMINI, promptTokensDetails=[{"modality": "TEXT", "tokenCount": 3297}, {"modality": "AUDIO", "tokenCount": 1}]),
            "promptTokensDetails[1].tokenCount",
            "is 1, with the parts before it more than promptTokenCount, 3297, which it is a part of",
        ),
        (
            "gemini",
            changed(GEMINI, totalTokenCount=3546),
            "totalTokenCount",
            "is 3546, but promptTokenCount and candidatesTokenCount add up to 3452",
        ),
        ("bedrock", changed(BEDROCK, totalTokens=2434), "totalTokens", "is 2434, but input, cache and output add up to 2435"),
        (
            "bedrock",
            changed(BEDROCK, cacheReadInputTokenCount=1),
            "cacheReadInputTokenCount",
            "is 1, but cacheReadInputTokens says 2074 of the same",
        ),
        ("ollama", {"eval_count": True}, "eval_count", "expected int | null, got bool"),
    ],
)
def test_a_block_that_contradicts_itself_is_refused_by_name(format: str, block: dict[str, Any], field: str, reason: str):
    assert refused(block, format) == (f"data.usage.{field}", reason)


def test_a_block_that_comes_to_too_much_is_refused():
    iterations = [{"input_tokens": 2**53, "output_tokens": 1}] * 2
    assert refused({"iterations": iterations}, "anthropic") == (
        "data.usage",
        "comes to more than 9007199254740992 of one category (MAX_QUANTITY)",
    )
    iterations = [{"input_tokens": 1, "cache_read_input_tokens": 1, "output_tokens": 1, "model": f"m{i}"} for i in range(33)]
    assert refused({"iterations": iterations}, "anthropic") == (
        "data.usage",
        "comes to more than 64 categories a side (MAX_CATEGORIES_PER_SIDE)",
    )


@pytest.mark.parametrize("side", ["input", "output"])
def test_a_block_and_categories_are_one_too_many(side: str):
    both = "is there beside input or output: give the provider's block, or categories, not both"
    assert refused(CHAT, None, **{side: []}) == ("data.usage", both)
    assert parsed(with_block(CHAT, None, **{side: None})).input == tokens(prompt=86, cached=1920)


def test_no_block_is_no_usage_whatever_its_format_would_be():
    event = parsed(with_block(None, "anthropic"))
    assert (event.input, event.output, event.original) == (None, None, None)
    empty = parsed(with_block({}))
    assert (empty.input, empty.output) == (None, None)
    assert parsed(report(data={"usage": None, "usage_format": "anthropic"})).input == tokens(prompt=310)


def test_a_block_is_an_object_without_nul_within_what_is_kept():
    assert refused([CHAT]) == ("data.usage", "expected object | null, got array")
    assert refused({"a\0b": 1}) == ("data.usage", "holds a NUL character: leave it out")
    assert refused(CHAT | {"note": "x" * 1025}) == ("data.usage.note", "is longer than 1024 bytes (MAX_STRING_BYTES)")
    padded = CHAT | {"notes": ["x" * 1024] * (limits.MAX_KEPT_BYTES // 1024)}
    assert refused(padded) == (None, "has a usage block, and to be kept whole is larger than 65536 bytes (MAX_KEPT_BYTES)")


def test_a_correction_gives_categories():
    event = msgspec.json.encode(told("request.corrected", usage=CHAT, usage_format="openai.chat"))
    assert refusal(event, BILLING) == ("data.usage", "is not for corrections: give input and output, by category")


# ---------------------------------------------------------------- what is kept
def test_the_block_is_kept_as_it_came():
    told = with_block(CHAT | {"cost": 0.25, "x_ours": {"y": None}}, "openai.chat")
    event = parsed(told)
    assert event.original == msgspec.json.encode(told)
    assert cloudevent(event)["data"]["usage"] == told["data"]["usage"]
    assert parsed(told | {"traceparent": "00-4bf9"}).input == event.input  # where the envelope says more, too


async def test_a_block_and_its_categories_count_once_through_the_door(client: httpx.AsyncClient, ledger: Ledger):
    def categories(quantities: Quantities) -> list[dict[str, Any]]:
        return [{"category": category, "unit": unit, "quantity": quantity} for category, unit, quantity in quantities]

    searched = (*tokens(prompt=3, cached=9511, cache_write=956, cache_write_1h=1000), ("web_search", "request", 2))
    explicit = {"input": categories(searched), "output": categories(tokens(completion=30, reasoning=14)), "service_tier": "priority"}
    blocks = msgspec.json.encode(with_block(ANTHROPIC, "anthropic"))
    first = await post(client, [blocks, line(id="worse", data={"input": ABSENT, "usage": changed(ANTHROPIC, output_tokens=-1)})])
    assert first.json() | {"position": None} == {
        "recorded": 1,
        "duplicates": 0,
        "conflicts": [],
        "rejected": [{"index": 1, "id": "worse", "field": "data.usage.output_tokens", "message": "expected int >= 0"}],
        "position": None,
    }
    again = await post(client, [msgspec.json.encode(report(data=explicit)), blocks, msgspec.json.encode(with_block(ANTHROPIC))])
    assert (again.json()["recorded"], again.json()["duplicates"], again.json()["conflicts"]) == (0, 3, [])
    other = await post(client, [msgspec.json.encode(with_block(changed(ANTHROPIC, input_tokens=4), "anthropic"))])
    assert (other.status_code, len(other.json()["conflicts"])) == (422, 1)
    [event] = logged(ledger)
    assert (event.input, event.service_tier) == (tuple(sorted(searched)), "priority")
    assert cloudevent(event)["data"]["usage"] == ANTHROPIC

"""812 usage blocks that real providers sent, against what pydantic/genai-prices extracts of them: every difference has its reason.

Each block comes with one or more readings, each by extractors of several providers; one of them belongs to the API that sent the block.
"""

import gzip
import json
from collections import Counter
from functools import cache
from typing import Any

from benchmarks.traces import data
from domain.events import RequestCompleted
from domain.quantities import TOKEN
from ingest.outcomes import UnacceptableError
from tests.events import ABSENT, parsed, report
from tests.real_input.present import needed

needed("usage blocks", data())

Block = dict[str, Any]
Figures = dict[str, int]
Extractor = tuple[str, str]  # a provider, and which of its APIs

SENDERS = {  # the extractor of the API that sends blocks of a format
    "openai.chat": ("openai", "chat"),
    "openai.embeddings": ("openai", "embeddings"),
    "openai.responses": ("openai", "responses"),
    "anthropic": ("anthropic", "default"),
    "gemini": ("google", "default"),
    "gemini.chat": ("google", "chat"),
    "bedrock": ("aws", "default"),
    "cohere": ("cohere", "default"),
    "cohere.embeddings": ("cohere", "embeddings"),
}
NO_COUNTERPART = {"input_tool_tokens", "input_text_tool_tokens", "cache_text_read_tokens", "cache_video_read_tokens"}


@cache
def cases() -> list[dict[str, Any]]:
    return json.loads(gzip.decompress((data() / "payloads" / "provider-usages.json.gz").read_bytes()))


def block_of(case: dict[str, Any]) -> Block:
    body = case["body"]
    return body.get("usage") or body.get("usageMetadata") or body["meta"]


def format_of(case: dict[str, Any]) -> str:
    """As a gateway knows whom it asked: some APIs have extractors that read one another's blocks, and then the model tells."""
    extractors = {extractor for reading in case["extracted"] for extractor in extractors_of(reading)}
    model = case["body"].get("model") or ""
    for format in ("gemini", "bedrock", "cohere", "cohere.embeddings"):
        if SENDERS[format] in extractors:
            return format
    if SENDERS["openai.chat"] in extractors:
        return "gemini.chat" if model.startswith("gemini") else "openai.chat"
    if SENDERS["anthropic"] in extractors:
        return "anthropic" if model.startswith("claude") else "openai.responses"
    return "openai.embeddings"


def extractors_of(reading: dict[str, Any]) -> set[Extractor]:
    return {(each["provider_id"], each["api_flavor"]) for each in reading["extractors"]}


def event_of(block: Block, format: str | None) -> RequestCompleted:
    return parsed(report(data={"input": ABSENT, "usage": block, "usage_format": format}))


def inferred_of(block: Block) -> RequestCompleted | None:
    """Null where the format is asked for."""
    try:
        return event_of(block, None)
    except UnacceptableError as error:
        if error.field != "data.usage_format":
            raise
        return None


def figures(event: RequestCompleted) -> Figures:
    """In the words of genai-prices, whose totals include their parts."""
    input, output, searches = Counter[str](), Counter[str](), 0
    for side, quantities in ((input, event.input), (output, event.output)):
        side.update({category: quantity for category, unit, quantity in quantities or () if unit == TOKEN})
    searches = sum(quantity for category, _, quantity in event.input or () if category == "web_search")
    of_kind = {kind: input[kind] + input[f"cached_{kind}"] for kind in ("audio", "image", "video")}
    return {
        "input_tokens": input.total(),
        "output_tokens": output.total(),
        "cache_read_tokens": input["cached"] + input["cached_audio"] + input["cached_image"],
        "cache_write_tokens": input["cache_write"] + input["cache_write_1h"],
        "cache_write_5m_tokens": input["cache_write"],
        "cache_write_1h_tokens": input["cache_write_1h"],
        "cache_audio_read_tokens": input["cached_audio"],
        "cache_image_read_tokens": input["cached_image"],
        "input_text_tokens": input.total() - sum(of_kind.values()),
        "output_text_tokens": output["completion"],
        **{f"input_{kind}_tokens": count for kind, count in of_kind.items()},
        **{f"output_{kind}_tokens": output[kind] for kind in ("reasoning", "audio", "image")},
        "web_searches": searches,
    }


ONLY_IF_READ = {"input_text_tokens", "output_text_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"}  # what remains, else


def differences(ours: Figures, theirs: Figures) -> dict[str, int]:
    """How much more we have of each figure."""
    found = {name: ours[name] - theirs.get(name, 0) for name in ours if name in theirs or name not in ONLY_IF_READ}
    assert {*theirs} <= {*ours} | NO_COUNTERPART
    return {name: difference for name, difference in found.items() if difference}


def why(block: Block, format: str, differing: dict[str, int]) -> str:
    """Why the reading of the API that sent a block is not ours. Raises StopIteration for a difference that no rule explains."""
    details = block.get("prompt_tokens_details") or {}
    unlisted = block.get("promptTokenCount", 0) + block.get("toolUsePromptTokenCount", 0)
    for name in ("promptTokensDetails", "toolUsePromptTokensDetails"):
        unlisted -= sum(each.get("tokenCount", 0) for each in block.get(name, ()))
    cached_video = sum(each["tokenCount"] for each in block.get("cacheTokensDetails", ()) if each["modality"] == "VIDEO")
    beside = [each for each in block.get("iterations", ()) if each["type"] != "message"]
    thoughts = block.get("total_tokens", 0) - block.get("prompt_tokens", 0) - block.get("completion_tokens", 0)
    rules = {
        "agrees": {},
        "iterations beside the messages": {
            "input_tokens": sum(each["input_tokens"] for each in beside),
            "output_tokens": sum(each["output_tokens"] for each in beside),
        },
        "num_cached_tokens": {"cache_read_tokens": block.get("num_cached_tokens")},
        "video tokens of OpenRouter": {"input_video_tokens": details.get("video_tokens")},
        "thoughts in the total alone": {"output_tokens": thoughts, "output_reasoning_tokens": thoughts},
        "cached video is cached": {"input_video_tokens": -cached_video, "input_text_tokens": cached_video},
        "text that no detail lists": {"input_text_tokens": unlisted},
    }
    return next(rule for rule, explained in rules.items() if explained == differing)


def why_other(case: dict[str, Any], format: str, reading: dict[str, Any]) -> str:
    """Why the reading of another API is not ours. Raises StopIteration for a difference that no rule explains."""
    block, theirs, extractors = block_of(case), reading["usage"], extractors_of(reading)
    ours = figures(event_of(block, format))
    if extractors == {("cohere", "tokens")} and format == "cohere":
        return "cohere.tokens: agrees" if not differences(figures(event_of(block, "cohere.tokens")), theirs) else "cohere.tokens: differs"
    told_otherwise = {name: more for name, more in differences(ours, theirs).items() if name in theirs}
    beside = [each for each in block.get("iterations", ()) if each["type"] != "message"]
    rules = {
        "embeddings: reads the input alone": ({*theirs} == {"input_tokens"}, {}),
        "cohere.tokens: finds cached_tokens alone": (extractors == {("cohere", "tokens")} and not theirs, {}),
        "reads fewer details": ({"input_tokens", "output_tokens"} <= {*theirs}, {}),
        "x-ai: adds reasoning to any completion": (("x-ai", "chat") in extractors, {"output_tokens": -ours["output_reasoning_tokens"]}),
        "responses: takes Anthropic's input for all of it": (
            ("openai", "responses") in extractors and format == "anthropic",
            {"input_tokens": ours["cache_read_tokens"] + ours["cache_write_tokens"]},
        ),
        "iterations beside the messages": (
            format == "anthropic",
            {f"{side}_tokens": sum(each[f"{side}_tokens"] for each in beside) for side in ("input", "output")},
        ),
    }
    return next(rule for rule, (applies, explained) in rules.items() if applies and explained == told_otherwise)


def test_the_reading_of_the_api_that_sent_a_block_is_ours_or_the_difference_has_its_reason():
    formats, reasons, others = Counter[str](), Counter[str](), Counter[str]()
    for case in cases():
        format = format_of(case)
        formats[format] += 1
        ours = figures(event_of(block_of(case), format))
        for reading in case["extracted"]:
            if SENDERS[format] in extractors_of(reading):
                reasons[why(block_of(case), format, differences(ours, reading["usage"]))] += 1
            else:
                others[why_other(case, format, reading)] += 1
    assert formats == {
        "gemini": 230, "openai.chat": 209, "anthropic": 124, "openai.responses": 120, "bedrock": 116, "cohere": 7,
        "gemini.chat": 2, "openai.embeddings": 2, "cohere.embeddings": 2,
    }  # fmt: skip
    assert reasons == {
        "agrees": 782,
        "num_cached_tokens": 16,
        "text that no detail lists": 5,
        "iterations beside the messages": 4,
        "cached video is cached": 2,
        "thoughts in the total alone": 2,
        "video tokens of OpenRouter": 1,
    }
    assert others == {
        "embeddings: reads the input alone": 211,
        "reads fewer details": 106,
        "x-ai: adds reasoning to any completion": 34,
        "responses: takes Anthropic's input for all of it": 9,
        "cohere.tokens: agrees": 7,
        "cohere.tokens: finds cached_tokens alone": 4,
        "iterations beside the messages": 3,
    }


def test_a_format_is_inferred_as_the_gateway_would_name_it_or_asked_for():
    outcomes: Counter[str] = Counter()
    for case in cases():
        block, format = block_of(case), format_of(case)
        named = event_of(block, format)
        inferred = inferred_of(block)
        if inferred is None:
            outcomes[f"asked for: {format}"] += 1
        else:
            same = (inferred.input, inferred.output, inferred.service_tier) == (named.input, named.output, named.service_tier)
            outcomes["the same" if same else "output unknown" if inferred.output is None else "another"] += 1
    assert outcomes == {"the same": 808, "output unknown": 2, "asked for: gemini.chat": 2}

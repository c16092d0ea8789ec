"""How providers would tell of known categories: the way back, written from their documentation, for laws about the way in."""

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

Side = dict[str, int]
Block = dict[str, Any]


class Provider(NamedTuple):
    """The categories that a format can tell apart, and its block for so many of each. The last argument says whether to give totals."""

    input: tuple[str, ...]
    output: tuple[str, ...]
    block: Callable[[Side, Side, bool], Block]


def chat(input: Side, output: Side, totals: bool) -> Block:
    details = {f"{kind}_tokens": input[kind] for kind in ("audio", "image", "video", "cache_write")} | {"cached_tokens": input["cached"]}
    made = {f"{kind}_tokens": output[kind] for kind in ("reasoning", "audio", "image", "video")}
    sums = {"prompt_tokens": sum(input.values()), "completion_tokens": sum(output.values())}
    return sums | {"prompt_tokens_details": details, "completion_tokens_details": made} | given(totals, total_tokens=sum(sums.values()))


def xai(input: Side, output: Side, totals: bool) -> Block:
    block = chat(input, output, totals)
    return block | {"completion_tokens": block["completion_tokens"] - output["reasoning"]}


def responses(input: Side, output: Side, totals: bool) -> Block:
    cached = {f"{kind}_tokens": input[f"cached_{kind}"] for kind in ("audio", "image")} | {"text_tokens": input["cached"]}
    details = {
        "cached_tokens": sum(cached.values()),
        "cache_write_tokens": input["cache_write"],
        "audio_tokens": input["audio"] + input["cached_audio"],
        "image_tokens": input["image"] + input["cached_image"],
        "cached_tokens_details": cached,
    }
    sums = {"input_tokens": sum(input.values()), "output_tokens": sum(output.values())}
    made = {f"{kind}_tokens": output[kind] for kind in ("reasoning", "audio", "image")}
    return sums | {"input_tokens_details": details, "output_tokens_details": made} | given(totals, total_tokens=sum(sums.values()))


def anthropic(input: Side, output: Side, totals: bool) -> Block:
    lives = {"ephemeral_5m_input_tokens": input["cache_write"], "ephemeral_1h_input_tokens": input["cache_write_1h"]}
    return {
        "input_tokens": input["prompt"],
        "cache_read_input_tokens": input["cached"],
        "cache_creation": lives,
        "output_tokens": sum(output.values()),
        "output_tokens_details": {"thinking_tokens": output["reasoning"]},
    } | given(totals, cache_creation_input_tokens=sum(lives.values()))


def gemini(input: Side, output: Side, totals: bool) -> Block:
    kinds = {kind: input[kind] + input.get(f"cached_{kind}", 0) for kind in ("audio", "image", "video")}
    prompt = sum(input.values())
    of_tools = input["audio"] // 2  # what tools brought in is a part of the input, too, and never cached
    cached = {"text": input["cached"], "audio": input["cached_audio"], "image": input["cached_image"]}
    sums = {
        "promptTokenCount": prompt - of_tools,
        "toolUsePromptTokenCount": of_tools,
        "candidatesTokenCount": sum(output.values()) - output["reasoning"],
        "thoughtsTokenCount": output["reasoning"],
    }
    return (
        sums
        | {
            "cachedContentTokenCount": sum(cached.values()),
            "promptTokensDetails": modalities(kinds | {"audio": kinds["audio"] - of_tools}),
            "toolUsePromptTokensDetails": modalities({"audio": of_tools}),
            "cacheTokensDetails": modalities(cached),
            "candidatesTokensDetails": modalities({kind: output[kind] for kind in ("audio", "image", "video")}),
        }
        | given(totals, totalTokenCount=sum(sums.values()))
    )


def bedrock(input: Side, output: Side, totals: bool) -> Block:
    written = input["cache_write"] + input["cache_write_1h"]
    sums = {"inputTokens": input["prompt"], "cacheReadInputTokens": input["cached"], "cacheWriteInputTokens": written}
    sums |= {"outputTokens": output["completion"]}
    lives = [{"ttl": "1h", "inputTokens": input["cache_write_1h"]}, {"ttl": "5m", "inputTokens": input["cache_write"]}]
    return sums | {"cacheDetails": lives} | given(totals, totalTokens=sum(sums.values()))


def cohere(input: Side, output: Side, totals: bool) -> Block:
    tokens = {"input_tokens": sum(input.values()), "output_tokens": sum(output.values())}
    return {"tokens": tokens, "cached_tokens": input["cached"]} | given(totals, billed_units={"input_tokens": 1, "output_tokens": 1})


def ollama(input: Side, output: Side, totals: bool) -> Block:
    return {"prompt_eval_count": input["prompt"], "eval_count": output["completion"]} | given(totals, total_duration=5_191_566_416)


def given(really: bool, **fields: Any) -> Block:
    return fields if really else {}


def modalities(kinds: Side) -> list[Block]:
    return [{"modality": kind.upper(), "tokenCount": count} for kind, count in kinds.items()]


WRITTEN = ("prompt", "cached", "cache_write", "cache_write_1h")
MADE = ("completion", "reasoning", "audio", "image", "video")
PROVIDERS = {
    "openai.chat": Provider(("prompt", "cached", "cache_write", "audio", "image", "video"), MADE, chat),
    "xai": Provider(("prompt", "cached", "cache_write", "audio", "image", "video"), MADE, xai),
    "openai.responses": Provider(
        ("prompt", "cached", "cache_write", "audio", "image", "cached_audio", "cached_image"), MADE[:-1], responses
    ),
    "anthropic": Provider(WRITTEN, MADE[:2], anthropic),
    "gemini": Provider(("prompt", "cached", "audio", "image", "video", "cached_audio", "cached_image"), MADE, gemini),
    "bedrock": Provider(WRITTEN, MADE[:1], bedrock),
    "cohere.tokens": Provider(("prompt", "cached"), MADE[:1], cohere),
    "ollama": Provider(("prompt",), MADE[:1], ollama),
}


@st.composite
def told(draw: st.DrawFn) -> tuple[str, Side, Side, Block]:
    """A format, what was used, and the block that says so."""
    format = draw(st.sampled_from(sorted(PROVIDERS)))
    provider = PROVIDERS[format]
    counts = st.integers(0, 3) | st.integers(0, 2_000_000) | st.just(2**53 // 16)
    input, output = ({category: draw(counts) for category in side} for side in (provider.input, provider.output))
    return format, input, output, provider.block(input, output, draw(st.booleans()))

"""The proxy's normalised usage, whose parts are included in its totals, becomes disjoint quantities whose sum is the total.

The rules are those by which LiteLLM itself takes usage apart to price it (1.106.2, `llm_cost_calc/utils.py`, `generic_cost_per_token`).
"""

from collections.abc import Iterator
from typing import NamedTuple

from domain.quantities import TOKEN
from ingest.litellm.payloads import InputParts, OutputParts, Payload, Usage

Quantities = list[dict[str, str | int]]
"""As they are told in an event. What was not used, or is not told apart, has no line."""


class Used(NamedTuple):
    """Both sides; null is unknown."""

    input: Quantities | None
    output: Quantities | None


UNKNOWN = Used(None, None)


def used(payload: Payload) -> Used:
    """What the call used, wherever it went. No call uses 0 and 0: the proxy writes that where it knows nothing."""
    usage = (payload.metadata and payload.metadata.usage_object) or Usage()
    prompt = payload.prompt_tokens if usage.prompt_tokens is None else usage.prompt_tokens
    completion = payload.completion_tokens if usage.completion_tokens is None else usage.completion_tokens
    if prompt or completion:
        return Used(_lines(_input(prompt or 0, usage)), _lines(_output(completion or 0, usage)))
    if usage.output_image_count:
        return Used([], [{"category": "image", "quantity": usage.output_image_count, "unit": "image"}])
    return UNKNOWN


Part = tuple[str, int]


def _lines(parts: Iterator[Part]) -> Quantities:
    return [{"category": category, "quantity": quantity, "unit": TOKEN} for category, quantity in parts if quantity]


def _input(total: int, usage: Usage) -> Iterator[Part]:
    """Cached tokens first: where audio, images and cache overlap, so that the parts are more than the whole, the others give way."""
    parts = usage.prompt_tokens_details or InputParts()
    cached = _first(parts.cached_tokens, usage.cache_read_input_tokens)
    written = _first(parts.cache_creation_tokens, parts.cache_write_tokens, usage.cache_creation_input_tokens)
    written_1h = (parts.cache_creation_token_details and parts.cache_creation_token_details.ephemeral_1h_input_tokens) or 0
    of_cached = parts.cached_tokens_details
    cached_audio, left_cached = _take(of_cached and of_cached.audio_tokens, cached)
    cached_image, left_cached = _take(of_cached and of_cached.image_tokens, left_cached)
    yield "cached", left_cached
    yield "cached_audio", cached_audio
    yield "cached_image", cached_image
    written_1h, written_5m = _take(written_1h, written)
    yield "cache_write", written_5m
    yield "cache_write_1h", written_1h
    rest = max(0, total - cached - written)
    for category, told, counted in (
        ("audio", parts.audio_tokens, cached_audio),
        ("image", parts.image_tokens, cached_image),
        ("video", parts.video_tokens, 0),
    ):
        part, rest = _take(max(0, (told or 0) - counted), rest)
        yield category, part
    yield "prompt", rest


def _output(total: int, usage: Usage) -> Iterator[Part]:
    parts = usage.completion_tokens_details or OutputParts()
    rest = total
    for category, told in (
        ("reasoning", parts.reasoning_tokens),
        ("audio", parts.audio_tokens),
        ("image", parts.image_tokens),
        ("video", parts.video_tokens),
    ):
        part, rest = _take(told, rest)
        yield category, part
    yield "completion", rest


def _take(told: int | None, whole: int) -> tuple[int, int]:
    """A part, at most the whole, and what is left of that."""
    part = min(told or 0, whole)
    return part, whole - part


def _first(*told: int | None) -> int:
    return next((count for count in told if count is not None), 0)

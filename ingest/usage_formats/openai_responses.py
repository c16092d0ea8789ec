"""Responses, and what OpenAI counts like them, such as images and realtime: all details are parts of `input_tokens` and `output_tokens`.

https://platform.openai.com/docs/api-reference/responses/object
"""

import msgspec

from ingest.usage_formats.counts import Counts, Told
from ingest.usage_formats.sides import Cache, Usage, input_side, output_side
from ingest.usage_formats.totals import settled


class CachedDetails(msgspec.Struct):
    audio_tokens: Told = None
    image_tokens: Told = None


class InputDetails(msgspec.Struct):
    cached_tokens: Told = None
    cache_write_tokens: Told = None
    audio_tokens: Told = None
    image_tokens: Told = None
    cached_tokens_details: CachedDetails | None = None


class OutputDetails(msgspec.Struct):
    reasoning_tokens: Told = None
    audio_tokens: Told = None
    image_tokens: Told = None


class ResponsesUsage(msgspec.Struct):
    """Realtime and transcriptions say `input_token_details`, without the s."""

    input_tokens: Told = None
    output_tokens: Told = None
    total_tokens: Told = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None
    input_token_details: InputDetails | None = None
    output_token_details: OutputDetails | None = None
    service_tier: str | None = None


KINDS = ("audio", "image")
OF_USAGE = Counts(ResponsesUsage)
OF_INPUT = {name: Counts(InputDetails, f"{name}.") for name in ("input_tokens_details", "input_token_details")}
OF_CACHED = {name: Counts(CachedDetails, f"{name}.cached_tokens_details.") for name in OF_INPUT}
OF_OUTPUT = {name: Counts(OutputDetails, f"{name}.") for name in ("output_tokens_details", "output_token_details")}


def responses(usage: ResponsesUsage) -> Usage:
    """Reasoning is a part of the output, unless the total says otherwise."""
    told = OF_USAGE(usage)
    of_input = "input_token_details" if usage.input_tokens_details is None else "input_tokens_details"
    of_output = "output_token_details" if usage.output_tokens_details is None else "output_tokens_details"
    details: InputDetails | None = getattr(usage, of_input)
    inputs, outputs = OF_INPUT[of_input](details), OF_OUTPUT[of_output](getattr(usage, of_output))
    cached = OF_CACHED[of_input](details and details.cached_tokens_details)
    reasoning = outputs["reasoning_tokens"]
    sides = settled(told["total_tokens"], told["input_tokens"], told["output_tokens"], reasoning)
    cache = Cache(inputs["cached_tokens"], inputs["cache_write_tokens"], kinds={kind: cached[f"{kind}_tokens"] for kind in KINDS})
    return Usage(
        input_side(sides.input, cache, {kind: inputs[f"{kind}_tokens"] for kind in KINDS}),
        output_side(sides.output, reasoning, {kind: outputs[f"{kind}_tokens"] for kind in KINDS}),
        usage.service_tier,
    )

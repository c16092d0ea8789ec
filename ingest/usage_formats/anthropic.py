"""Messages of Anthropic, wherever they are served. `input_tokens` leaves out what was read from a cache and written to it.

https://docs.anthropic.com/en/api/messages. The counts of a stream are cumulative: its last block is the one to report.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Annotated

import msgspec

from domain.events import Quantity
from domain.limits import MAX_CATEGORIES_PER_SIDE
from ingest.usage_formats.counts import Counts, Part, Told, added, within
from ingest.usage_formats.sides import Cache, Usage, input_side, output_side, tokens, with_searches

MAX_MODEL_CHARACTERS = 200  # of a name that becomes a part of a category's


class CacheCreation(msgspec.Struct):
    ephemeral_5m_input_tokens: Told = None
    ephemeral_1h_input_tokens: Told = None


class OutputDetails(msgspec.Struct):
    thinking_tokens: Told = None


class ServerToolUse(msgspec.Struct):
    web_search_requests: Told = None


class Sampling(msgspec.Struct):
    input_tokens: Told = None
    output_tokens: Told = None
    cache_read_input_tokens: Told = None
    cache_creation_input_tokens: Told = None
    cache_creation: CacheCreation | None = None


class Iteration(Sampling):
    """One sampling of a request that took several. A model is told where it was another one."""

    model: Annotated[str, msgspec.Meta(max_length=MAX_MODEL_CHARACTERS)] | None = None


class AnthropicUsage(Sampling):
    output_tokens_details: OutputDetails | None = None
    server_tool_use: ServerToolUse | None = None
    iterations: Annotated[list[Iteration], msgspec.Meta(max_length=MAX_CATEGORIES_PER_SIDE)] | None = None
    service_tier: str | None = None


OF_USAGE = Counts(AnthropicUsage)
OF_CREATION = Counts(CacheCreation, "cache_creation.")
OF_OUTPUT = Counts(OutputDetails, "output_tokens_details.")
OF_TOOLS = Counts(ServerToolUse, "server_tool_use.")


def anthropic(usage: AnthropicUsage) -> Usage:
    """Iterations, where there are any, are what is billed: the counts at the top leave out compactions, and what another model did."""
    told = OF_USAGE(usage)
    if usage.iterations:
        input, answer, of_others = _together(usage.iterations)
    else:
        input, answer, of_others = _input(told, OF_CREATION(usage.cache_creation)), told["output_tokens"], []
    output = output_side(answer, OF_OUTPUT(usage.output_tokens_details)["thinking_tokens"])
    searches = OF_TOOLS(usage.server_tool_use)["web_search_requests"]
    return Usage(with_searches(input, searches), None if output is None else output + of_others, usage.service_tier)


def _input(told: dict[str, Part], lives: dict[str, Part]) -> list[Quantity] | None:
    short, long = lives["ephemeral_5m_input_tokens"], lives["ephemeral_1h_input_tokens"]
    read, written = told["cache_read_input_tokens"], told["cache_creation_input_tokens"]
    if written.number is None and not (short.number is None and long.number is None):
        written = Part(written.path, (short.number or 0) + (long.number or 0))
    within(written, short, long)
    for_minutes = Part(written.path, (written.number or 0) - (long.number or 0))  # what is not said to be for an hour
    return input_side(added(told["input_tokens"], read, written), Cache(read, for_minutes, long))


def _together(iterations: Sequence[Iteration]) -> tuple[list[Quantity] | None, Part, list[Quantity]]:
    """All that went in, what this model answered, and what others did. Unknown where that of one iteration is.

    What another model did has categories of its own, such as `prompt of claude-opus-4-8`: no price of this request's model fits it.
    """
    sides: list[list[Quantity] | None] = []
    answers: list[tuple[str | None, Part]] = []
    for i, each in enumerate(iterations):
        path = f"iterations[{i}]."
        told = Counts(Iteration, path)(each)
        side = _input(told, Counts(CacheCreation, f"{path}cache_creation.")(each.cache_creation))
        sides.append(side and [(_named(category, each.model), unit, count) for category, unit, count in side])
        answers.append((each.model, told["output_tokens"]))
    input, output = Counter[str](), Counter[str]()
    for category, _, count in chain(*(side or () for side in sides)):
        input[category] += count
    for model, part in answers:
        output[_named("completion", model)] += part.number or 0
    own = None if any(part.number is None for _, part in answers) else output.pop("completion", 0)
    return None if None in sides else tokens(input), Part("output_tokens", own), tokens(output)


def _named(category: str, model: str | None) -> str:
    return f"{category} of {model}" if model else category

"""Ollama's own API: `prompt_eval_count` and `eval_count`. Its endpoint for OpenAI's clients counts as OpenAI does.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

import msgspec

from ingest.usage_formats.counts import Counts, Told
from ingest.usage_formats.sides import Cache, Usage, input_side, output_side


class OllamaUsage(msgspec.Struct):
    prompt_eval_count: Told = None
    eval_count: Told = None


OF_USAGE = Counts(OllamaUsage)


def ollama(usage: OllamaUsage) -> Usage:
    """No details."""
    told = OF_USAGE(usage)
    return Usage(input_side(told["prompt_eval_count"], Cache()), output_side(told["eval_count"]))

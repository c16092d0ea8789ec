"""What the models and GPUs of the sample account cost: made up, and of the size that such prices have."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.notation import instant

INPUT, OUTPUT = ("input", "prompt"), ("output", "completion")
CACHED, REASONING = ("input", "cached"), ("output", "reasoning")
GPT_4O = {INPUT: "2.50", CACHED: "1.25", OUTPUT: "10.00"}
PER_MILLION_TOKENS = {
    ("gpt-4o", "openai"): GPT_4O,
    ("gpt-4o", "azure"): GPT_4O,
    ("gpt-4o-mini", "openai"): {INPUT: "0.15", CACHED: "0.075", OUTPUT: "0.60"},
    ("o4-mini", "openai"): {INPUT: "1.10", CACHED: "0.275", OUTPUT: "4.40", REASONING: "4.40"},
    ("claude-sonnet-4", "anthropic"): {INPUT: "3.00", CACHED: "0.30", OUTPUT: "15.00"},
    ("gemini-2.5-flash", "google"): {INPUT: "0.30", CACHED: "0.075", OUTPUT: "2.50"},
    ("mistral-large", "mistral"): {INPUT: "2.00", OUTPUT: "6.00"},
    ("llama-3.3-70b", "groq"): {INPUT: "0.59", OUTPUT: "0.79"},
    ("text-embedding-3-large", "openai"): {INPUT: "0.13"},
}
PER_GPU_HOUR = (("H100", 0, "3.20"), ("A100", 0, "1.90"), ("L4", 0, "0.60"), ("A100", 63, "1.75"))
"""Types, and from which day on they cost what."""


def prices(first: datetime) -> Iterator[dict[str, Any]]:
    """Those in force from the day `first`, and a GPU that becomes cheaper."""
    for (model, provider), of_model in PER_MILLION_TOKENS.items():
        for (direction, category), price in of_model.items():
            kind = {"model": model, "provider": provider, "direction": direction, "category": category}
            named = f"{model} {provider} {category}"
            yield _set("price.set", named, first, first, {**kind, "unit_price": f"{Decimal(price) / 1_000_000:f}"})
    for gpu_type, day, price in PER_GPU_HOUR:
        yield _set("gpu_price.set", gpu_type, first, first + timedelta(days=day), {"gpu_type": gpu_type, "unit_price": price})


def _set(type: str, name: str, first: datetime, since: datetime, data: dict[str, Any]) -> dict[str, Any]:
    event = {"specversion": "1.0", "type": type, "source": "sample/prices", "id": f"{name} {instant(since)}", "time": instant(first)}
    return {**event, "data": {**data, "effective_from": instant(since)}}

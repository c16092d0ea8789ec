"""What the models and GPUs of the sample account cost: made up, and of the size that such prices have."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.notation import instant

INPUT, OUTPUT = ("input", "prompt"), ("output", "completion")
CACHED, REASONING = ("input", "cached"), ("output", "reasoning")
PER_MILLION_TOKENS = {
    ("gpt-4o", "openai"): {INPUT: "2.50", CACHED: "1.25", OUTPUT: "10.00"},
    ("gpt-4o-mini", "openai"): {INPUT: "0.15", CACHED: "0.075", OUTPUT: "0.60"},
    ("o4-mini", "openai"): {INPUT: "1.10", CACHED: "0.275", OUTPUT: "4.40", REASONING: "4.40"},
    ("claude-sonnet-4", "anthropic"): {INPUT: "3.00", CACHED: "0.30", OUTPUT: "15.00"},
    ("llama-3.3-70b", "meta"): {INPUT: "0.59", OUTPUT: "0.79"},
    ("text-embedding-3-large", "openai"): {INPUT: "0.13"},
}
PER_GPU_HOUR = {"H100": "3.20", "A100": "1.90", "L4": "0.75"}


def prices(first: datetime) -> Iterator[dict[str, Any]]:
    """Those of tokens are in force from the day `first`, those of GPUs from when they are recorded."""
    since = instant(first)
    for (model, provider), of_model in PER_MILLION_TOKENS.items():
        for (direction, category), price in of_model.items():
            kind = {"model": model, "provider": provider, "direction": direction, "category": category}
            yield _set("price.set", f"{model} {category} {since}", since, {**kind, "unit_price": f"{Decimal(price) / 1_000_000:f}"})
    for gpu_type, price in PER_GPU_HOUR.items():
        yield _set("gpu_price.set", f"{gpu_type} {since}", since, {"gpu_type": gpu_type, "unit_price": price})


def _set(type: str, id: str, since: str, data: dict[str, Any]) -> dict[str, Any]:
    event = {"specversion": "1.0", "type": type, "source": "sample/prices", "id": id, "time": since}
    return {**event, "data": {**data, "effective_from": since}}

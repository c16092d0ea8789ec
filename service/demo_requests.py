"""What the sample account asks of models: a month of requests through the router, and how one request comes out."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.notation import instant

DAYS = 31
REQUESTS_PER_DAY = 700
SEED = 20260421

Told = tuple[datetime, dict[str, Any]]
"""A CloudEvent, and when it happened."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as this account uses it. Latency grows with what is generated."""

    name: str
    version: str | None
    provider: str | None
    technology: str
    request_type: str
    weight: int
    prompt_tokens: int
    completion_tokens: int
    milliseconds_per_token: float
    reasons: bool = False
    caches: bool = False


MODELS = (
    Model("gpt-4o", "2024-08-06", "openai", "LLM", "chat", 30, 900, 220, 9.0, caches=True),
    Model("gpt-4o-mini", "2024-07-18", "openai", "LLM", "chat", 26, 600, 150, 6.0, caches=True),
    Model("o4-mini", "2025-04-16", "openai", "LLM", "chat", 8, 1200, 300, 8.0, reasons=True, caches=True),
    Model("claude-sonnet-4", "20250514", "anthropic", "LLM", "chat", 18, 2400, 380, 12.0, caches=True),
    Model("llama-3.3-70b", None, "meta", "LLM", "chat", 10, 700, 180, 7.0),
    Model("text-embedding-3-large", None, "openai", "Embedding", "embedding", 8, 400, 0, 0.0),
)
API_KEYS = (("key-web", "web-app"), ("key-support", "support-bot"), ("key-batch", "nightly-batch"), ("key-dev", "developers"))
FAILURES = (
    (429, "Rate limit reached: try again in 20 s"),
    (500, "The upstream provider failed"),
    (400, "The prompt is longer than the context window"),
)
FAILURE_SHARE = 0.015


def router_requests(first: datetime) -> Iterator[Told]:
    """Of the month that begins with the day `first`, in the order of their time. The same day gives the same requests."""
    chance = random.Random(SEED)  # noqa: S311 - sample data
    number = 0
    for day in range(DAYS):
        for time in busy(chance, first + timedelta(days=day), REQUESTS_PER_DAY):
            number += 1
            model = chance.choices(MODELS, [each.weight for each in MODELS])[0]
            yield time, cloudevent("sample/router", number, time, outcome(chance, model, time))


def busy(chance: random.Random, date: datetime, typical: int) -> list[datetime]:
    """When there are requests on that day, in order: fewer at weekends."""
    weekend = 0.45 if date.weekday() >= 5 else 1.0
    number = int(typical * weekend * chance.uniform(0.85, 1.2))
    return sorted(date + timedelta(seconds=_second_of_day(chance)) for _ in range(number))


def _second_of_day(chance: random.Random) -> float:
    """Most of the work is done between 8:00 and 18:00."""
    hour = chance.gauss(13.0, 3.2) if chance.random() < 0.85 else chance.uniform(0, 24)
    return (hour % 24) * 3600


def cloudevent(source: str, number: int, time: datetime, data: dict[str, Any]) -> dict[str, Any]:
    """A request of the account, as its reporter tells it."""
    return {
        "specversion": "1.0",
        "type": "request.completed",
        "source": source,
        "id": f"{time:%Y%m%d}-{number:06}",
        "time": instant(time.replace(microsecond=time.microsecond // 1000 * 1000)),
        "data": data,
    }


def outcome(chance: random.Random, model: Model, time: datetime) -> dict[str, Any]:
    """Of which model a request was, with which key, and how it went."""
    key, name = API_KEYS[2] if time.hour < 5 else chance.choices(API_KEYS, (50, 25, 5, 20))[0]
    return {
        "request_type": model.request_type,
        "model": model.name,
        "model_version": model.version,
        "provider": model.provider,
        "technology": model.technology,
        "api_key": {"id": key, "name": name},
        **(_failure(chance) if chance.random() < FAILURE_SHARE else _success(chance, model)),
    }


def _failure(chance: random.Random) -> dict[str, Any]:
    status, message = chance.choices(FAILURES, (60, 25, 15))[0]
    nothing = {"input": [], "output": []}  # known to be none, and so the fee is known, too
    return {"status_code": status, "error_message": message, "latency_ms": round(chance.uniform(20, 400), 1), **nothing}


def _success(chance: random.Random, model: Model) -> dict[str, Any]:
    prompt = _lengths(chance, model.prompt_tokens)
    cached = prompt // 128 * 128 * chance.randint(0, 3) // 4 if model.caches else 0
    completion = _lengths(chance, model.completion_tokens) if model.completion_tokens else 0
    reasoning = _lengths(chance, 600) if model.reasons else 0
    first_token = chance.lognormvariate(math.log(260), 0.35)
    latency = first_token + (completion + reasoning) * model.milliseconds_per_token * chance.uniform(0.8, 1.3)
    return {
        "status_code": 200,
        "input": [_quantity("prompt", prompt - cached), *([_quantity("cached", cached)] if model.caches else [])],
        "output": [
            *([_quantity("completion", completion)] if completion else []),
            *([_quantity("reasoning", reasoning)] if reasoning else []),
        ],
        "ttft_ms": round(first_token, 1) if completion else None,
        "latency_ms": round(latency, 1),
        "gateway_latency_ms": round(chance.uniform(1.5, 9.0), 1),
    }


def _lengths(chance: random.Random, typical: int) -> int:
    return max(1, round(chance.lognormvariate(math.log(typical), 0.7)))


def _quantity(category: str, quantity: int) -> dict[str, Any]:
    return {"category": category, "quantity": quantity}

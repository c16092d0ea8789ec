"""What the sample account asks of models: three months of requests through the router, and how one request comes out."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.notation import instant

DAYS = 92  # so that this month, the last one and the one before it are all there to be compared
REQUESTS_PER_DAY = 240  # at the end: the account has grown
SHARE_AT_FIRST = 0.6  # of what it asks at the end
SEED = 20260421

Told = tuple[datetime, dict[str, Any]]
"""A CloudEvent, and when it happened."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as this account uses it, and on which days. Latency grows with what is generated."""

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
    begins: int = 0
    ends: int = DAYS


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, and on which days it is used."""

    id: str
    name: str
    weight: int
    begins: int = 0
    ends: int = DAYS


MODELS = (
    Model("gpt-4o", "2024-08-06", "openai", "LLM", "chat", 24, 20000, 1000, 6.0, caches=True),
    Model("gpt-4o", "2024-08-06", "azure", "LLM", "chat", 10, 20000, 1000, 5.5, caches=True, begins=38),
    Model("gpt-4o-mini", "2024-07-18", "openai", "LLM", "chat", 24, 8000, 400, 4.5, caches=True),
    Model("o4-mini", "2025-04-16", "openai", "LLM", "chat", 8, 12000, 900, 5.0, reasons=True, caches=True),
    Model("claude-sonnet-4", "20250514", "anthropic", "LLM", "chat", 24, 40000, 1800, 8.0, caches=True),
    Model("gemini-2.5-flash", None, "google", "LLM", "chat", 14, 20000, 800, 3.5, caches=True, begins=48),
    Model("mistral-large", "2411", "mistral", "LLM", "chat", 9, 9000, 700, 7.0, ends=57),
    Model("llama-3.3-70b", None, "groq", "LLM", "chat", 8, 5000, 400, 2.5),
    Model("text-embedding-3-large", None, "openai", "Embedding", "embedding", 8, 700, 0, 0.0),
)
NIGHTLY = ApiKey("key-batch", "nightly-batch", 5)
API_KEYS = (
    ApiKey("key-web", "web-app", 50),
    ApiKey("key-support", "support-bot", 25),
    NIGHTLY,
    ApiKey("key-dev", "developers", 20),
    ApiKey("key-mobile", "mobile-app", 22, begins=50),
    ApiKey("key-pilot", "pilot", 12, ends=54),
)
FAILURES = (
    (429, "Rate limit reached: try again in 20 s"),
    (500, "The upstream provider failed"),
    (400, "The prompt is longer than the context window"),
)
FAILURE_SHARE = 0.015
OUTAGE = ("anthropic", timedelta(days=79, hours=9), timedelta(days=79, hours=12), (503, "The provider is overloaded"))
OUTAGE_SHARE = 0.6
ESTIMATED_SHARE = 0.004  # of streams that broke off before their usage was told


def router_requests(first: datetime) -> Iterator[Told]:
    """Of the time that begins with the day `first`, in the order of their time. The same day gives the same requests."""
    chance = random.Random(SEED)  # noqa: S311 - sample data
    number = 0
    for day in range(DAYS):
        models = [each for each in MODELS if each.begins <= day < each.ends]
        weights = [each.weight for each in models]
        for time in busy(chance, first, day, REQUESTS_PER_DAY):
            number += 1
            model = chance.choices(models, weights)[0]
            data = outcome(chance, model, time, day, failing=_is_out(model, time - first) and chance.random() < OUTAGE_SHARE)
            yield time, cloudevent("sample/router", number, time, data)


def _is_out(model: Model, since: timedelta) -> bool:
    provider, start, end, _ = OUTAGE
    return model.provider == provider and start <= since < end


def busy(chance: random.Random, first: datetime, day: int, typical: int) -> list[datetime]:
    """When there are requests on that day, in order: more every day, and fewer at weekends."""
    date = first + timedelta(days=day)
    weekend = 0.45 if date.weekday() >= 5 else 1.0
    grown = SHARE_AT_FIRST + (1 - SHARE_AT_FIRST) * day / DAYS
    number = int(typical * grown * weekend * chance.uniform(0.85, 1.2))
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
        "time": written(time),
        "data": data,
    }


def written(time: datetime) -> str:
    """An instant, to the millisecond."""
    return instant(time.replace(microsecond=time.microsecond // 1000 * 1000))


def outcome(chance: random.Random, model: Model, time: datetime, day: int, *, failing: bool = False) -> dict[str, Any]:
    """Of which model a request was, with which key, and how it went."""
    keys = [each for each in API_KEYS if each.begins <= day < each.ends]
    key = NIGHTLY if time.hour < 5 else chance.choices(keys, [each.weight for each in keys])[0]
    return {
        "request_type": model.request_type,
        "model": model.name,
        "model_version": model.version,
        "provider": model.provider,
        "technology": model.technology,
        "api_key": {"id": key.id, "name": key.name},
        **(_failure(chance, failing=failing) if failing or chance.random() < FAILURE_SHARE else _success(chance, model)),
    }


def _failure(chance: random.Random, *, failing: bool) -> dict[str, Any]:
    status, message = OUTAGE[3] if failing else chance.choices(FAILURES, (60, 25, 15))[0]
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
        **({"usage_source": "estimated"} if completion and chance.random() < ESTIMATED_SHARE else {}),
    }


def _lengths(chance: random.Random, typical: int) -> int:
    return max(1, round(chance.lognormvariate(math.log(typical), 0.7)))


def _quantity(category: str, quantity: int) -> dict[str, Any]:
    return {"category": category, "quantity": quantity}

"""A service whose account has used a little of everything: four days of requests that differ in every field, or do not have it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from service.throwaway_postgres import throwaway_folder
from tests.service.running import Command, commands

FIRST, DAYS, REQUESTS, VOIDED = datetime(2026, 4, 6, tzinfo=UTC), 4, 110, 5
BEGUN, ENDED = "of the last two days", "of the first two days"  # models
MODELS = ("alpha", "beta", "gamma")
KEYS = {"key-1": "web app", "key-2": "support", "key-3": "nightly"}
PRICES = (("prompt", "input", "0.0000025"), ("cached", "input", "0.00000125"), ("completion", "output", "0.00001"))
FAILURES = {429: "Rate limit reached", 500: "The upstream provider failed", None: "connection reset by peer"}


def instant(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def days(first: int = 0, last: int = DAYS) -> dict[str, str]:
    """The range of these days."""
    return {"from": instant(FIRST + timedelta(days=first)), "to": instant(FIRST + timedelta(days=last))}


@contextmanager
def varied(*more: bytes) -> Iterator[Command]:
    """The service. Who asks for `told("acme")` has the token of its account; `more` is reported, too."""
    with throwaway_folder() as folder, commands(folder, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        served = found.serve()
        for lines in ([*prices()], [*lives(), *requests(), *voidings(), *more]):  # prices are of requests that are recorded after them
            receipt = served.report(lines)
            assert (receipt["recorded"], receipt["rejected"]) == (len(lines), [])
        served.requests(receipt)  # waits until they are counted
        scopes = ("--scope", "read", "--scope", "billing")
        (folder / "acme").write_text(found.run("tokens", "create", *scopes, "--account", "acme").output.strip())
        served.folder = folder
        yield served


def token(served: Command) -> str:
    return (served.folder / "acme").read_text()


def event(type: str, id: str, time: datetime, data: dict[str, Any], account: str | None = "acme") -> bytes:
    told = {"specversion": "1.0", "type": type, "source": "varied", "id": id, "time": instant(time), "data": data}
    return json.dumps(told if account is None else told | {"subject": account}).encode()


def prices() -> Iterator[bytes]:
    """Of all models but one."""
    for model in (*MODELS[:2], BEGUN, ENDED):
        for category, direction, price in PRICES:
            told = {"model": model, "direction": direction, "category": category, "unit_price": price}
            yield event("price.set", f"{model} {category}", FIRST, told | {"effective_from": instant(FIRST)}, account=None)


def lives() -> Iterator[bytes]:
    """Three deployments that run."""
    for i, name in enumerate(("chat", "search", "draft")):
        told = {"deployment": f"{name}-prod", "name": name, "model": "alpha", "gpus": i + 1}
        yield event("deployment.created", f"{name} created", FIRST, told)
        yield event("deployment.started", f"{name} started", FIRST + timedelta(hours=i), {"deployment": f"{name}-prod"})


def time_of(i: int) -> datetime:
    return FIRST + timedelta(days=DAYS) * i / REQUESTS


def requests() -> Iterator[bytes]:
    chance = Random(7)
    for i in range(REQUESTS):
        models = (*MODELS, ENDED if i < REQUESTS / 2 else BEGUN)
        key = chance.choice([None, *KEYS])
        deployment = chance.choice([None, None, None, None, "chat-prod", "search-prod"])
        data: dict[str, Any] = {
            "request_id": f"request {i}",
            "request_type": chance.choice([None, "chat", "embedding"]),
            "model": chance.choice(models),
            "model_version": chance.choice([None, "2026-01", "2026-02"]),
            "provider": chance.choice([None, "north", "south"]),
            "technology": chance.choice([None, "LLM", "Embedding"]),
            "api_key": key and {"id": key, "name": KEYS[key]},
            "latency_ms": chance.uniform(10, 4000),
            "ttft_ms": chance.uniform(1, 10),
            "gateway_latency_ms": chance.uniform(1, 9),
            "input": [{"category": "prompt", "quantity": chance.randint(1, 900)}],
            "output": [{"category": "completion", "quantity": chance.randint(1, 900)}],
        }
        if i % 3 == 0:
            data["input"].append({"category": "cached", "quantity": chance.randint(1, 900)})
        if deployment is not None:
            data |= {"channel": "deployment", "deployment": deployment}
        data["status_code"] = chance.choice([200, 200, 200, *FAILURES])
        if data["status_code"] != 200:
            data["error_message"] = FAILURES[data["status_code"]]
        yield event("request.completed", f"{i}", time_of(i), data)


def voidings() -> Iterator[bytes]:
    for i in range(VOIDED):
        of = {"source": "varied", "id": f"{i}", "time": instant(time_of(i))}
        yield event("request.voided", f"voiding of {i}", time_of(i), {"of": of, "version": 1, "reason": "a test"})

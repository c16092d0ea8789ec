"""What the sample account's finance people put right: a request that was counted twice, and one that is not to be paid."""

import random
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from service.demo_requests import SEED, Told, written

SOURCE = "sample/finance"
LATER = timedelta(hours=26)  # all of them, so that they stay in the order of their requests
CORRECTED_SHARE, VOIDED_SHARE = 0.0012, 0.0006


def amended(requests: Iterable[Told]) -> Iterator[Told]:
    """The same, and of a few of them what became of them a day later, in the order of their time."""
    chance = random.Random(f"{SEED} finance")  # noqa: S311 - sample data
    waiting: deque[Told] = deque()
    for time, event in requests:
        while waiting and waiting[0][0] <= time:
            yield waiting.popleft()
        yield time, event
        drawn = chance.random()
        if drawn < CORRECTED_SHARE + VOIDED_SHARE and event["data"]["status_code"] == 200:
            waiting.append((time + LATER, _voided(event, time + LATER) if drawn < VOIDED_SHARE else _corrected(event, time + LATER)))
    yield from waiting


def _corrected(event: dict[str, Any], time: datetime) -> dict[str, Any]:
    halved = [{**each, "quantity": each["quantity"] // 2} for each in event["data"]["input"]]
    return _amendment("request.corrected", event, time, {"input": halved, "reason": "The provider counted the prompt twice"})


def _voided(event: dict[str, Any], time: datetime) -> dict[str, Any]:
    return _amendment("request.voided", event, time, {"reason": "A load test of the platform, not to be billed"})


def _amendment(type: str, event: dict[str, Any], time: datetime, data: dict[str, Any]) -> dict[str, Any]:
    of = {name: event[name] for name in ("source", "id", "time")}
    envelope = {"specversion": "1.0", "type": type, "source": SOURCE, "id": f"{event['source']} {event['id']}", "time": written(time)}
    return {**envelope, "data": {"of": of, "version": 1, **data}}

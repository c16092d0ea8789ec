"""Events as they are written outside: CloudEvents 1.0, in the fields of docs/events.md. What is unknown is left out."""

from datetime import datetime
from typing import Any

import msgspec

from domain.events import Quantity, RequestCompleted, UsageEvent

NANOSECONDS_PER_MILLISECOND = 1_000_000


def cloudevent(event: UsageEvent) -> dict[str, Any]:
    """The whole event. One that said more than we know is given back as it came."""
    original = getattr(event, "original", None)
    if original is not None:
        return {**msgspec.json.decode(original), "subject": event.account}
    assert isinstance(event, RequestCompleted)
    return {
        "specversion": "1.0",
        "type": event.TOPIC,
        "source": event.source,
        "id": event.id,
        "subject": event.account,
        "time": instant(event.time),
        "data": {name: value for name, value in _request(event).items() if value is not None},
    }


def instant(time: datetime) -> str:
    """RFC 3339 in UTC, with microseconds where there are any."""
    return time.isoformat().removesuffix("+00:00") + "Z"


def _request(event: RequestCompleted) -> dict[str, Any]:
    return {
        "request_type": event.request_type,
        "request_id": event.request_id,
        "model": event.model,
        "model_version": event.model_version,
        "provider": event.provider,
        "technology": event.technology,
        "service_tier": event.service_tier,
        "channel": event.channel,
        "deployment": event.deployment,
        "api_key": _api_key(event),
        "input": _quantities(event.input),
        "output": _quantities(event.output),
        "ttft_ms": _milliseconds(event.ttft_ns),
        "latency_ms": _milliseconds(event.latency_ns),
        "gateway_latency_ms": _milliseconds(event.gateway_latency_ns),
        "status_code": event.status_code,
        "error_message": event.error_message,
        "usage_source": event.usage_source,
        "reported_cost": event.reported_cost,
    }


def _api_key(event: RequestCompleted) -> dict[str, str] | None:
    if event.api_key is None:
        return None
    return {"id": event.api_key} if event.api_key_name is None else {"id": event.api_key, "name": event.api_key_name}


def _quantities(quantities: tuple[Quantity, ...] | None) -> list[dict[str, Any]] | None:
    if quantities is None:
        return None
    return [{"category": category, "quantity": quantity, "unit": unit} for category, unit, quantity in quantities]


def _milliseconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / NANOSECONDS_PER_MILLISECOND

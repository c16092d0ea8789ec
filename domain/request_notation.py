"""The fields of a request as they are written outside, whole or as far as a correction changes them."""

from collections.abc import Iterable, Sequence
from typing import Any

from domain.corrections import RequestCorrected
from domain.events import Quantity, RequestCompleted
from domain.limits import NANOSECONDS_PER_MILLISECOND

SIDES = ("input", "output")
DURATIONS = ("ttft", "latency", "gateway_latency")


def fields(event: RequestCompleted) -> dict[str, Any]:
    """All of a request; null is unknown."""
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
        "api_key": _api_key(event.api_key, event.api_key_name),
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


def changes(event: RequestCorrected) -> dict[str, Any]:
    """What a correction changes; null makes unknown."""
    told = dict(event.changes)
    for side in SIDES:
        if side in told:
            told[side] = _quantities(told[side])
    for duration in DURATIONS:
        if f"{duration}_ns" in told:
            told[f"{duration}_ms"] = _milliseconds(told.pop(f"{duration}_ns"))
    if "api_key" in told:
        told["api_key"] = _api_key(told["api_key"], told.pop("api_key_name", None))
    return told


def _api_key(id: str | None, name: str | None) -> dict[str, str] | None:
    if id is None:
        return None
    return {"id": id} if name is None else {"id": id, "name": name}


def _quantities(quantities: Iterable[Quantity | Sequence[Any]] | None) -> list[dict[str, Any]] | None:
    if quantities is None:
        return None
    return [{"category": category, "quantity": quantity, "unit": unit} for category, unit, quantity in quantities]


def _milliseconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / NANOSECONDS_PER_MILLISECOND

"""Events as they are written outside: CloudEvents 1.0, in the fields of docs/events.md. What is unknown is left out."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from domain import request_notation
from domain.corrections import RequestChange, RequestCorrected, RequestVoided
from domain.deployment_events import MICRO, DeploymentEvent
from domain.event_types import EVENT_TYPES
from domain.events import EPOCH, MICROSECOND, RequestCompleted, UsageEvent
from domain.price_events import GpuPriceSet, PlatformEvent, PriceSet, RatingRenewed

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)  # an instant as it is told


def cloudevent(event: UsageEvent) -> dict[str, Any]:
    """The whole event. One that said more than we know is given back as it came."""
    original = getattr(event, "original", None)
    if original is not None:
        told = msgspec.json.decode(original)
        return told if isinstance(event, PlatformEvent) else {**told, "subject": event.account}
    subject = event.of_account if isinstance(event, RatingRenewed) else event.account
    return {
        "specversion": "1.0",
        "type": event.TOPIC,
        "source": event.source,
        "id": event.id,
        **({"subject": subject} if subject else {}),
        "time": instant(event.time),
        "data": DATA[type(event)](event),
    }


def amount(value: Decimal) -> str:
    """The shortest text, without an exponent: equal amounts are equal texts."""
    text = str(value)
    if "E" in text:
        text = f"{value:f}"
    if text.endswith("0") and "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def instant(time: datetime) -> str:
    """RFC 3339 in UTC, with microseconds where there are any."""
    return time.isoformat().removesuffix("+00:00") + "Z"


def zoned(time: datetime) -> str:
    """RFC 3339 with the offset that the clocks of its zone have then: an hour that they repeat is two. Z where there is none."""
    return time.isoformat().replace("+00:00", "Z")


def _request(event: RequestCompleted) -> dict[str, Any]:
    return _known(request_notation.fields(event))


def _correction(event: RequestCorrected) -> dict[str, Any]:
    return {**_change(event), **request_notation.changes(event)}  # nulls stay: they make a field unknown


def _change(event: RequestChange) -> dict[str, Any]:
    of = {"source": event.of_source, "id": event.of_id, "time": _instant(event.of_time)}
    return {"of": of, "version": event.version, "reason": event.reason}


def _deployment(event: DeploymentEvent) -> dict[str, Any]:
    return _known(
        {
            "deployment": event.deployment,
            "name": event.name,
            "kind": event.kind,
            "model": event.model,
            "gpu_type": event.gpu_type,
            "gpus": _gpus(event.gpus),
            "error_message": event.error_message,
        }
    )


def _price(event: PriceSet) -> dict[str, Any]:
    return _known(
        {
            "model": event.model,
            "provider": event.provider,
            "direction": event.direction,
            "category": event.category,
            "unit": event.unit,
            "unit_price": event.unit_price,
            "effective_from": _instant(event.effective_from),
            "above_prompt_tokens": event.above_prompt_tokens,
            "service_tier": event.service_tier,
            "sheet": event.sheet,
        }
    )


def _gpu_price(event: GpuPriceSet) -> dict[str, Any]:
    return {"gpu_type": event.gpu_type, "unit_price": event.unit_price, "effective_from": _instant(event.effective_from)}


def _renewal(event: RatingRenewed) -> dict[str, Any]:
    range = {"from": _instant(event.start), "to": _instant(event.end)}
    return _known({"range": range, "models": None if event.models is None else [*event.models], "reason": event.reason})


DATA: dict[type[UsageEvent], Callable[[Any], dict[str, Any]]] = {
    **{each: _deployment for each in EVENT_TYPES.values() if issubclass(each, DeploymentEvent)},
    RequestCompleted: _request,
    RequestCorrected: _correction,
    RequestVoided: _change,
    PriceSet: _price,
    GpuPriceSet: _gpu_price,
    RatingRenewed: _renewal,
}


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _instant(microseconds: int) -> str:
    return instant(EPOCH + microseconds * MICROSECOND)


def _gpus(micro: int | None) -> float | None:
    """A JSON number; whole where it is. Of its six digits behind the point none is lost: there are at most twelve in all."""
    if micro is None:
        return None
    return micro / MICRO if micro % MICRO else micro // MICRO

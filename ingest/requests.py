"""Requests, and what is said of them later, become events of the domain."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import astuple

from domain.corrections import RequestCorrected, RequestVoided
from domain.events import RequestCompleted
from ingest.checks import LATEST, cost, instant, message, nanoseconds, quantities
from ingest.outcomes import UnacceptableError
from ingest.reports import (
    ReportedApiKey,
    ReportedCorrection,
    ReportedName,
    ReportedQuantity,
    RequestCompletedReport,
    RequestCorrectedReport,
    RequestVoidedReport,
)


def request_completed(report: RequestCompletedReport, account: str, occurred_at: int, original: bytes | None) -> RequestCompleted:
    """A request, whole. Raises UnacceptableError."""
    (
        model, request_id, request_type, model_version, provider, technology, service_tier, channel, deployment, key, input, output,
        ttft_ms, latency_ms, gateway_latency_ms, status_code, error_message, usage_source, reported_cost, *_,
    ) = astuple(report.data)  # fmt: skip
    if channel == "deployment" and not deployment:
        raise _no_deployment()
    return RequestCompleted(  # by position, in the order of its fields: seven times as fast as by name
        account,
        report.source,
        report.id,
        occurred_at,
        model,
        request_id or None,  # an empty text says nothing: unknown
        request_type or None,
        model_version or None,
        provider or None,
        technology or None,
        service_tier or None,
        channel or "router",
        deployment or None,
        key.id if key else None,
        (key.name or None) if key else None,
        quantities(input, "data.input"),
        quantities(output, "data.output"),
        None if ttft_ms is None else nanoseconds(ttft_ms),
        None if latency_ms is None else nanoseconds(latency_ms),
        None if gateway_latency_ms is None else nanoseconds(gateway_latency_ms),
        status_code,
        message(error_message) if error_message else None,
        usage_source or "reported",
        cost(reported_cost) if reported_cost else None,
        original,
    )


def request_corrected(report: RequestCorrectedReport, account: str, occurred_at: int, original: bytes | None) -> RequestCorrected:
    """A correction, whichever request it is of: that one may be reported later. Raises UnacceptableError."""
    data = report.data
    if data.usage is not UNSET:
        raise UnacceptableError("data.usage", "is not for corrections: give input and output, by category")
    changes = _changes(data)
    if not changes:
        raise UnacceptableError("data", "changes nothing: give the fields that change, a null for what is unknown")
    if changes.get("channel") == "deployment" and not changes.get("deployment"):
        raise _no_deployment()
    if "deployment" in changes and not changes["deployment"] and changes.get("channel") != "router":
        raise UnacceptableError("data.deployment", "can be made unknown only together with the channel router")
    changes = dict(sorted(changes.items()))
    return RequestCorrected(account, report.source, report.id, occurred_at, *_of(data.of), data.version, data.reason, changes, original)


def request_voided(report: RequestVoidedReport, account: str, occurred_at: int, original: bytes | None) -> RequestVoided:
    """A voiding, whichever request it is of: that one may be reported later. Raises UnacceptableError."""
    data = report.data
    return RequestVoided(account, report.source, report.id, occurred_at, *_of(data.of), data.version, data.reason, original)


def _no_deployment() -> UnacceptableError:
    return UnacceptableError("data.deployment", "is required where channel is deployment: give the deployment's key")


def _of(name: ReportedName) -> tuple[str, str, int]:
    return name.source, name.id, instant(name.time, LATEST, "data.of.time")


def _changes(data: ReportedCorrection) -> dict[str, Any]:
    """New values by the name of the event's field; null makes one unknown, or what it is by default."""
    told = {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET and name in FIELDS}
    return {name: value for reported, given in told.items() for name, value in FIELDS[reported](reported, given)}


Changed = Iterator[tuple[str, Any]]


def _plain(name: str, value: Any) -> Changed:
    yield name, value


def _text(name: str, text: str | None) -> Changed:
    yield name, text or None


def _default(name: str, value: str | None) -> Changed:
    yield name, value or {"channel": "router", "usage_source": "reported"}[name]


def _duration(name: str, milliseconds: float | None) -> Changed:
    yield name.removesuffix("_ms") + "_ns", nanoseconds(milliseconds)


def _side(name: str, reported: Sequence[ReportedQuantity] | None) -> Changed:
    yield name, quantities(reported, f"data.{name}")


def _api_key(name: str, key: ReportedApiKey | None) -> Changed:
    yield name, key.id if key else None
    yield f"{name}_name", (key.name or None) if key else None


def _message(name: str, text: str | None) -> Changed:
    yield name, message(text)


def _cost(name: str, text: str | None) -> Changed:
    yield name, cost(text) if text else None


FIELDS: dict[str, Callable[[str, Any], Changed]] = {
    **dict.fromkeys(("model", "status_code"), _plain),
    **dict.fromkeys(("request_id", "request_type", "model_version", "provider", "technology", "service_tier", "deployment"), _text),
    **dict.fromkeys(("channel", "usage_source"), _default),
    **dict.fromkeys(("ttft_ms", "latency_ms", "gateway_latency_ms"), _duration),
    **dict.fromkeys(("input", "output"), _side),
    "api_key": _api_key,
    "error_message": _message,
    "reported_cost": _cost,
}

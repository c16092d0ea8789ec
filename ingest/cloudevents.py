"""CloudEvents 1.0 in JSON become events of the domain. Compiled code parses and checks; the rules it cannot say are below.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import re
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec

from domain import limits
from domain.event_types import EVENT_TYPES
from domain.events import Quantity, RequestCompleted, UsageEvent, microseconds
from ingest.outcomes import Sender, UnacceptableError

Name = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=limits.MAX_QUANTITY)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=limits.MAX_DURATION_MS)]
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class ReportedQuantity(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    category: Name
    quantity: Count
    unit: Name = "token"


class ReportedApiKey(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: Name
    name: str | None = None


Quantities = Annotated[list[ReportedQuantity], msgspec.Meta(max_length=limits.MAX_CATEGORIES_PER_SIDE)]


class ReportedRequest(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """`data` of a request.completed."""

    model: Name
    request_id: str | None = None
    request_type: str | None = None
    model_version: str | None = None
    provider: str | None = None
    technology: str | None = None
    service_tier: str | None = None
    channel: Literal["router", "deployment"] | None = None
    deployment: str | None = None
    api_key: ReportedApiKey | None = None
    input: Quantities | None = None
    output: Quantities | None = None
    ttft_ms: Milliseconds | None = None
    latency_ms: Milliseconds | None = None
    gateway_latency_ms: Milliseconds | None = None
    status_code: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    error_message: str | None = None
    usage_source: Literal["reported", "estimated", "none"] | None = None
    reported_cost: Annotated[str, msgspec.Meta(max_length=limits.MAX_COST_CHARACTERS)] | None = None


class RequestCompletedReport(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    specversion: Literal["1.0"]
    type: Literal["request.completed"]  # not msgspec's tag, which may be left out where it has one value
    source: Name
    id: Name
    time: str
    data: ReportedRequest
    subject: str | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None


DECODER = msgspec.json.Decoder(RequestCompletedReport)
NO_SUCH = "Invalid enum value "
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([Ee][+-]?\d{1,3})?", re.ASCII)
EARLIEST = microseconds(limits.EARLIEST_TIME)


def parse(line: bytes, sender: Sender, latest: int) -> UsageEvent:
    """The event that `line`, one CloudEvent in JSON, reports.

    `latest` is the last acceptable time, in microseconds since 1970. Raises UnacceptableError with the field and the reason.
    """
    if len(line) > limits.MAX_EVENT_BYTES:
        raise UnacceptableError(None, f"is larger than {limits.MAX_EVENT_BYTES} bytes (MAX_EVENT_BYTES)")
    report, original = _decode(line)
    if len(line) > limits.MAX_STRING_BYTES or b"\\u0000" in line:  # else no string can be too long or hold a NUL
        _check_strings(msgspec.to_builtins(report), "")
    account = report.subject or sender.account
    if account is None:
        raise UnacceptableError("subject", "is missing: name the account, or use a token that belongs to one")
    if sender.account is not None and account != sender.account:
        raise UnacceptableError("subject", f"must be {sender.account!r}, the account of the token, or absent")
    data = report.data
    channel = data.channel or "router"
    if channel == "deployment" and not data.deployment:
        raise UnacceptableError("data.deployment", "is required where channel is deployment: give the deployment's key")
    key = data.api_key
    return RequestCompleted(  # by position, in the order of its fields: seven times as fast as by name
        account,
        report.source,
        report.id,
        _time(report.time, latest),
        data.model,
        data.request_id or None,  # an empty text says nothing: unknown
        data.request_type or None,
        data.model_version or None,
        data.provider or None,
        data.technology or None,
        data.service_tier or None,
        channel,
        data.deployment or None,
        key.id if key else None,
        (key.name or None) if key else None,
        _quantities(data.input, "data.input"),
        _quantities(data.output, "data.output"),
        _nanoseconds(data.ttft_ms),
        _nanoseconds(data.latency_ms),
        _nanoseconds(data.gateway_latency_ms),
        data.status_code,
        _cut(data.error_message) if data.error_message else None,
        data.usage_source or "reported",
        _decimal(data.reported_cost) if data.reported_cost else None,
        original,
    )


def reported_id(line: bytes) -> str | None:
    """The id that a report we could not accept gave itself, if it can be read."""
    if len(line) > limits.MAX_EVENT_BYTES:
        return None
    try:
        found = msgspec.json.decode(line)
    except NOT_JSON:
        return None
    id = found.get("id") if isinstance(found, dict) else None
    return id if isinstance(id, str) and len(id) <= limits.MAX_STRING_BYTES else None


def _decode(line: bytes) -> tuple[RequestCompletedReport, bytes | None]:
    """The report, and the line itself where it holds fields that we do not know: they are kept."""
    try:
        return DECODER.decode(line), None
    except NOT_JSON as error:
        if not str(error).startswith("Object contains unknown field"):
            raise _unacceptable(error) from None
    if len(line) > limits.MAX_KEPT_BYTES:
        raise UnacceptableError(
            None, f"has unknown fields, and to be kept whole is larger than {limits.MAX_KEPT_BYTES} bytes (MAX_KEPT_BYTES)"
        )
    try:
        return msgspec.convert(_known(msgspec.json.decode(line), RequestCompletedReport), RequestCompletedReport), line
    except NOT_JSON as error:  # what follows the first unknown field was not looked at before
        raise _unacceptable(error) from None


def _known(value: Any, struct: Any) -> Any:
    """`value` without the fields that `struct` does not have."""
    if isinstance(value, list):
        return [_known(item, struct) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {"data": ReportedRequest, "api_key": ReportedApiKey, "input": ReportedQuantity, "output": ReportedQuantity}
    return {name: _known(item, inner[name]) if name in inner else item for name, item in value.items() if name in struct.__struct_fields__}


def _unacceptable(error: Exception) -> UnacceptableError:
    """The compiled checker's words, with its path (`$.data.input[0].quantity`) as the field's name."""
    if not isinstance(error, msgspec.ValidationError):
        return UnacceptableError(None, f"is not JSON: {error}")
    reason, at, path = str(error).rpartition(" - at `$")
    if not at:
        reason, path = path, ""
    field = path.rstrip("`").lstrip(".") or None
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", reason):
        return UnacceptableError(f"{field}.{missing[1]}" if field else missing[1], "is required")
    if field == "type" and reason.startswith(NO_SUCH):
        return UnacceptableError(field, f"{reason.removeprefix(NO_SUCH)} is not a known type: use {', '.join(EVENT_TYPES)}")
    return UnacceptableError(field, reason[:1].lower() + reason[1:].replace("`", ""))


def _time(text: str, latest: int) -> int:
    """Microseconds since 1970; finer digits are cut."""
    if not RFC3339.fullmatch(text):
        raise UnacceptableError("time", f"{text[:64]!r} is not an RFC 3339 instant with an offset, such as 2026-04-21T14:03:07.120Z")
    try:
        instant = microseconds(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError) as error:
        raise UnacceptableError("time", f"{text[:64]!r} is not an instant: {error}") from None
    if instant < EARLIEST:
        raise UnacceptableError("time", f"{text} is before {limits.EARLIEST_TIME:%Y-%m-%d}")
    if instant > latest:
        raise UnacceptableError("time", f"{text} is more than {limits.MAX_CLOCK_LEAD.days} day ahead of our clock")
    return instant


def _quantities(reported: list[ReportedQuantity] | None, side: str) -> tuple[Quantity, ...] | None:
    if reported is None:
        return None
    quantities = [(each.category, each.unit, each.quantity) for each in reported]
    if len(quantities) > 1:
        quantities.sort()
        for (category, unit, _), following in pairwise(quantities):
            if category == following[0] and unit == following[1]:
                raise UnacceptableError(side, f"has {category!r} in {unit!r} twice: categories are disjoint, add them up")
    return tuple(quantities)


def _nanoseconds(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1_000_000)


def _decimal(text: str) -> str:
    """Canonical: no exponent, no needless zeros, no negative zero, so that equal amounts are equal texts."""
    value = Decimal(text) if DECIMAL.fullmatch(text) else Decimal("NaN")
    canonical = f"{value:f}" if value else "0"
    if "." in canonical:
        canonical = canonical.rstrip("0").rstrip(".")
    if value.is_nan() or len(canonical) > limits.MAX_COST_CHARACTERS:
        raise UnacceptableError(
            "data.reported_cost",
            f"{text!r} is not a decimal number such as 0.00125, of up to {limits.MAX_COST_CHARACTERS} characters (MAX_COST_CHARACTERS)",
        )
    return canonical


def _cut(message: str) -> str:
    encoded = message.encode()
    if len(encoded) <= limits.MAX_ERROR_MESSAGE_BYTES:
        return message
    return encoded[: limits.MAX_ERROR_MESSAGE_BYTES - len(limits.CUT_MARK.encode())].decode(errors="ignore") + limits.CUT_MARK


def _check_strings(value: Any, path: str) -> None:
    """Refuse NUL, which Postgres cannot hold, and texts past their limit."""
    if isinstance(value, dict):
        for name, item in value.items():
            _check_strings(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _check_strings(item, f"{path}[{i}]")
    elif isinstance(value, str):
        if "\0" in value:
            raise UnacceptableError(path, "holds a NUL character: leave it out")
        if path != "data.error_message" and len(value.encode()) > limits.MAX_STRING_BYTES:
            raise UnacceptableError(path, f"is longer than {limits.MAX_STRING_BYTES} bytes (MAX_STRING_BYTES)")

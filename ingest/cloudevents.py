"""CloudEvents 1.0 in JSON become events of the domain. Compiled code parses and checks, then each type is built beside its like.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import msgspec

from domain import limits
from domain.corrections import RequestCorrected, RequestVoided
from domain.events import UsageEvent
from domain.price_events import GpuPriceSet, PriceSet, RatingRenewed
from ingest.checks import check_nul, check_strings, instant
from ingest.decoding import NOT_JSON, unacceptable
from ingest.lifecycle import deployment_event
from ingest.outcomes import Sender, UnacceptableError
from ingest.prices import gpu_price_set, price_set, rating_renewed
from ingest.reports import (
    AnyReport,
    Report,
    ReportedApiKey,
    ReportedName,
    ReportedQuantity,
    ReportedRange,
    ReportedRequest,
    RequestCompletedReport,
)
from ingest.requests import request_completed, request_corrected, request_voided
from ingest.usage_blocks import unfold

DECODER: msgspec.json.Decoder[AnyReport] = msgspec.json.Decoder(AnyReport)


def parse(line: bytes, sender: Sender, latest: int) -> UsageEvent:
    """The event that `line`, one CloudEvent in JSON, reports.

    `latest` is the last acceptable time, in microseconds since 1970. Raises UnacceptableError with the field and the reason.
    """
    if len(line) > limits.MAX_EVENT_BYTES:
        raise UnacceptableError(None, f"is larger than {limits.MAX_EVENT_BYTES} bytes (MAX_EVENT_BYTES): so much of it is kept aside")
    report, original = _decode(line)
    if len(line) > limits.MAX_STRING_BYTES or (b"\\" in line and b"\\u0000" in line):  # else no string can be too long or hold a NUL
        check_strings(report)
        if original is not None:
            check_nul(msgspec.json.decode(original))
    topic = TOPICS[type(report)]
    sender.require(topic)
    time = instant(report.time, latest)
    if type(report) is RequestCompletedReport:  # nearly all are
        if report.data.usage is not None:
            original = _unfolded(line, report.data)
        return request_completed(report, _account(report, sender), time, original)
    if topic in OF_THE_PLATFORM:
        return OF_THE_PLATFORM[topic](report, time, original)
    return OF_ACCOUNTS.get(topic, deployment_event)(report, _account(report, sender), time, original)


OF_ACCOUNTS: dict[str, Callable[[Any, str, int, bytes | None], UsageEvent]] = {
    RequestCorrected.TOPIC: request_corrected,
    RequestVoided.TOPIC: request_voided,
}
OF_THE_PLATFORM: dict[str, Callable[[Any, int, bytes | None], UsageEvent]] = {
    PriceSet.TOPIC: price_set,
    GpuPriceSet.TOPIC: gpu_price_set,
    RatingRenewed.TOPIC: rating_renewed,
}


def _account(report: Report, sender: Sender) -> str:
    account = report.subject or sender.account
    if account is None:
        raise UnacceptableError("subject", "is missing: name the account, or use a token that belongs to one")
    if sender.account is not None and account != sender.account:
        raise UnacceptableError("subject", f"must be {sender.account!r}, the account of the token, or absent")
    return account


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


def _decode(line: bytes) -> tuple[AnyReport, bytes | None]:
    """The report, and the line itself where it holds fields that we do not know: they are kept."""
    try:
        return DECODER.decode(line), None
    except NOT_JSON as error:
        if not str(error).startswith("Object contains unknown field"):
            raise unacceptable(error) from None
    original = _kept(line, "unknown fields")
    try:
        found = msgspec.json.decode(line)
        struct = REPORTS.get(found.get("type"), RequestCompletedReport)
        return msgspec.convert(_known(found, struct), AnyReport), original
    except NOT_JSON as error:  # what follows the first unknown field was not looked at before
        raise unacceptable(error) from None


def _unfolded(line: bytes, data: ReportedRequest) -> bytes:
    """The line, to be kept for the block that is in it; categories take the place of the block."""
    if b"\\u0000" in line:
        check_nul(data.usage, "data.usage")
    unfold(data)
    return _kept(line, "a usage block")


def _kept(line: bytes, having: str) -> bytes:
    if len(line) > limits.MAX_KEPT_BYTES:
        reason = f"has {having}, and to be kept whole is larger than {limits.MAX_KEPT_BYTES} bytes (MAX_KEPT_BYTES)"
        raise UnacceptableError(None, reason)
    return line


TOPICS: dict[type[Report], str] = {each: str(each.__struct_config__.tag) for each in get_args(AnyReport)}
REPORTS: dict[Any, type[Report]] = {topic: each for each, topic in TOPICS.items()}
INNER = {"api_key": ReportedApiKey, "input": ReportedQuantity, "output": ReportedQuantity, "of": ReportedName, "range": ReportedRange}


def _known(value: Any, struct: type[msgspec.Struct]) -> Any:
    """`value` without the fields that `struct` does not have."""
    if isinstance(value, list):
        return [_known(item, struct) for item in value]
    if not isinstance(value, dict):
        return value
    names = {*struct.__struct_encode_fields__, struct.__struct_config__.tag_field}
    inner = {**INNER, "data": get_type_hints(struct).get("data", msgspec.Struct)}
    return {name: _known(item, inner[name]) if name in inner else item for name, item in value.items() if name in names}

"""One call of the LiteLLM proxy becomes the event that a CloudEvent would say, by the same checks. docs/litellm.md has the table.

What the figures do not need and people ask for, such as teams and tags, is kept in `original`, in the event's own notation.
"""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from typing import Any

import msgspec

from domain import limits
from domain.events import EPOCH, RequestCompleted, microseconds
from domain.notation import instant as written
from ingest.checks import check_nul, check_strings, instant
from ingest.decoding import unacceptable
from ingest.litellm.kinds import KINDS, provider_tier
from ingest.litellm.outcomes import failure, is_interrupted
from ingest.litellm.payloads import Metadata, Payload, payload
from ingest.litellm.usage import UNKNOWN, Used, used
from ingest.outcomes import Sender, UnacceptableError
from ingest.reports import RequestCompletedReport
from ingest.requests import request_completed

SOURCE = "litellm"
NOBODY = "unknown"  # the model of a call that was refused before it named one


def parse(body: bytes, sender: Sender, latest: int) -> RequestCompleted:
    """The event that `body`, one payload in JSON, comes to. However large its messages are: they are passed over.

    `latest` is the last acceptable time, in microseconds since 1970. Raises UnacceptableError with the payload's field and the reason.
    """
    sender.require(RequestCompleted.TOPIC)
    if sender.account is None:
        raise UnacceptableError(None, "is of no account: name it in the header Tallygraph-Account, or use a token of one account")
    told = payload(body)
    started = _micros(told.startTime, "startTime")
    event = _event(told, started)
    try:
        report = msgspec.convert(event, RequestCompletedReport)
        check_strings(report)
        moment = instant(report.time, latest)
        completed = request_completed(report, sender.account, moment, None)
    except msgspec.ValidationError as error:
        raise _renamed(unacceptable(error)) from None
    except UnacceptableError as error:
        raise _renamed(error) from None
    return msgspec.structs.replace(completed, original=_original(event, _extras(told)))


def _event(told: Payload, started: int) -> dict[str, Any]:
    """As CloudEvents write it; what is unknown is left out."""
    provider = told.custom_llm_provider or None
    request_type, technology = KINDS.get(told.call_type or "", (told.call_type or None, None))
    key = told.metadata or Metadata()
    use, usage_source = _used(told)
    data = {
        "model": _model(told, provider),
        "request_id": told.litellm_call_id or told.id,
        "request_type": request_type,
        "provider": provider,
        "technology": technology,
        "service_tier": provider_tier(told),
        "api_key": _api_key(key),
        "input": use.input,
        "output": use.output,
        **_durations(told, started),
        **(failure(told) if told.status == "failure" else {"status_code": 200}),
        "usage_source": usage_source,
        "reported_cost": _cost(told),
    }
    return {
        "specversion": "1.0",
        "type": RequestCompleted.TOPIC,
        "source": SOURCE,
        "id": _id(told, started),
        "time": written(EPOCH + timedelta(microseconds=started)),
        "data": {name: value for name, value in data.items() if value is not None},
    }


def _id(told: Payload, started: int) -> str:
    """Calls repeat their id: a fallback is a failure and a success of one call, by different deployments, and clients may choose ids
    themselves. So the deployment, the answer's own id, which not every answer has, and the start are part of the name. Sent again, it is
    the same.
    """
    call = told.litellm_call_id or told.id
    if not call:
        raise UnacceptableError("litellm_call_id", "is required")
    rest = f"{told.model_id or ''}\0{told.model_group or ''}\0{told.id or ''}\0{started}"
    return f"{call}/{told.status}/{blake2b(rest.encode(), digest_size=8).hexdigest()}"


def _model(told: Payload, provider: str | None) -> str:
    """Without its provider in front, as prices know it: `openai/gpt-4o` is the model `gpt-4o` of the provider `openai`."""
    model = told.model or told.model_group or NOBODY
    return (model.removeprefix(f"{provider}/") if provider else model) or model


def _api_key(key: Metadata) -> dict[str, str] | None:
    """The proxy tells keys by their hash, and names them by their alias."""
    if not key.user_api_key_hash:
        return None
    return {"id": key.user_api_key_hash} | ({"name": key.user_api_key_alias} if key.user_api_key_alias else {})


def _used(told: Payload) -> tuple[Used, str]:
    """What the provider has to be paid for, and how it is known. An answer from the proxy's own cache used nothing of the provider's."""
    if told.cache_hit:
        return Used([], []), "none"
    use = used(told)
    if use is UNKNOWN:
        return use, "none"
    guessed = told.status == "failure" or is_interrupted(told)  # by the proxy's tokenizer: the provider tells at the end
    return use, "estimated" if guessed else "reported"


def _durations(told: Payload, started: int) -> dict[str, float | None]:
    """In milliseconds. A clock that was set back meanwhile tells nothing."""
    ended = None if told.endTime is None else _micros(told.endTime, "endTime")
    first = None if told.completionStartTime is None else _micros(told.completionStartTime, "completionStartTime")
    streamed = told.stream and first is not None and ended is not None and first < ended  # else the end stands in for the first token
    overhead = told.hidden_params.litellm_overhead_time_ms if told.hidden_params else None
    return {
        "ttft_ms": _between(started, first) if streamed else None,
        "latency_ms": _between(started, ended),
        "gateway_latency_ms": None if overhead is None or overhead < 0 else overhead,
    }


def _between(start: int, end: int | None) -> float | None:
    return None if end is None or end < start else (end - start) / 1000


def _cost(told: Payload) -> str | None:
    """In decimal digits, of the shortest text of the float. The proxy's 0 is no cost, but for an answer from its cache: a model without a
    price costs 0 there, too.
    """
    cost = told.response_cost
    return None if cost is None or (cost == 0 and not told.cache_hit) else f"{Decimal(repr(cost)):f}"


def _micros(told: float | str, field: str) -> int:
    """Microseconds since 1970, rounded exactly: half a microsecond is more than a float of this century is off."""
    if isinstance(told, str):
        return instant(told, microseconds(limits.LATEST_TIME), field)
    micros = round(Fraction(told) * 1_000_000)
    if not microseconds(limits.EARLIEST_TIME) <= micros <= microseconds(limits.LATEST_TIME):
        raise UnacceptableError(field, f"{told!r} is no time between 2000 and 2200 in seconds since 1970")
    return micros


def _extras(told: Payload) -> dict[str, Any]:
    """What else people ask for, as the proxy names it."""
    key = told.metadata or Metadata()
    usage = key.usage_object
    error = told.error_information
    extras = {
        "call_id": told.litellm_call_id,
        "response_id": told.id,
        "trace_id": told.trace_id,
        "session_id": told.session_id,
        "call_type": told.call_type,
        "model": told.model,
        "model_group": told.model_group,
        "model_id": told.model_id,
        "team": key.user_api_key_team_id,
        "team_name": key.user_api_key_team_alias,
        "organization": key.user_api_key_org_id,
        "project": key.user_api_key_project_id,
        "user": key.user_api_key_user_id,
        "end_user": told.end_user,
        "tags": told.request_tags,
        "stream": told.stream,
        "cost_breakdown": told.cost_breakdown,
        "server_tool_use": usage.server_tool_use if usage else None,
        "error": (error.normalized_error or error.error_class) if error else None,
    }
    if told.cache_hit:
        saved = used(told)
        extras |= {"cache_hit": True, "saved_cost": told.saved_cache_cost, "saved_input": saved.input, "saved_output": saved.output}
    return {name: value for name, value in extras.items() if value not in (None, "", [], {})}


def _original(event: dict[str, Any], extras: dict[str, Any]) -> bytes:
    """The event with the extras. Tags that would make it too long to be kept are no reason to lose what it costs: they are left out."""
    check_nul(msgspec.to_builtins(extras))
    kept = msgspec.json.encode({**event, "data": {**event["data"], "litellm": extras}})
    if len(kept) <= limits.MAX_KEPT_BYTES:
        return kept
    left = {"left_out": f"larger than {limits.MAX_KEPT_BYTES} bytes (MAX_KEPT_BYTES)"}
    return msgspec.json.encode({**event, "data": {**event["data"], "litellm": left}})


def _renamed(error: UnacceptableError) -> UnacceptableError:
    """The same of the payload's own field."""
    return UnacceptableError(FIELDS.get(error.field or "", error.field), str(error))


FIELDS = {
    "id": "litellm_call_id",
    "time": "startTime",
    "data.model": "model",
    "data.request_id": "litellm_call_id",
    "data.request_type": "call_type",
    "data.provider": "custom_llm_provider",
    "data.service_tier": "cost_breakdown.service_tier",
    "data.api_key.id": "metadata.user_api_key_hash",
    "data.api_key.name": "metadata.user_api_key_alias",
    "data.ttft_ms": "completionStartTime",
    "data.latency_ms": "endTime",
    "data.gateway_latency_ms": "hidden_params.litellm_overhead_time_ms",
    "data.error_message": "error_information.error_message",
    "data.reported_cost": "response_cost",
}

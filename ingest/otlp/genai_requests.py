"""A span of a request to a model becomes an event. docs/opentelemetry.md has the table and the rules."""

from typing import Any

import msgspec
from msgspec.structs import replace

from domain import limits, notation
from domain.events import RequestCompleted
from ingest.decoding import NOT_JSON
from ingest.otlp import fields, genai_tokens
from ingest.otlp import genai_words as words
from ingest.otlp.attributes import Attributes, short
from ingest.otlp.genai_endings import ending
from ingest.otlp.genai_spans import operation
from ingest.otlp.spans import REPORT_DECODER, SpanInPlace, each_in
from ingest.outcomes import Sender, UnacceptableError
from ingest.tiers import not_standard

TOO_LARGE = f"is larger than {limits.MAX_EVENT_BYTES} bytes (MAX_EVENT_BYTES): so much of it is kept aside"


def parse(report: bytes, sender: Sender, latest: int) -> RequestCompleted:
    """The event that `report`, a body with one span, tells. Raises UnacceptableError with the field or attribute, and the reason."""
    sender.require(RequestCompleted.TOPIC)
    assert sender.account is not None, "the endpoint has asked whose usage it is"
    found = _found(report)
    if found.damage:
        raise UnacceptableError(found.damage.field, found.damage.reason)
    span, attributes, resource = found.span, Attributes(found.span.attributes), Attributes(found.resource.attributes)
    kind = operation(attributes)
    if kind is None:
        raise UnacceptableError(None, "is no request to a model")
    input, output = genai_tokens.input(attributes, resource), genai_tokens.output(attributes, kind)
    status_code, error_message = ending(span, attributes)
    event = RequestCompleted(
        account=sender.account,
        source=fields.source(resource),
        id=fields.id(span),
        occurred_at=fields.occurred_at(span, latest),
        model=_model(attributes),
        request_type=kind.request_type,
        provider=_provider(attributes),
        technology=kind.technology,
        service_tier=_tier(attributes),
        input=input,
        output=output,
        ttft_ns=attributes.nanoseconds(words.FIRST_TOKEN),
        latency_ns=fields.latency_ns(span),
        status_code=status_code,
        error_message=error_message,
        usage_source="reported" if input or output else "none",
    )
    return replace(event, original=_original(event, found, attributes))


def reported_id(report: bytes) -> str | None:
    """What the event of a span that was refused would have been called, if that can be read."""
    try:
        return fields.id(_found(report).span)
    except UnacceptableError:
        return None


def _found(report: bytes) -> SpanInPlace:
    if len(report) > limits.MAX_EVENT_BYTES:
        raise UnacceptableError(None, TOO_LARGE)
    try:
        told = REPORT_DECODER.decode(report)
        (found,) = each_in(told)
    except (*NOT_JSON, ValueError) as error:
        raise UnacceptableError(None, f"cannot be read: {error}") from None
    found.damage = told.damage
    return found


def _model(attributes: Attributes) -> str:
    """The one that answered: that is the one that is billed."""
    model = attributes.text(words.RESPONSE_MODEL) or attributes.text(words.REQUEST_MODEL)
    if model is None:
        raise UnacceptableError(words.REQUEST_MODEL[0], "is required, or gen_ai.response.model: name the model")
    return model


def _provider(attributes: Attributes) -> str | None:
    told = (attributes.text(words.PROVIDER) or "").lower()
    return words.PROVIDERS.get(told, told) or None


def _tier(attributes: Attributes) -> str | None:
    """The one that served, else the one that was asked for; null for the standard one, whatever it is called."""
    return not_standard(attributes.text(words.SERVED_TIER) or attributes.text(words.ASKED_TIER))


def _original(event: RequestCompleted, found: SpanInPlace, attributes: Attributes) -> bytes:
    """The event as a CloudEvent, with what the span says besides."""
    besides: dict[str, Any] = {"scope": short(found.scope.name, str | None), "parent_span_id": short(found.span.parent_span_id, str | None)}
    besides |= {name: attributes.aside(name) for name in words.EXTRAS}
    known = {name: value for name, value in besides.items() if value is not None}
    told = notation.cloudevent(event)
    return msgspec.json.encode({**told, "data": {**told["data"], "opentelemetry": known}})

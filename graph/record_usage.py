"""Usage reported over GraphQL: the same events as those of `POST /v1/events`, with the same receipt."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from domain.access import Scope
from domain.events import RequestCompleted
from domain.limits import MAX_EVENTS_PER_BATCH
from domain.notation import instant
from domain.quantities import TOKEN
from graph.context import Info
from graph.errors import LimitError
from graph.inputs import Channel, given
from graph.receipt import Receipt, Refused
from graph.scalars import BigInt, Position


@strawberry.input(description="How much of one kind of usage. The categories of a side are disjoint: their sum is its total.")
class QuantityInput:
    category: str = strawberry.field(description='The kind of usage, such as "prompt" or "completion".')
    quantity: BigInt = strawberry.field(description="How much: a whole number, 0 or more.")
    unit: str = strawberry.field(default=TOKEN, description="What is counted.")


@strawberry.input(description="One request, as its reporter tells it. What is absent is unknown.")
class UsageEventInput:
    source: str = strawberry.field(description="Who reports. With `id` it names the event; a second report of that name counts nothing.")
    id: str = strawberry.field(description="The event's id, unique for its source.")
    account: str | None = strawberry.field(default=strawberry.UNSET, description="The key of the account; the token's own where absent.")
    time: datetime = strawberry.field(description="When the request happened. It is a part of the event: a retry repeats it.")
    request_id: str | None = strawberry.field(default=strawberry.UNSET, description="The request's id; the event's id where absent.")
    request_type: str | None = strawberry.field(default=strawberry.UNSET, description='The kind of request, such as "chat".')
    model: str = strawberry.field(description="The model that was asked for.")
    model_version: str | None = strawberry.field(default=strawberry.UNSET, description="The version of the model.")
    provider: str | None = strawberry.field(default=strawberry.UNSET, description="Who served the request.")
    technology: str | None = strawberry.field(default=strawberry.UNSET, description='The technology, such as "LLM".')
    channel: Channel = strawberry.field(default=Channel.ROUTER, description="The way in which the request was served.")
    deployment: str | None = strawberry.field(
        default=strawberry.UNSET, description="The key of the deployment that served it; required for the channel DEPLOYMENT."
    )
    api_key_id: str | None = strawberry.field(default=strawberry.UNSET, description="The id of the API key it was made with.")
    api_key_name: str | None = strawberry.field(default=strawberry.UNSET, description="The name of that key at the time.")
    input: list[QuantityInput] | None = strawberry.field(
        default=strawberry.UNSET, description="What went in. Absent: unknown. Empty: none."
    )
    output: list[QuantityInput] | None = strawberry.field(
        default=strawberry.UNSET, description="What came out. Absent: unknown. Empty: none."
    )
    time_to_first_token: float | None = strawberry.field(default=strawberry.UNSET, description="Milliseconds to the first token.")
    latency: float | None = strawberry.field(default=strawberry.UNSET, description="Milliseconds of the whole response.")
    gateway_latency: float | None = strawberry.field(default=strawberry.UNSET, description="Milliseconds spent in the gateway.")
    status_code: int | None = strawberry.field(
        default=strawberry.UNSET, description="The HTTP status code, from 200 to 599. Below 400 the request has succeeded."
    )
    error_message: str | None = strawberry.field(default=strawberry.UNSET, description="What went wrong.")
    service_tier: str | None = strawberry.field(
        default=strawberry.UNSET, description="The tier it was served in, such as priority or batch."
    )
    estimated: bool = strawberry.field(default=False, description="Whether the quantities are estimates of the reporter.")


@strawberry.type(description="A report that is not in the log.")
class RejectedEvent:
    index: int = strawberry.field(description="Its place among the events of the mutation, from 0.")
    id: str | None = strawberry.field(description="The id that it gave itself.")
    field: str | None = strawberry.field(description="The field at fault; null where it is the whole.")
    message: str = strawberry.field(description="What is wrong with it.")


@strawberry.type(description="What became of the events. Half of them may be good: that half is recorded.")
class RecordUsagePayload:
    recorded: int = strawberry.field(description="How many are new in the log.")
    duplicates: int = strawberry.field(description="How many were in the log already, with the same content. They count nothing.")
    conflicts: list[RejectedEvent] = strawberry.field(
        description="Those whose source and id already stand for another content: the first one stands."
    )
    rejected: list[RejectedEvent] = strawberry.field(
        description="Those that could not be understood. They are kept aside; nothing is lost."
    )
    position: Position | None = strawberry.field(
        description="Covers every event recorded or found to be a duplicate: pass it on as `atLeast` to read your own writes."
    )


async def record_usage(
    info: Info,
    events: Annotated[list[UsageEventInput], strawberry.argument(description="The events: 10,000 at most (MAX_EVENTS_PER_BATCH).")],
) -> RecordUsagePayload:
    """Durable when it returns."""
    context = info.context
    context.require(Scope.INGEST, "recordUsage")
    if len(events) > MAX_EVENTS_PER_BATCH:
        raise LimitError(
            "EVENTS_PER_BATCH",
            f"{len(events):,} events are more than {MAX_EVENTS_PER_BATCH:,} at a time (MAX_EVENTS_PER_BATCH): send them in parts.",
        )
    return _payload(await context.services.record_usage([_cloudevent(event) for event in events], context.viewer))


def _payload(receipt: Receipt) -> RecordUsagePayload:
    return RecordUsagePayload(
        recorded=receipt.recorded,
        duplicates=receipt.duplicates,
        conflicts=_rejected(receipt.conflicts),
        rejected=_rejected(receipt.rejected),
        position=receipt.position,
    )


def _rejected(refused: Sequence[Refused]) -> list[RejectedEvent]:
    return [RejectedEvent(index=each.index, id=each.id, field=_field(each.field), message=each.message) for each in refused]


# Fields of the event whose names are not those of the input in another spelling.
FIELDS = {
    "subject": "account",
    "data.ttft_ms": "timeToFirstToken",
    "data.latency_ms": "latency",
    "data.gateway_latency_ms": "gatewayLatency",
    "data.api_key.id": "apiKeyId",
    "data.api_key.name": "apiKeyName",
}


def _cloudevent(event: UsageEventInput) -> dict[str, Any]:
    key = {"id": given(event.api_key_id), "name": given(event.api_key_name)}
    key = {name: value for name, value in key.items() if value is not None}
    return {
        "specversion": "1.0",
        "type": RequestCompleted.TOPIC,
        "source": event.source,
        "id": event.id,
        "subject": given(event.account),
        "time": instant(event.time),
        "data": {
            "request_id": given(event.request_id),
            "request_type": given(event.request_type),
            "model": event.model,
            "model_version": given(event.model_version),
            "provider": given(event.provider),
            "technology": given(event.technology),
            "service_tier": given(event.service_tier),
            "channel": event.channel.name.lower(),
            "deployment": given(event.deployment),
            "api_key": key or None,
            "input": _quantities(given(event.input)),
            "output": _quantities(given(event.output)),
            "ttft_ms": given(event.time_to_first_token),
            "latency_ms": given(event.latency),
            "gateway_latency_ms": given(event.gateway_latency),
            "status_code": given(event.status_code),
            "error_message": given(event.error_message),
            "usage_source": "estimated" if event.estimated else "reported",
        },
    }


def _quantities(quantities: Sequence[QuantityInput] | None) -> list[dict[str, Any]] | None:
    if quantities is None:
        return None
    return [{"category": each.category, "quantity": each.quantity, "unit": each.unit} for each in quantities]


def _field(path: str | None) -> str | None:
    """The field of the input that a field of the event was made of."""
    if path is None or path in FIELDS:
        return path and FIELDS[path]
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), path.removeprefix("data."))

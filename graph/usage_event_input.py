"""A usage event, as a mutation takes it: the same fields as the data of a request.completed, in the words of the schema."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from domain.events import RequestCompleted
from domain.notation import instant
from domain.quantities import TOKEN
from graph.inputs import Channel, given
from graph.scalars import JSON, BigInt


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
    usage: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="The provider's own usage block, as it came, in the place of `input` and `output`."
    )
    usage_format: str | None = strawberry.field(
        default=strawberry.UNSET, description='Whose block it is, such as "anthropic"; inferred from its shape where only one reading fits.'
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


def cloudevent_of(event: UsageEventInput) -> dict[str, Any]:
    """The event as a CloudEvent. What is wrong with it is for the reception to say."""
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
            "input": quantities(given(event.input)),
            "output": quantities(given(event.output)),
            "usage": given(event.usage),
            "usage_format": given(event.usage_format),
            "ttft_ms": given(event.time_to_first_token),
            "latency_ms": given(event.latency),
            "gateway_latency_ms": given(event.gateway_latency),
            "status_code": given(event.status_code),
            "error_message": given(event.error_message),
            "usage_source": "estimated" if event.estimated else "reported",
        },
    }


def field_of(path: str | None) -> str | None:
    """The field of the input that a field of the event was made of."""
    if path is None or path in FIELDS:
        return path and FIELDS[path]
    name = path.removeprefix("data.")
    if name.startswith("usage."):
        return name  # a provider's own names
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)


def quantities(side: Sequence[QuantityInput] | None) -> list[dict[str, Any]] | None:
    """One side of a request, as an event has it."""
    if side is None:
        return None
    return [{"category": each.category, "quantity": each.quantity, "unit": each.unit} for each in side]


# Fields of the event whose names are not those of the input in another spelling.
FIELDS = {
    "subject": "account",
    "data.ttft_ms": "timeToFirstToken",
    "data.latency_ms": "latency",
    "data.gateway_latency_ms": "gatewayLatency",
    "data.api_key.id": "apiKeyId",
    "data.api_key.name": "apiKeyName",
}

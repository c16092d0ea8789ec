"""What history can be asked for: filters by every column, and orders."""

from collections.abc import Sequence
from enum import Enum
from typing import TypeVar
from uuid import UUID

import strawberry

from domain import events
from domain.quantities import TOKEN
from graph.deployment import key_within
from graph.errors import BadInputError
from graph.inputs import BigIntRange, Channel, DecimalRange, Direction, FloatRange, bounds, given
from graph.price_inputs import PriceDirection
from projections import history_matching

STATUS_CODES = range(100, 600)

T = TypeVar("T")


@strawberry.enum(description="How a request ended. By status code; without one, an error message makes it UNKNOWN_ERROR.")
class Outcome(Enum):
    SUCCESS = strawberry.enum_value("success", description="A status code below 400, or neither status code nor error message.")
    CLIENT_ERROR = strawberry.enum_value("client_error", description="A status code from 400 to 499.")
    SERVER_ERROR = strawberry.enum_value("server_error", description="A status code from 500 to 599.")
    UNKNOWN_ERROR = strawberry.enum_value("unknown_error", description="An error message without a status code.")


@strawberry.enum(description="What history can be ordered by. Equals are ordered by time, then by id.")
class HistoryOrderField(Enum):
    TIMESTAMP = strawberry.enum_value("timestamp", description="When the request happened.")
    LATENCY = strawberry.enum_value("latency", description="How long the whole response took.")
    TIME_TO_FIRST_TOKEN = strawberry.enum_value("time_to_first_token", description="How long the first token took.")
    TOTAL_TOKENS = strawberry.enum_value("total_tokens", description="The number of tokens, in and out.")
    FEE = strawberry.enum_value("fee", description="The fee, as far as it is known.")


@strawberry.input(description="The order of requests. By anything but time, the range may have 31 days at most.")
class HistoryOrder:
    field: HistoryOrderField = strawberry.field(default=HistoryOrderField.TIMESTAMP, description="What they are ordered by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="A line of the input or output breakdown, as a factor or a line of the bill has it.")
class UsageLineInput:
    direction: PriceDirection = strawberry.field(description="Which side of a request it is of.")
    category: str = strawberry.field(description='The kind of usage, such as "prompt" or "cached".')
    unit: str = strawberry.field(default=TOKEN, description='What is counted: "token", or another unit such as "image".')


@strawberry.input(
    description="Which requests. They match every filter that is given. A list that is absent does not filter, an empty one selects"
    " nothing, and a null among the values selects what has none."
)
class HistoryFilter:
    request_id: str | None = strawberry.field(default=strawberry.UNSET, description="The request id that its reporter gave.")
    request_types: list[str | None] | None = strawberry.field(default=strawberry.UNSET, description='Kinds of request, such as "chat".')
    models: list[str] | None = strawberry.field(default=strawberry.UNSET, description="Models that were asked for.")
    model_versions: list[str | None] | None = strawberry.field(default=strawberry.UNSET, description="Versions of models.")
    providers: list[str | None] | None = strawberry.field(default=strawberry.UNSET, description="Who served the request.")
    technologies: list[str | None] | None = strawberry.field(default=strawberry.UNSET, description='Technologies, such as "LLM".')
    api_keys: list[strawberry.ID | None] | None = strawberry.field(default=strawberry.UNSET, description="Ids of API keys.")
    deployments: list[strawberry.ID | None] | None = strawberry.field(
        default=strawberry.UNSET, description="Deployments that served the request, by id or by key."
    )
    channel: Channel | None = strawberry.field(default=strawberry.UNSET, description="The way in which the request was served.")
    status_codes: list[int | None] | None = strawberry.field(default=strawberry.UNSET, description="HTTP status codes, from 100 to 599.")
    outcomes: list[Outcome] | None = strawberry.field(default=strawberry.UNSET, description="How the request ended.")
    error_contains: str | None = strawberry.field(default=strawberry.UNSET, description="A part of the error message, in any case.")
    tokens: BigIntRange | None = strawberry.field(default=strawberry.UNSET, description="Bounds of the tokens, in and out.")
    input_tokens: BigIntRange | None = strawberry.field(default=strawberry.UNSET, description="Bounds of the tokens that went in.")
    output_tokens: BigIntRange | None = strawberry.field(default=strawberry.UNSET, description="Bounds of the tokens that came out.")
    fee: DecimalRange | None = strawberry.field(default=strawberry.UNSET, description="Bounds of the fee, in the account's currency.")
    latency: FloatRange | None = strawberry.field(
        default=strawberry.UNSET, description="Bounds of the whole response's time, milliseconds."
    )
    time_to_first_token: FloatRange | None = strawberry.field(
        default=strawberry.UNSET, description="Bounds of the time to the first token, milliseconds."
    )
    gateway_latency: FloatRange | None = strawberry.field(
        default=strawberry.UNSET, description="Bounds of the time spent in the gateway, milliseconds."
    )
    line: UsageLineInput | None = strawberry.field(
        default=strawberry.UNSET, description="Only requests with such a line: those behind a factor."
    )
    include_voided: bool | None = strawberry.field(
        default=False, description="Whether to show voided requests, too. They count in no figure."
    )


UNFILTERED = history_matching.HistoryFilter()


def history_filter(account_id: UUID, filter: HistoryFilter | None) -> history_matching.HistoryFilter:
    """The filter as the read models take it, for requests of one account. Raises BadInputError."""
    filter = given(filter)
    if filter is None:
        return UNFILTERED
    channel, outcomes, deployments = given(filter.channel), given(filter.outcomes), given(filter.deployments)
    return history_matching.HistoryFilter(
        request_id=given(filter.request_id),
        request_types=given(filter.request_types),
        models=given(filter.models),
        model_versions=given(filter.model_versions),
        providers=given(filter.providers),
        technologies=given(filter.technologies),
        api_keys=given(filter.api_keys),
        deployments=None if deployments is None else _keys(account_id, deployments),
        channel=None if channel is None else channel.name.lower(),
        status_codes=_status_codes(given(filter.status_codes)),
        outcomes=None if outcomes is None else [events.Outcome[each.name] for each in outcomes],
        error_contains=given(filter.error_contains),
        tokens=bounds(filter.tokens),
        input_tokens=bounds(filter.input_tokens),
        output_tokens=bounds(filter.output_tokens),
        fee=bounds(filter.fee),
        latency_ms=bounds(filter.latency),
        ttft_ms=bounds(filter.time_to_first_token),
        gateway_latency_ms=bounds(filter.gateway_latency),
        include_voided=bool(filter.include_voided),
        line=usage_line(filter.line),
    )


def usage_line(line: UsageLineInput | None) -> tuple[str, str, str] | None:
    """As the read models take it."""
    line = given(line)
    return None if line is None else (line.direction.name.lower(), line.category, line.unit)


def _keys(account_id: UUID, deployments: Sequence[str | None]) -> list[str | None]:
    """Keys of deployments that were given by id or by key. An id of another account's stands for nothing."""
    keys: list[str | None] = []
    for each in deployments:
        if each is None:
            keys.append(None)
        elif (key := key_within(account_id, each)) is not None:
            keys.append(key)
    return keys


def _status_codes(codes: Sequence[int | None] | None) -> Sequence[int | None] | None:
    for code in codes or ():
        if code is not None and code not in STATUS_CODES:
            raise BadInputError(
                f"filter.statusCodes: {code} is not an HTTP status code; they go from 100 to 599.", field=("filter", "statusCodes")
            )
    return codes

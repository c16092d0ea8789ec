"""What is asked of history: pages in any order and both directions, filtered by every column; one request; and its events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from domain.events import Outcome
from domain.limits import NANOSECONDS_PER_MILLISECOND
from domain.names import milliseconds_of
from projections.history import lines_of
from projections.history_past import requests_as_of
from projections.keyset import By, order_by, past
from projections.log_streams import LOGGED, LoggedEvent, logged
from projections.router_usage import Line, Range, ranked
from projections.snapshot import Snapshot

MAX_COUNT = 1_000_000  # requests: past it, the count is not told


class HistoryOrderField(Enum):
    """What history can be ordered by."""

    TIMESTAMP = "occurred_at"
    LATENCY = "latency_ns"
    TIME_TO_FIRST_TOKEN = "ttft_ns"  # noqa: S105 - a column
    TOTAL_TOKENS = "total_tokens"
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `min` to `max`, both included; null is open. Unknown values lie in no bounds."""

    min: int | float | Decimal | None = None
    max: int | float | Decimal | None = None


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which requests. An absent list does not filter; a null in a list selects what has none."""

    request_id: str | None = None
    request_types: Sequence[str | None] | None = None
    models: Sequence[str] | None = None
    model_versions: Sequence[str | None] | None = None
    providers: Sequence[str | None] | None = None
    technologies: Sequence[str | None] | None = None
    api_keys: Sequence[str | None] | None = None
    deployments: Sequence[str | None] | None = None
    channel: str | None = None
    status_codes: Sequence[int | None] | None = None
    outcomes: Sequence[Outcome] | None = None
    error_contains: str | None = None  # in any case
    tokens: Bounds | None = None
    input_tokens: Bounds | None = None
    output_tokens: Bounds | None = None
    fee: Bounds | None = None
    latency_ms: Bounds | None = None
    ttft_ms: Bounds | None = None
    gateway_latency_ms: Bounds | None = None
    include_voided: bool = False
    include_unpriced: bool = True
    line: tuple[str, str, str] | None = None  # only those with that direction, category and unit


@dataclass(frozen=True, slots=True)
class HistoryOf:
    """Whose requests, when, and which."""

    account_id: UUID
    range: Range
    filter: HistoryFilter


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it stands. Null is unknown; an empty list of lines is none."""

    account_id: UUID
    occurred_at: datetime
    id: UUID
    position: int
    rated_at: int
    version: int
    voided: bool
    channel: str
    source: str
    event_id: str
    request_id: str
    request_type: str | None
    model: str
    model_version: str | None
    provider: str | None
    technology: str | None
    service_tier: str | None
    deployment: str | None
    api_key: str | None
    input: Sequence[Line] | None
    output: Sequence[Line] | None
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    ttft_ns: int | None = field(repr=False)
    latency_ns: int | None = field(repr=False)
    gateway_latency_ns: int | None = field(repr=False)
    status_code: int | None
    error_message: str | None
    fee: Decimal | None
    reported_cost: Decimal | None
    api_key_name: str | None

    @property
    def ttft_ms(self) -> float | None:
        """Time to first token, milliseconds."""
        return _milliseconds(self.ttft_ns)

    @property
    def latency_ms(self) -> float | None:
        """The whole response, milliseconds."""
        return _milliseconds(self.latency_ns)

    @property
    def gateway_latency_ms(self) -> float | None:
        """Time spent in the gateway, milliseconds."""
        return _milliseconds(self.gateway_latency_ns)


def key_of(request: Request, order: HistoryOrderField) -> tuple[Any, ...]:
    """The request's place in that order."""
    own = (request.occurred_at, request.id)
    return own if order is HistoryOrderField.TIMESTAMP else (getattr(request, order.value), *own)


async def page(
    snapshot: Snapshot,
    of: HistoryOf,
    *,
    order: HistoryOrderField,
    descending: bool,
    limit: int,
    after: tuple[Any, ...] | None = None,
    backwards: bool = False,
) -> list[Request]:
    """Up to `limit` requests past the key `after` in the order; backwards, those before it, the nearest first."""
    columns = [By("request.occurred_at", descending), By("request.id", descending)]
    if order is not HistoryOrderField.TIMESTAMP:
        columns.insert(0, By(order.value, descending, nullable=True))
    condition, parameters = _matching(of)
    if after is not None:
        condition += f" AND {past(columns, after, parameters, backwards=backwards)}"
    parameters |= {"limit": limit, "as_of": snapshot.as_of}
    ordered, requests = order_by(columns, backwards=backwards), requests_as_of(snapshot.as_of)
    rows = await snapshot.rows(
        f"SELECT {COLUMNS} FROM {requests} AS request {NAMES} WHERE {condition} ORDER BY {ordered} LIMIT %(limit)s", parameters
    )
    return [_request(row) for row in rows]


async def count(snapshot: Snapshot, of: HistoryOf) -> int | None:
    """How many requests match; null past MAX_COUNT."""
    condition, parameters = _matching(of)
    parameters |= {"limit": MAX_COUNT + 1, "as_of": snapshot.as_of}
    requests = requests_as_of(snapshot.as_of)
    ((found,),) = await snapshot.rows(
        f"SELECT count(*) FROM (SELECT FROM {requests} AS request WHERE {condition} LIMIT %(limit)s) AS matching", parameters
    )
    return found if found <= MAX_COUNT else None


async def one(snapshot: Snapshot, account_id: UUID, id: UUID) -> Request | None:
    """The account's request with this id, which begins with its time: no index of its own is needed to find it."""
    rows = await snapshot.rows(
        f"""SELECT {COLUMNS} FROM {{history}} AS request {NAMES}
        WHERE request.account_id = %(account)s AND id = %(id)s
        AND request.occurred_at >= to_timestamp(0) + %(milliseconds)s * interval '1 millisecond'
        AND request.occurred_at < to_timestamp(0) + (%(milliseconds)s + 1) * interval '1 millisecond'""",
        {"account": account_id, "id": id, "milliseconds": milliseconds_of(id.bytes)},  # of any UUID: past the year 9999, too
    )
    return _request(rows[0]) if rows else None


async def events_of(snapshot: Snapshot, id: UUID) -> list[LoggedEvent]:
    """What the log holds of a request, oldest first. The caller has seen to it that the request is within the viewer's reach."""
    rows = await snapshot.rows(f"{LOGGED} WHERE originator_id = %s ORDER BY originator_version", [id])
    return [logged(*row) for row in rows]


def _matching(of: HistoryOf) -> tuple[str, dict[str, Any]]:
    """The condition for the requests that are asked for, and its parameters."""
    wanted = of.filter
    parameters: dict[str, Any] = {"account": of.account_id, "from": of.range.start, "to": of.range.end}
    conditions = ["request.account_id = %(account)s AND request.occurred_at >= %(from)s AND request.occurred_at < %(to)s"]
    conditions += [condition for name, condition in SWITCHES.items() if not getattr(wanted, name)]
    if wanted.line is not None:
        direction, parameters["category"], parameters["unit"] = wanted.line
        conditions.append(WITH_LINE[direction])
    for name, condition in SINGLE.items():
        if (value := getattr(wanted, name)) is not None:
            parameters[name] = value
            conditions.append(condition)
    for name, (column, type) in LISTS.items():
        if (values := getattr(wanted, name)) is not None:
            parameters[name] = [value.value if isinstance(value, Outcome) else value for value in values if value is not None]
            unknown = f" OR {column} IS NULL" if None in values else ""
            conditions.append(f"({column} = ANY(%({name})s::{type}[]){unknown})")
    for name, (column, unit) in BOUNDED.items():
        bounds = getattr(wanted, name) or Bounds()
        for operator, end in ((">=", "min"), ("<=", "max")):
            if (bound := getattr(bounds, end)) is not None:
                parameters[f"{name}_{end}"] = Decimal(str(bound)) * unit
                conditions.append(f"{column} {operator} %({name}_{end})s")
    return " AND ".join(conditions), parameters


SWITCHES = {"include_voided": "NOT voided", "include_unpriced": "fee IS NOT NULL"}
SINGLE = {
    "request_id": "request_id = %(request_id)s",
    "channel": "channel = %(channel)s",
    "error_contains": "position(lower(%(error_contains)s) IN lower(error_message)) > 0",
}
WITH_LINE = {
    side: f"EXISTS (SELECT FROM jsonb_array_elements({side}::jsonb) AS item WHERE item ->> 0 = %(category)s AND item ->> 1 = %(unit)s)"
    for side in ("input", "output")
}
LISTS = {
    "request_types": ("request_type", "text"),
    "models": ("model", "text"),
    "model_versions": ("model_version", "text"),
    "providers": ("provider", "text"),
    "technologies": ("technology", "text"),
    "api_keys": ("request.api_key", "text"),
    "deployments": ("deployment", "text"),
    "status_codes": ("status_code", "int4"),  # wider than the column: a number that no status has selects nothing
    "outcomes": ("outcome", "text"),
}
BOUNDED = {
    "tokens": ("total_tokens", 1),
    "input_tokens": ("input_tokens", 1),
    "output_tokens": ("output_tokens", 1),
    "fee": ("fee", 1),
    "latency_ms": ("latency_ns", NANOSECONDS_PER_MILLISECOND),
    "ttft_ms": ("ttft_ns", NANOSECONDS_PER_MILLISECOND),
    "gateway_latency_ms": ("gateway_latency_ns", NANOSECONDS_PER_MILLISECOND),
}
COLUMNS = """
    request.account_id, request.occurred_at, id, request.position, rated_at, version, voided, channel, source, event_id, request_id,
    request_type, model, model_version, provider, technology, service_tier, deployment, request.api_key, input, output, input_tokens,
    output_tokens, total_tokens, ttft_ns, latency_ns, gateway_latency_ns, status_code, error_message, fee, reported_cost,
    coalesce(known.name, request.api_key)"""
NAMES = "LEFT JOIN {api_keys} AS known ON known.account_id = request.account_id AND known.api_key = request.api_key"
INPUT, OUTPUT = 19, 20


def _request(row: tuple[Any, ...]) -> Request:
    values = [*row[:INPUT], _lines("input", row[INPUT]), _lines("output", row[OUTPUT]), *row[OUTPUT + 1 :]]
    return Request(*values)


def _lines(direction: str, quantities: str | None) -> list[Line] | None:
    if quantities is None:
        return None
    return ranked((direction, line.category, line.unit, line.quantity, line.fee) for line in lines_of(quantities))


def _milliseconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / NANOSECONDS_PER_MILLISECOND

"""What is asked of history: pages in any order and both directions, filtered by every column; one request; and its events."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from domain.events import Outcome
from domain.limits import NANOSECONDS_PER_MILLISECOND
from domain.names import milliseconds_of
from projections.history import FAILURE, lines_of
from projections.history_past import requests_as_of
from projections.keyset import By, order_by, past
from projections.log_streams import LOGGED, LoggedEvent, logged
from projections.router_totals import Line, ranked
from projections.router_usage import Range
from projections.snapshot import Snapshot

FAILED = 400  # the least status code of a failure
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

    @property
    def selects_nothing(self) -> bool:
        """Whether a list is empty: nothing is asked of the database then."""
        return any(getattr(self, name) == [] for name in LISTS)

    @property
    def is_of_failures(self) -> bool:
        """Whether all that match have failed, or have at least an error message."""
        failed = self.outcomes is not None and Outcome.SUCCESS not in self.outcomes
        statuses = self.status_codes is not None and all(code is not None and code >= FAILED for code in self.status_codes)
        return failed or statuses or self.error_contains is not None


@dataclass(frozen=True, slots=True)
class HistoryOf:
    """Whose requests, when, and which."""

    account_id: UUID
    range: Range
    filter: HistoryFilter


class Request(NamedTuple):
    """One request as it stands. Null is unknown; an empty list of lines is none. What was not asked for is null, whatever it is."""

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
    ttft_ns: int | None
    latency_ns: int | None
    gateway_latency_ns: int | None
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


def key_in(order: HistoryOrderField) -> Callable[[Request], tuple[Any, ...]]:
    """What gives a request's place in that order. Its id is there as bytes, which cursors need not make of it, nor drivers of bytes."""
    if order is HistoryOrderField.TIMESTAMP:
        return lambda request: (request.occurred_at, request.id.bytes)
    value = attrgetter(order.value)
    return lambda request: (value(request), request.occurred_at, request.id.bytes)


COLUMNS = Request._fields
INPUT, OUTPUT = COLUMNS.index("input"), COLUMNS.index("output")
ALL = frozenset(COLUMNS)


async def page(
    snapshot: Snapshot,
    of: HistoryOf,
    *,
    order: HistoryOrderField,
    descending: bool,
    limit: int,
    after: tuple[Any, ...] | None = None,
    backwards: bool = False,
    wanted: frozenset[str] = ALL,
) -> list[Request]:
    """Up to `limit` requests past the key `after` in the order; backwards, those before it, the nearest first.

    They have their key, and the columns that are wanted.
    """
    if of.filter.selects_nothing:
        return []
    shown, names = _columns(wanted | {"account_id", "occurred_at", "id", order.value}), NAMES if "api_key_name" in wanted else ""
    query, parameters = page_query(
        snapshot, of, shown, names, order=order, descending=descending, limit=limit, after=after, backwards=backwards
    )
    return [_request(row) for row in await snapshot.rows(query, parameters)]


def page_query(
    snapshot: Snapshot,
    of: HistoryOf,
    selected: str,
    names: str = "",
    *,
    order: HistoryOrderField,
    descending: bool,
    limit: int,
    after: tuple[Any, ...] | None,
    backwards: bool,
) -> tuple[str, dict[str, Any]]:
    """The query of a page and its parameters, for what is `selected` of each `request`."""
    columns = [By("request.occurred_at", descending), By("request.id", descending)]
    if order is not HistoryOrderField.TIMESTAMP:
        columns.insert(0, By(order.value, descending, nullable=True))
    condition, parameters = _matching(of)
    if after is not None:
        condition += f" AND {past(columns, (*after[:-1], UUID(bytes=after[-1])), parameters, backwards=backwards)}"
    parameters |= {"limit": limit, "as_of": snapshot.as_of}
    ordered, requests = order_by(columns, backwards=backwards), requests_as_of(snapshot.as_of)
    return f"SELECT {selected} FROM {requests} AS request {names} WHERE {condition} ORDER BY {ordered} LIMIT %(limit)s", parameters


async def count(snapshot: Snapshot, of: HistoryOf) -> int | None:
    """How many requests match; null past MAX_COUNT."""
    if of.filter.selects_nothing:
        return 0
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
        f"""SELECT {_columns(ALL)} FROM {{history}} AS request {NAMES}
        WHERE request.account_id = %(account)s AND id = %(id)s
        AND request.occurred_at >= to_timestamp(0) + %(milliseconds)s * interval '1 millisecond'
        AND request.occurred_at < to_timestamp(0) + (%(milliseconds)s + 1) * interval '1 millisecond'""",
        {"account": account_id, "id": id, "milliseconds": milliseconds_of(id.bytes)},  # of any UUID: past the year 9999, too
    )
    return _request(rows[0]) if rows else None


async def events_of(snapshot: Snapshot, id: UUID) -> list[LoggedEvent]:
    """What the log holds of a request, oldest first. The caller has seen to it that the request is within the viewer's reach."""
    rows = await snapshot.rows(f"{LOGGED} WHERE originator_id = %(id)s ORDER BY originator_version", {"id": id})
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
    for name, (column, type, unknown) in LISTS.items():
        if (values := getattr(wanted, name)) is not None:
            among = [unknown if each is None else _plain(each) for each in values if each != unknown]
            parameters[name] = among[0] if len(among) == 1 else among
            conditions.append(f"{column} = %({name})s" if len(among) == 1 else f"{column} = ANY(%({name})s::{type}[])")
    if wanted.is_of_failures:
        conditions.append(FAILURE)
    conditions += _within_bounds(wanted, parameters)
    return " AND ".join(conditions), parameters


def _within_bounds(wanted: HistoryFilter, parameters: dict[str, Any]) -> Iterator[str]:
    for name, (column, unit) in BOUNDED.items():
        bounds = getattr(wanted, name) or Bounds()
        for operator, end in ((">=", "min"), ("<=", "max")):
            if (bound := getattr(bounds, end)) is not None:
                parameters[f"{name}_{end}"] = Decimal(str(bound)) * unit
                yield f"{column} {operator} %({name}_{end})s"


SWITCHES = {"include_voided": "NOT voided", "include_unpriced": "fee IS NOT NULL"}
SINGLE = {
    "request_id": "request_id = %(request_id)s",
    "channel": "channel = %(channel)s",
    "error_contains": 'position(lower(%(error_contains)s COLLATE "default") IN lower(error_message)) > 0',
}
WITH_LINE = {
    side: f"EXISTS (SELECT FROM jsonb_array_elements({side}::jsonb) AS item WHERE item ->> 0 = %(category)s AND item ->> 1 = %(unit)s)"
    for side in ("input", "output")
}
# What is unknown is compared as a text that nothing has, so that one comparison does, and an index on it. One value is no array: only
# then is what an index finds in order.
LISTS = {
    "request_types": ("coalesce(request_type, '')", "text", ""),
    "models": ("model", "text", ""),
    "model_versions": ("coalesce(model_version, '')", "text", ""),
    "providers": ("coalesce(provider, '')", "text", ""),
    "technologies": ("coalesce(technology, '')", "text", ""),
    "api_keys": ("coalesce(request.api_key, '')", "text", ""),
    "deployments": ("coalesce(deployment, '')", "text", ""),
    "status_codes": ("coalesce(status_code, 0)", "int4", 0),
    "outcomes": ("outcome", "text", ""),
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
SHOWN = {"api_key_name": "coalesce(known.name, request.api_key)"}  # where it is no column of the table
NAMES = "LEFT JOIN {api_keys} AS known ON known.account_id = request.account_id AND known.api_key = request.api_key"


def _columns(wanted: frozenset[str]) -> str:
    return ", ".join(SHOWN.get(name, f"request.{name}") if name in wanted else "NULL" for name in COLUMNS)


def _request(row: tuple[Any, ...]) -> Request:
    if row[INPUT] is None and row[OUTPUT] is None:
        return Request._make(row)
    return Request._make((*row[:INPUT], _lines("input", row[INPUT]), _lines("output", row[OUTPUT]), *row[OUTPUT + 1 :]))


def _lines(direction: str, quantities: str | None) -> list[Line] | None:
    if quantities is None:
        return None
    return ranked(Line(direction, line.category, line.unit, line.quantity, line.fee) for line in lines_of(quantities))


def _plain(value: object) -> object:
    return value.value if isinstance(value, Outcome) else value


def _milliseconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / NANOSECONDS_PER_MILLISECOND

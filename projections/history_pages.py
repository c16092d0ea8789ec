"""What is asked of history: pages in any order and both directions; one request; and its events."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from domain.limits import NANOSECONDS_PER_MILLISECOND
from domain.names import milliseconds_of
from projections.history import lines_of
from projections.history_matching import HistoryOf, matching
from projections.history_past import requests_as_of
from projections.keyset import By, order_by, past
from projections.log_streams import LOGGED, LoggedEvent, logged
from projections.router_totals import Line, ranked
from projections.snapshot import Snapshot

MAX_COUNT = 1_000_000  # requests: past it, the count is not told


class HistoryOrderField(Enum):
    """What history can be ordered by."""

    TIMESTAMP = "occurred_at"
    LATENCY = "latency_ns"
    TIME_TO_FIRST_TOKEN = "ttft_ns"  # noqa: S105 - a column
    TOTAL_TOKENS = "total_tokens"
    FEE = "fee"


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
    condition, parameters = matching(of)
    if after is not None:
        condition += f" AND {past(columns, (*after[:-1], UUID(bytes=after[-1])), parameters, backwards=backwards)}"
    parameters |= {"limit": limit, "as_of": snapshot.as_of}
    ordered, requests = order_by(columns, backwards=backwards), requests_as_of(snapshot.as_of)
    return f"SELECT {selected} FROM {requests} AS request {names} WHERE {condition} ORDER BY {ordered} LIMIT %(limit)s", parameters


async def count(snapshot: Snapshot, of: HistoryOf) -> int | None:
    """How many requests match; null past MAX_COUNT."""
    if of.filter.selects_nothing:
        return 0
    condition, parameters = matching(of)
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


def _milliseconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / NANOSECONDS_PER_MILLISECOND

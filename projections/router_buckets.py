"""Router buckets: quarter-hours, with hours and days beside them, of the requests that went through the router.

A bucket is one combination of model, provider and API key (a series) in one stretch of time. Its breakdown is kept in lines, one a
category. Sums that an account could drive past 64 bits are numeric: a projection never refuses an event.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Cursor

from domain.calendar import DAY, HOUR, QUARTER
from domain.events import EPOCH, MICROSECOND, Outcome, RequestCompleted
from domain.names import series_id
from domain.quantities import TOKEN
from projections.read_model import Recorded, Tables

CREATE = (
    """
    CREATE TABLE {router_series} (
        account_id uuid NOT NULL,
        series uuid NOT NULL, -- 16 bytes of hash over what follows
        model text COLLATE "C" NOT NULL,
        provider text COLLATE "C",
        api_key text COLLATE "C",
        PRIMARY KEY (account_id, series)
    )""",
    """
    CREATE TABLE {router_buckets} (
        account_id uuid NOT NULL,
        grain integer NOT NULL, -- seconds
        time timestamptz NOT NULL,
        series uuid NOT NULL,
        requests bigint NOT NULL,
        errors bigint NOT NULL,
        latency_ns numeric NOT NULL, -- sum over the requests that have one
        latencies bigint NOT NULL, -- how many have one
        tokens numeric NOT NULL,
        estimated bigint NOT NULL,
        unknown_tokens bigint NOT NULL,
        position bigint NOT NULL, -- of the last event that changed it
        PRIMARY KEY (account_id, grain, time, series)
    ) WITH (fillfactor = 80)""",
    """
    CREATE TABLE {router_lines} (
        account_id uuid NOT NULL,
        grain integer NOT NULL,
        time timestamptz NOT NULL,
        series uuid NOT NULL,
        direction text COLLATE "C" NOT NULL,
        category text COLLATE "C" NOT NULL,
        unit text COLLATE "C" NOT NULL,
        quantity numeric NOT NULL,
        PRIMARY KEY (account_id, grain, time, series, direction, category, unit)
    ) WITH (fillfactor = 80)""",
)

Key = tuple[bytes, int, bytes]  # account, start in microseconds since 1970, series
LineKey = tuple[str, str, str]  # direction, category, unit


@dataclass(slots=True)
class Delta:
    """What a batch adds to one bucket."""

    requests: int = 0
    errors: int = 0
    latency_ns: int = 0
    latencies: int = 0
    tokens: int = 0
    estimated: int = 0
    unknown_tokens: int = 0
    position: int = 0
    lines: dict[LineKey, int] = field(default_factory=dict)

    def add(self, other: "Delta") -> None:
        """Add what another bucket of the same series has."""
        self.requests += other.requests
        self.errors += other.errors
        self.latency_ns += other.latency_ns
        self.latencies += other.latencies
        self.tokens += other.tokens
        self.estimated += other.estimated
        self.unknown_tokens += other.unknown_tokens
        self.position = max(self.position, other.position)
        for line, quantity in other.lines.items():
            self.lines[line] = self.lines.get(line, 0) + quantity


class Change(NamedTuple):
    """What a batch adds, at each grain, and the series that occur in it."""

    deltas: dict[timedelta, dict[Key, Delta]]
    series: list[tuple[UUID, UUID, str, str | None, str | None]]


def prepare(batch: Sequence[Recorded]) -> Change:
    """Sum up the router's requests."""
    quarters, series = fold(batch)
    return Change({grain: coarsened(quarters, grain) for grain in (QUARTER, HOUR, DAY)}, series)


def apply(cursor: Cursor[Any], tables: Tables, change: Change) -> None:
    """Add the sums to their buckets."""
    if not change.series:
        return
    cursor.execute(tables.sql(ADD_SERIES), _columns(change.series), prepare=True)
    for grain, deltas in change.deltas.items():
        _add(cursor, tables, int(grain.total_seconds()), deltas)


def fold(batch: Iterable[Recorded]) -> tuple[dict[Key, Delta], list[tuple[UUID, UUID, str, str | None, str | None]]]:
    """What the batch adds to each quarter-hour, and the series that occur."""
    quarters: dict[Key, Delta] = {}
    series: dict[tuple[bytes, str, str | None, str | None], bytes] = {}
    width = QUARTER // MICROSECOND
    for position, _, account, event in batch:
        assert isinstance(event, RequestCompleted)
        if event.channel != "router":
            continue
        dimensions = (account, event.model, event.provider, event.api_key)
        id = series.get(dimensions)
        if id is None:
            id = series[dimensions] = series_id(event.model, event.provider, event.api_key)
        key = (account, event.occurred_at - event.occurred_at % width, id)
        delta = quarters.get(key)
        if delta is None:
            delta = quarters[key] = Delta()
        _count(delta, event)
        delta.position = position
    return quarters, [
        (UUID(bytes=account), UUID(bytes=id), model, provider, api_key) for (account, model, provider, api_key), id in series.items()
    ]


def _count(delta: Delta, event: RequestCompleted) -> None:
    delta.requests += 1
    if event.outcome is not Outcome.SUCCESS:
        delta.errors += 1
    if event.latency_ns is not None:
        delta.latency_ns += event.latency_ns
        delta.latencies += 1
    if event.usage_source == "estimated":
        delta.estimated += 1
    if event.input is None and event.output is None:
        delta.unknown_tokens += 1
        return
    lines = delta.lines
    for category, unit, quantity in event.input or ():
        line = ("input", category, unit)
        lines[line] = lines.get(line, 0) + quantity
        if unit == TOKEN:
            delta.tokens += quantity
    for category, unit, quantity in event.output or ():
        line = ("output", category, unit)
        lines[line] = lines.get(line, 0) + quantity
        if unit == TOKEN:
            delta.tokens += quantity


def coarsened(quarters: dict[Key, Delta], grain: timedelta) -> dict[Key, Delta]:
    """The same at a coarser grain, so that every grain says the same."""
    if grain == QUARTER:
        return quarters
    width = grain // MICROSECOND
    coarse: dict[Key, Delta] = {}
    for (account, start, series), delta in quarters.items():
        coarse.setdefault((account, start - start % width, series), Delta()).add(delta)
    return coarse


def _add(cursor: Cursor[Any], tables: Tables, grain: int, deltas: dict[Key, Delta]) -> None:
    keys = sorted(deltas)
    buckets = [(*_names(key, grain), *_sums(deltas[key])) for key in keys]
    lines = [(*_names(key, grain), *line, Decimal(quantity)) for key in keys for line, quantity in deltas[key].lines.items()]
    cursor.execute(tables.sql(ADD_BUCKETS), _columns(buckets), prepare=True)
    if lines:
        cursor.execute(tables.sql(ADD_LINES), _columns(lines), prepare=True)


def _names(key: Key, grain: int) -> tuple[Any, ...]:
    account, start, series = key
    return UUID(bytes=account), grain, EPOCH + start * MICROSECOND, UUID(bytes=series)


def _sums(delta: Delta) -> tuple[Any, ...]:
    latency_ns, tokens = Decimal(delta.latency_ns), Decimal(delta.tokens)
    return delta.requests, delta.errors, latency_ns, delta.latencies, tokens, delta.estimated, delta.unknown_tokens, delta.position


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


ADD_SERIES = """
    INSERT INTO {router_series} SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::text[])
    ON CONFLICT DO NOTHING"""
ADD_BUCKETS = """
    INSERT INTO {router_buckets} AS bucket
    SELECT * FROM unnest(%b::uuid[], %b::int4[], %b::timestamptz[], %b::uuid[], %b::int8[], %b::int8[], %b::numeric[],
                         %b::int8[], %b::numeric[], %b::int8[], %b::int8[], %b::int8[])
    ON CONFLICT (account_id, grain, time, series) DO UPDATE SET
        requests = bucket.requests + excluded.requests,
        errors = bucket.errors + excluded.errors,
        latency_ns = bucket.latency_ns + excluded.latency_ns,
        latencies = bucket.latencies + excluded.latencies,
        tokens = bucket.tokens + excluded.tokens,
        estimated = bucket.estimated + excluded.estimated,
        unknown_tokens = bucket.unknown_tokens + excluded.unknown_tokens,
        position = greatest(bucket.position, excluded.position)"""
ADD_LINES = """
    INSERT INTO {router_lines} AS line
    SELECT * FROM unnest(%b::uuid[], %b::int4[], %b::timestamptz[], %b::uuid[], %b::text[], %b::text[], %b::text[], %b::numeric[])
    ON CONFLICT (account_id, grain, time, series, direction, category, unit) DO UPDATE SET
        quantity = line.quantity + excluded.quantity"""

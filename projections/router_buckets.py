"""Router buckets: quarter-hours, with hours and days beside them, of the requests that went through the router.

A bucket is one combination of model, provider and API key (a series) in one stretch of time. Its breakdown is kept in lines, one a
category. Beside them stand the same sums by model alone: most questions ask for no more, and an account has few models where it has
thousands of series. Sums that an account could drive past 64 bits are numeric: a projection never refuses an event.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Cursor

from domain.events import EPOCH, MICROSECOND
from projections.grains import at_every_grain
from projections.read_model import Recorded, Tables, columns
from projections.router_sums import EXACT_SUMS, Delta, Key, LineDelta, ModelKey, Sums


class Level(NamedTuple):
    """What sums are kept by, and in which tables."""

    key: str
    type: str
    buckets: str
    lines: str


SERIES = Level("series", "uuid", "router_buckets", "router_lines")
MODEL = Level("model", 'text COLLATE "C"', "router_model_buckets", "router_model_lines")


def _tables(level: Level) -> tuple[str, str]:
    return (
        f"""
    CREATE TABLE {{{level.buckets}}} (
        account_id uuid NOT NULL,
        grain integer NOT NULL, -- seconds
        time timestamptz NOT NULL,
        {level.key} {level.type} NOT NULL,
        requests bigint NOT NULL,
        errors bigint NOT NULL,
        latency_ns numeric NOT NULL, -- sum over the requests that have one
        latencies bigint NOT NULL, -- how many have one
        tokens numeric NOT NULL,
        estimated bigint NOT NULL,
        unknown_tokens bigint NOT NULL,
        fee numeric NOT NULL, -- USD, sum of those that are known
        unpriced bigint NOT NULL, -- how many have no fee
        reported_cost numeric NOT NULL, -- USD, sum of what the reporters think, where they say
        reported_costs bigint NOT NULL, -- how many say
        position bigint NOT NULL, -- of the last event that changed it
        PRIMARY KEY (account_id, grain, time, {level.key})
    ) WITH (fillfactor = 80)""",
        f"""
    CREATE TABLE {{{level.lines}}} (
        account_id uuid NOT NULL,
        grain integer NOT NULL,
        time timestamptz NOT NULL,
        {level.key} {level.type} NOT NULL,
        direction text COLLATE "C" NOT NULL,
        category text COLLATE "C" NOT NULL,
        unit text COLLATE "C" NOT NULL,
        requests bigint NOT NULL, -- how many have this line
        quantity numeric NOT NULL,
        priced numeric NOT NULL, -- the part of the quantity that has a fee
        priced_requests bigint NOT NULL,
        fee numeric NOT NULL, -- USD
        PRIMARY KEY (account_id, grain, time, {level.key}, direction, category, unit)
    ) WITH (fillfactor = 80)""",
    )


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
    *_tables(SERIES),
    *_tables(MODEL),
)


class Change(NamedTuple):
    """What a batch adds, at each grain, and the series that occur in it."""

    deltas: dict[timedelta, dict[Key, Delta]]
    by_model: dict[timedelta, dict[ModelKey, Delta]]
    series: list[tuple[UUID, UUID, str, str | None, str | None]]


def prepare(added: Iterable[Recorded], taken: Iterable[Recorded] = ()) -> Change:
    """Sum up the router's requests: those that come in, less those as they stood before a change."""
    sums = Sums()
    sums.add(added)
    sums.take(taken)
    return change(sums)


def change(sums: Sums) -> Change:
    """The same at every grain, and by model."""
    with localcontext(EXACT_SUMS):
        rows = [(UUID(bytes=account), UUID(bytes=id), model, provider, key) for (account, model, provider, key), id in sums.series.items()]
        return Change(at_every_grain(sums.quarters, Delta), at_every_grain(sums.quarters_by_model(), Delta), rows)


def apply(cursor: Cursor[Any], tables: Tables, change: Change, *, shrinks: bool = False) -> None:
    """Add the sums to their buckets. What `shrinks` may leave buckets and lines without a request: they go."""
    if not change.series:
        return
    cursor.execute(tables.sql(ADD_SERIES), columns(change.series), prepare=True)
    for level, by_grain in ((SERIES, change.deltas), (MODEL, change.by_model)):
        for grain, deltas in by_grain.items():
            _add(cursor, tables, STATEMENTS[level], int(grain.total_seconds()), deltas, shrinks=shrinks)


def _add(
    cursor: Cursor[Any],
    tables: Tables,
    statements: "Statements",
    grain: int,
    deltas: Mapping[tuple[bytes, int, Any], Delta],
    *,
    shrinks: bool,
) -> None:
    keys = sorted(deltas)
    buckets = [(*_names(key, grain), *_sums(deltas[key])) for key in keys]
    lines = [(*_names(key, grain), *line, *_line_sums(delta)) for key in keys for line, delta in deltas[key].lines.items()]
    cursor.execute(tables.sql(statements.add_buckets), columns(buckets), prepare=True)
    if lines:
        cursor.execute(tables.sql(statements.add_lines), columns(lines), prepare=True)
    if shrinks:
        names = columns([_names(key, grain) for key in keys])
        cursor.execute(tables.sql(statements.delete_empty_lines), names)
        cursor.execute(tables.sql(statements.delete_empty_buckets), names)


def _names(key: tuple[bytes, int, Any], grain: int) -> tuple[Any, ...]:
    account, start, group = key
    return UUID(bytes=account), grain, EPOCH + start * MICROSECOND, UUID(bytes=group) if isinstance(group, bytes) else group


def _sums(delta: Delta) -> tuple[Any, ...]:
    return (
        delta.requests,
        delta.errors,
        Decimal(delta.latency_ns),
        delta.latencies,
        Decimal(delta.tokens),
        delta.estimated,
        delta.unknown_tokens,
        delta.fee,
        delta.unpriced,
        delta.reported_cost,
        delta.reported_costs,
        delta.position,
    )


def _line_sums(delta: LineDelta) -> tuple[Any, ...]:
    return delta.requests, Decimal(delta.quantity), Decimal(delta.priced), delta.priced_requests, delta.fee


ADD_SERIES = """
    INSERT INTO {router_series} SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::text[])
    ON CONFLICT DO NOTHING"""


class Statements(NamedTuple):
    """What changes the tables of a level."""

    add_buckets: str
    add_lines: str
    delete_empty_buckets: str
    delete_empty_lines: str


def _statements(level: Level) -> Statements:
    key, array = level.key, f"{level.type.split()[0]}[]"
    touched = f"""
    USING unnest(%b::uuid[], %b::int4[], %b::timestamptz[], %b::{array}) AS touched (account_id, grain, time, {key})
    WHERE kept.account_id = touched.account_id AND kept.grain = touched.grain AND kept.time = touched.time AND kept.{key} = touched.{key}
        AND kept.requests = 0"""
    return Statements(
        f"""
    INSERT INTO {{{level.buckets}}} AS bucket
    SELECT * FROM unnest(%b::uuid[], %b::int4[], %b::timestamptz[], %b::{array}, %b::int8[], %b::int8[], %b::numeric[],
                         %b::int8[], %b::numeric[], %b::int8[], %b::int8[], %b::numeric[], %b::int8[], %b::numeric[], %b::int8[],
                         %b::int8[])
    ON CONFLICT (account_id, grain, time, {key}) DO UPDATE SET
        requests = bucket.requests + excluded.requests,
        errors = bucket.errors + excluded.errors,
        latency_ns = bucket.latency_ns + excluded.latency_ns,
        latencies = bucket.latencies + excluded.latencies,
        tokens = bucket.tokens + excluded.tokens,
        estimated = bucket.estimated + excluded.estimated,
        unknown_tokens = bucket.unknown_tokens + excluded.unknown_tokens,
        fee = bucket.fee + excluded.fee,
        unpriced = bucket.unpriced + excluded.unpriced,
        reported_cost = bucket.reported_cost + excluded.reported_cost,
        reported_costs = bucket.reported_costs + excluded.reported_costs,
        position = greatest(bucket.position, excluded.position)""",
        f"""
    INSERT INTO {{{level.lines}}} AS line
    SELECT * FROM unnest(%b::uuid[], %b::int4[], %b::timestamptz[], %b::{array}, %b::text[], %b::text[], %b::text[],
                         %b::int8[], %b::numeric[], %b::numeric[], %b::int8[], %b::numeric[])
    ON CONFLICT (account_id, grain, time, {key}, direction, category, unit) DO UPDATE SET
        requests = line.requests + excluded.requests,
        quantity = line.quantity + excluded.quantity,
        priced = line.priced + excluded.priced,
        priced_requests = line.priced_requests + excluded.priced_requests,
        fee = line.fee + excluded.fee""",
        f"DELETE FROM {{{level.buckets}}} AS kept {touched}",
        f"DELETE FROM {{{level.lines}}} AS kept {touched}",
    )


STATEMENTS = {level: _statements(level) for level in (SERIES, MODEL)}

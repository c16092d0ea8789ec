"""History: a row per request."""

import struct
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Cursor

from domain.events import Outcome, Quantity, RequestCompleted, outcome
from domain.quantities import tokens
from domain.rating import Rated
from ledger.binary import (
    COPY_HEADER,
    COPY_TRAILER,
    NULL,
    POSTGRES_EPOCH_MICROSECONDS,
    Interned,
    int2_field,
    int8_field,
    numeric_field,
    text_field,
)
from projections.read_model import Recorded, Tables, columns

ROW = """
        account_id uuid NOT NULL,
        occurred_at timestamptz NOT NULL,
        id uuid NOT NULL, -- the request's stream in the log: begins with its time in milliseconds
        position bigint NOT NULL, -- of its latest event
        rated_at bigint NOT NULL, -- position before which the prices of its fee were recorded
        since bigint NOT NULL, -- position from which on the row holds
        version integer NOT NULL,
        voided boolean NOT NULL,
        channel text COLLATE "C" NOT NULL,
        source text COLLATE "C" NOT NULL,
        event_id text COLLATE "C" NOT NULL,
        request_id text COLLATE "C" NOT NULL,
        request_type text COLLATE "C",
        model text COLLATE "C" NOT NULL,
        model_version text COLLATE "C",
        provider text COLLATE "C",
        technology text COLLATE "C",
        service_tier text COLLATE "C",
        deployment text COLLATE "C",
        api_key text COLLATE "C",
        input text, -- JSON: [[category, unit, quantity, fee], …], without the fees where there is none; null is unknown.
        output text, -- As text, not jsonb: it is written for every request, and taken apart in Postgres for a few.
        input_tokens bigint,
        output_tokens bigint,
        total_tokens bigint,
        ttft_ns bigint,
        latency_ns bigint,
        gateway_latency_ns bigint,
        status_code smallint,
        error_message text,
        outcome text COLLATE "C" NOT NULL,
        usage_source text COLLATE "C" NOT NULL,
        fee numeric, -- USD; the sum of its lines' fees
        reported_cost numeric -- USD, as its reporter thinks
        """
FAILURE = "(outcome <> 'success' OR error_message IS NOT NULL)"
KEYS = ("ALTER TABLE {history} ADD PRIMARY KEY (account_id, occurred_at, id)",)
INDEXES = (  # why each, and what it costs: docs/query-plans.md
    f"CREATE INDEX ON {{history}} (account_id, occurred_at, id) WHERE {FAILURE}",
    f"CREATE INDEX ON {{history}} (account_id, coalesce(status_code, 0), occurred_at) WHERE {FAILURE}",
    # Which pages may hold a value: kept for next to nothing, where a tree for each column takes as long as the rows themselves.
    (
        "CREATE INDEX ON {history} USING brin (account_id uuid_bloom_ops, request_id text_bloom_ops, model text_bloom_ops,"
        " (coalesce(api_key, '')) text_bloom_ops, (coalesce(provider, '')) text_bloom_ops) WITH (pages_per_range = 32, autosummarize = on)"
    ),
)
CREATE = (f"CREATE TABLE {{history}} ({ROW})", *KEYS, *INDEXES)
DELETE = """
    DELETE FROM {history} AS request USING unnest(%b::uuid[], %b::timestamptz[], %b::uuid[]) AS replaced (account_id, occurred_at, id)
    WHERE request.account_id = replaced.account_id AND request.occurred_at = replaced.occurred_at AND request.id = replaced.id"""
COPIED = (  # those that come again and again stand together
    "account_id, occurred_at, id, position, rated_at, since, version, voided",
    "channel, source, request_type, model, model_version, provider, technology, service_tier, deployment, api_key, usage_source",
    "status_code, outcome",
    "event_id, request_id, input, output, input_tokens, output_tokens, total_tokens, ttft_ns, latency_ns, gateway_latency_ns",
    "error_message, fee, reported_cost",
)
COPY = f"COPY {{history}} ({', '.join(COPIED)}) FROM STDIN (FORMAT BINARY)"
COLUMNS = len(", ".join(COPIED).split(", "))

_head = struct.Struct(">hi16siqi16siqiqiqiii?").pack
_length = struct.Struct(">i").pack
_three = struct.Struct(">iqiqiq").pack
_to_json = msgspec.json.Encoder(decimal_format="number").encode
OUTCOMES = {outcome: text_field(outcome.value) for outcome in Outcome}
NO_DURATIONS = 3 * NULL


Common = tuple[*tuple[str | None, ...], int | None, bool]
"""Texts, status code, and whether an error was told: what requests have in common with others."""
_text = Interned(text_field)


def _common_fields(common: Common) -> bytes:
    *texts, status_code, told_error = common
    fields = [_text[text] for text in texts]
    return b"".join((*fields, int2_field(status_code), OUTCOMES[outcome(status_code, told_error=told_error)]))


_common = Interned(_common_fields)


class StoredLine(msgspec.Struct, array_like=True, gc=False):
    """One line of a side of a request, as it is stored."""

    category: str
    unit: str
    quantity: int
    fee: Decimal | None = None


lines_of = msgspec.json.Decoder(list[StoredLine]).decode


class Row(NamedTuple):
    """A request as it stands: after `version` events, the latest at `position`; rated with the prices recorded before `rated_at`.

    It has been so since the log came to `since`: where a correction was recorded before its request, that is the request's position.
    """

    account_id: bytes
    originator_id: bytes
    position: int
    rated_at: int
    since: int
    version: int
    voided: bool
    request: RequestCompleted
    rated: Rated


def rows(requests: Sequence[Recorded]) -> bytes:
    """A row for each, as COPY takes them, one behind the other."""
    fields: list[bytes] = []
    for position, id, account_id, event, rated in requests:
        fields += _fields(account_id, id, position, position, position, 1, False, event, rated)  # pyright: ignore[reportArgumentType] - they are requests
    return b"".join(fields)


def copy_of(rows: Iterable[bytes]) -> bytes:
    """The whole of a COPY."""
    return b"".join((COPY_HEADER, *rows, COPY_TRAILER))


def apply(cursor: Cursor[Any], tables: Tables, rows: bytes) -> None:
    """Write them."""
    with cursor.copy(tables.sql(COPY)) as copy:
        copy.write(rows)


def replace(cursor: Cursor[Any], tables: Tables, rows: Sequence[Row]) -> None:
    """Write rows in place of those of the same requests."""
    keys = [(UUID(bytes=row.account_id), row.request.time, UUID(bytes=row.originator_id)) for row in rows]
    cursor.execute(tables.sql(DELETE), columns(keys))
    apply(cursor, tables, copy_of([row_of(row) for row in rows]))


def row_of(row: Row) -> bytes:
    """A row, as COPY takes it."""
    return b"".join(_fields(*row))


def _fields(  # noqa: PLR0917 - those of Row: to make one for every request would take as long as a third of this
    account_id: bytes,
    originator_id: bytes,
    position: int,
    rated_at: int,
    since: int,
    version: int,
    voided: bool,
    event: RequestCompleted,
    rated: Rated,
) -> tuple[bytes, ...]:
    """The request's COPY row, in parts."""
    id = text_field(event.id)
    fee, input_fees, output_fees = rated
    input, output = event.input, event.output
    head = _head(
        COLUMNS, 16, account_id, 8, event.occurred_at - POSTGRES_EPOCH_MICROSECONDS, 16, originator_id,
        8, position, 8, rated_at, 8, since, 4, version, 1, voided,
    )  # fmt: skip
    return (
        head,
        _common[
            event.channel,
            event.source,
            event.request_type,
            event.model,
            event.model_version,
            event.provider,
            event.technology,
            event.service_tier,
            event.deployment,
            event.api_key,
            event.usage_source,
            event.status_code,
            event.error_message is not None,
        ],
        id,
        id if event.request_id is None else text_field(event.request_id),
        NULL if input is None else _side(input, input_fees),
        NULL if output is None else _side(output, output_fees),
        _tokens(tokens(input), tokens(output)),
        _durations(event),
        NULL if event.error_message is None else text_field(event.error_message),
        NULL if fee is None else numeric_field(fee),
        NULL if event.reported_cost is None else numeric_field(Decimal(event.reported_cost)),
    )


def priced_json(quantities: Sequence[Quantity] | None, fees: Sequence[Decimal] | None) -> str | None:
    """One side of a request as the table has it, as JSON."""
    return None if quantities is None else _priced_json(quantities, fees).decode()


def quantities_of(lines: str) -> tuple[tuple[Quantity, ...], tuple[Decimal, ...] | None]:
    """Quantities and fees of one side of a request, from the JSON that the table has; fees are null where there are none."""
    found = lines_of(lines)
    fees = tuple(line.fee for line in found if line.fee is not None)
    return tuple((line.category, line.unit, line.quantity) for line in found), fees if len(fees) == len(found) else None


def _priced_json(quantities: Sequence[Quantity], fees: Sequence[Decimal] | None) -> bytes:
    if fees is None:
        return _to_json(quantities)
    return _to_json([(*quantity, fee) for quantity, fee in zip(quantities, fees, strict=True)])


def _side(quantities: Sequence[Quantity], fees: Sequence[Decimal] | None) -> bytes:
    json = _priced_json(quantities, fees)
    return _length(len(json)) + json


def _tokens(input: int | None, output: int | None) -> bytes:
    """input_tokens, output_tokens, total_tokens."""
    if input is not None and output is not None:
        return _three(8, input, 8, output, 8, input + output)
    total = output if input is None else input
    return int8_field(input) + int8_field(output) + int8_field(total)


def _durations(event: RequestCompleted) -> bytes:
    """ttft_ns, latency_ns, gateway_latency_ns."""
    ttft, latency, gateway = event.ttft_ns, event.latency_ns, event.gateway_latency_ns
    if ttft is None and latency is None and gateway is None:
        return NO_DURATIONS
    if ttft is not None and latency is not None and gateway is not None:
        return _three(8, ttft, 8, latency, 8, gateway)
    return int8_field(ttft) + int8_field(latency) + int8_field(gateway)

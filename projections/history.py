"""History: a row per request."""

import struct
from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import Cursor

from domain.events import RequestCompleted
from domain.quantities import tokens
from ledger.binary import COPY_HEADER, COPY_TRAILER, NULL, InternedTexts, int2_field, int8_field, jsonb_field, text_field, timestamp
from projections.read_model import Recorded, Tables

CREATE = (
    """
    CREATE TABLE {history} (
        account_id uuid NOT NULL,
        occurred_at timestamptz NOT NULL,
        id uuid NOT NULL, -- the request's stream in the log: begins with its time in milliseconds
        position bigint NOT NULL, -- of its latest event
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
        deployment text COLLATE "C",
        api_key text COLLATE "C",
        input jsonb, -- [[category, unit, quantity], …]; null is unknown
        output jsonb,
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
        PRIMARY KEY (account_id, occurred_at, id)
    )""",
)
COPY = "COPY {history} FROM STDIN (FORMAT BINARY)"
COLUMNS = 29

_head = struct.Struct(">hi16siqi16siqiii?").pack
_three = struct.Struct(">iqiqiq").pack
_to_json = msgspec.json.Encoder().encode
_interned = InternedTexts()


def prepare(batch: Sequence[Recorded]) -> bytes:
    """A row per request, as the whole of a COPY."""
    return b"".join((COPY_HEADER, *map(_row, batch), COPY_TRAILER))


def apply(cursor: Cursor[Any], tables: Tables, rows: bytes) -> None:
    """Write them."""
    with cursor.copy(tables.sql(COPY)) as copy:
        copy.write(rows)


def _row(recorded: Recorded) -> bytes:
    """The request's COPY row, in the order of the table's columns."""
    position, originator_id, account_id, event = recorded
    assert isinstance(event, RequestCompleted)
    interned = _interned
    id = text_field(event.id)
    return b"".join(
        (
            _head(COLUMNS, 16, account_id, 8, timestamp(event.occurred_at), 16, originator_id, 8, position, 4, 1, 1, False),
            interned[event.channel],
            interned[event.source],
            id,
            id if event.request_id is None else text_field(event.request_id),
            interned[event.request_type],
            interned[event.model],
            interned[event.model_version],
            interned[event.provider],
            interned[event.technology],
            interned[event.deployment],
            interned[event.api_key],
            NULL if event.input is None else jsonb_field(_to_json(event.input)),
            NULL if event.output is None else jsonb_field(_to_json(event.output)),
            _tokens(event),
            _durations(event),
            int2_field(event.status_code),
            NULL if event.error_message is None else text_field(event.error_message),
            interned[event.outcome.value],
            interned[event.usage_source],
        )
    )


def _tokens(event: RequestCompleted) -> bytes:
    """input_tokens, output_tokens, total_tokens."""
    input, output = tokens(event.input), tokens(event.output)
    if input is not None and output is not None:
        return _three(8, input, 8, output, 8, input + output)
    total = output if input is None else input
    return int8_field(input) + int8_field(output) + int8_field(total)


def _durations(event: RequestCompleted) -> bytes:
    """ttft_ns, latency_ns, gateway_latency_ns."""
    ttft, latency, gateway = event.ttft_ns, event.latency_ns, event.gateway_latency_ns
    if ttft is not None and latency is not None and gateway is not None:
        return _three(8, ttft, 8, latency, 8, gateway)
    return int8_field(ttft) + int8_field(latency) + int8_field(gateway)

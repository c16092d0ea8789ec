"""History: a row per request."""

import struct
from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import Cursor

from domain.events import Quantity, RequestCompleted
from domain.quantities import tokens
from ledger.binary import COPY_HEADER, COPY_TRAILER, InternedTexts, int2_field, int8_field, jsonb_field, text_field, timestamp
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
_to_json = msgspec.json.Encoder().encode
_interned = InternedTexts()


def project(cursor: Cursor[Any], tables: Tables, batch: Sequence[Recorded]) -> None:
    """A row per request of `batch`."""
    with cursor.copy(tables.sql(COPY)) as copy:
        copy.write(b"".join((COPY_HEADER, *map(_row, batch), COPY_TRAILER)))


def _row(recorded: Recorded) -> bytes:
    """The request's COPY row, in the order of the table's columns."""
    event = recorded.event
    assert isinstance(event, RequestCompleted)
    input, output = tokens(event.input), tokens(event.output)
    total = None if input is None and output is None else (input or 0) + (output or 0)
    interned = _interned
    return b"".join(
        (
            _head(
                COLUMNS, 16, recorded.account_id.bytes, 8, timestamp(event.occurred_at), 16, recorded.originator_id,
                8, recorded.position, 4, 1, 1, False,
            ),
            interned[event.channel],
            interned[event.source],
            text_field(event.id),
            text_field(event.request_id or event.id),
            interned[event.request_type],
            interned[event.model],
            interned[event.model_version],
            interned[event.provider],
            interned[event.technology],
            interned[event.deployment],
            interned[event.api_key],
            _quantities(event.input),
            _quantities(event.output),
            int8_field(input),
            int8_field(output),
            int8_field(total),
            int8_field(event.ttft_ns),
            int8_field(event.latency_ns),
            int8_field(event.gateway_latency_ns),
            int2_field(event.status_code),
            text_field(event.error_message),
            interned[event.outcome.value],
            interned[event.usage_source],
        )
    )  # fmt: skip


def _quantities(quantities: tuple[Quantity, ...] | None) -> bytes:
    return jsonb_field(None if quantities is None else _to_json(quantities))

"""The past of history: what a request was before a correction or another rating, and from which position to which it was that."""

import struct
from collections.abc import Sequence
from typing import Any

from psycopg import Cursor

from ledger.binary import int8_field
from projections import history
from projections.history import COLUMNS, COPIED, ROW, Row
from projections.read_model import Tables

CREATE = (
    f"""
    CREATE TABLE {{history_past}} ({ROW},
        until bigint NOT NULL, -- position from which on the row does not hold any more
        PRIMARY KEY (account_id, occurred_at, id, since)
    )""",
)
COPY = f"COPY {{history_past}} ({', '.join(COPIED)}, until) FROM STDIN (FORMAT BINARY)"
AS_OF = f"""(
    SELECT {", ".join(COPIED)} FROM {{history}} WHERE since <= %(as_of)s
    UNION ALL
    SELECT {", ".join(COPIED)} FROM {{history_past}} WHERE since <= %(as_of)s AND until > %(as_of)s
)"""

_columns = struct.Struct(">h")
COUNT = _columns.pack(COLUMNS + 1)


def apply(cursor: Cursor[Any], tables: Tables, past: Sequence[tuple[Row, int]]) -> None:
    """Keep what requests were, each with the position from which on it is something else. What held at no position is not kept."""
    rows = [COUNT + history.row_of(row)[_columns.size :] + int8_field(until) for row, until in past if row.since < until]
    if rows:
        with cursor.copy(tables.sql(COPY)) as copy:
            copy.write(history.copy_of(rows))


def requests_as_of(position: int | None) -> str:
    """Requests as they stand, or as they did when the log was at `position`: a table to select from, which takes `as_of`."""
    return "{history}" if position is None else AS_OF

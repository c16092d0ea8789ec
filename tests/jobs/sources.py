"""Usage in a table of the test's own, read by the process that renders. A gate lets a test stop it half way."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from jobs.request import ExportRequest
from jobs.usage import Quantity, UsageRow, UsageSnapshot

GATE = 20_261_123  # key of an advisory lock
GATE_AFTER_ROWS = 1_000
POSITION = 4_711
COMPLETE_THROUGH = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TableSource:
    """Rows of the table `usage`, of one account each; waits after GATE_AFTER_ROWS while somebody holds the gate."""

    database_url: str

    @contextmanager
    def open(self, request: ExportRequest) -> Iterator[UsageSnapshot]:
        # Postgres notices a client that was killed only when it looks; a query that waits does not end otherwise.
        with psycopg.connect(self.database_url, options="-c client_connection_check_interval=100ms") as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            cursor = connection.cursor(row_factory=tuple_row)
            count, requests, prompt, fee = cursor.execute(TOTALS, [request.account_id]).fetchone() or (0, 0, 0, None)
            rows = connection.cursor("rows", row_factory=tuple_row)
            rows.itersize = 500
            rows.execute(ROWS, [request.account_id])
            yield UsageSnapshot(
                position=POSITION,
                position_label="p-4711",
                complete_through=COMPLETE_THROUGH,
                currency="USD",
                row_count=count,
                totals=usage_row(None, None, requests, prompt, fee),
                rows=self._gated(connection, rows),
            )

    def _gated(self, connection: psycopg.Connection[Any], rows: Any) -> Iterator[UsageRow]:
        for i, row in enumerate(rows):
            if i == GATE_AFTER_ROWS:
                connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
            yield usage_row(*row)


@dataclass(frozen=True, slots=True)
class BrokenSource:
    """Fails each time, with this error."""

    error: Exception

    @contextmanager
    def open(self, _: ExportRequest) -> Iterator[UsageSnapshot]:
        raise self.error
        yield


@dataclass(frozen=True, slots=True)
class DyingSource:
    """Ends its process as the kernel ends one that takes too much memory."""

    @contextmanager
    def open(self, _: ExportRequest) -> Iterator[Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        yield


def usage_row(time: datetime | None, model: str | None, requests: int, prompt: int, fee: Decimal | None) -> UsageRow:
    return UsageRow(
        time=time,
        model=model,
        requests=requests,
        input_tokens=prompt,
        output_tokens=0,
        total_tokens=prompt,
        input=(Quantity("prompt", "token", "Prompt tokens", prompt),),
        fee=fee,
    )


def fill_usage(database_url: str, account_id: Any, rows: int) -> None:
    """`rows` hours of usage; every third has no price."""
    first = datetime(2026, 10, 1, tzinfo=UTC)
    with psycopg.connect(database_url) as connection:
        connection.execute(CREATE)
        connection.cursor().executemany(
            "INSERT INTO usage VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (account_id, first + timedelta(hours=i), f"model-{i % 3}", i + 1, 10 * i, None if i % 3 == 0 else Decimal(i) / 10**9)
                for i in range(rows)
            ],
        )


CREATE = """
    CREATE TABLE IF NOT EXISTS usage (
        account_id uuid, time timestamptz, model text, requests bigint, prompt bigint, fee numeric
    )
"""
TOTALS = "SELECT count(*), coalesce(sum(requests), 0)::bigint, coalesce(sum(prompt), 0)::bigint, sum(fee) FROM usage WHERE account_id = %s"
ROWS = "SELECT time, model, requests, prompt, fee FROM usage WHERE account_id = %s ORDER BY time"

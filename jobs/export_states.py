"""Exports as their owners see them: the table `jobs.exports`, written in the transaction that records the event.

Beside what the log says, a row carries two things the log has no use for: how far the running attempt has come, and
when somebody must look at the export again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier, Placeholder

from jobs.application import Statement
from jobs.export import Export, ExportStatus
from jobs.request import ExportFormat

CHANNEL = "tallygraph_exports"  # NOTIFY channel; the payload is the id of an export that changed

CREATE = (
    """
    CREATE TABLE IF NOT EXISTS jobs.exports (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL,
        version bigint NOT NULL,
        status text NOT NULL,
        format text NOT NULL,
        attempt int NOT NULL,
        rows_done bigint NOT NULL DEFAULT 0,
        rows_total bigint,
        row_count bigint,
        file_name text,
        file_size bigint,
        sha256 text,
        position bigint,
        complete_through timestamptz,
        error text,
        created_at timestamptz NOT NULL,
        completed_at timestamptz,
        expires_at timestamptz,
        wake_at timestamptz
    )""",
    "CREATE INDEX IF NOT EXISTS exports_of_account ON jobs.exports (account_id, created_at DESC, id DESC)",
    "CREATE INDEX IF NOT EXISTS exports_to_wake ON jobs.exports (wake_at) WHERE wake_at IS NOT NULL",
)


@dataclass(frozen=True, slots=True)
class ExportState:
    """`rows_total` is None until the running attempt knows; `position` is the place in the log that the file shows."""

    id: UUID
    account_id: UUID
    version: int
    status: ExportStatus
    format: ExportFormat
    attempt: int
    rows_done: int
    rows_total: int | None
    row_count: int | None
    file_name: str | None
    file_size: int | None
    sha256: str | None
    position: int | None
    complete_through: datetime | None
    error: str | None
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime | None

    @property
    def progress(self) -> float:
        """0 to 1, of real rows; starts again with each attempt."""
        if self.status in (ExportStatus.COMPLETED, ExportStatus.EXPIRED):
            return 1.0
        return self.rows_done / self.rows_total if self.rows_total else 0.0


@dataclass(frozen=True, slots=True)
class ExportKey:
    """Where a page of exports ends: the key of its last export."""

    created_at: datetime
    id: UUID


_PROGRESS = ("rows_done", "rows_total")
_FROM_THE_LOG = [field.name for field in fields(ExportState) if field.name not in _PROGRESS] + ["wake_at"]

_WRITE = SQL("""
    INSERT INTO jobs.exports AS e ({names}) VALUES ({values})
    ON CONFLICT (id) DO UPDATE SET ({names}) = ROW ({excluded}),
        rows_done = CASE WHEN e.attempt = excluded.attempt THEN e.rows_done ELSE 0 END,
        rows_total = CASE WHEN e.attempt = excluded.attempt THEN e.rows_total END
""").format(
    names=SQL(", ").join(map(Identifier, _FROM_THE_LOG)),
    values=SQL(", ").join(map(Placeholder, _FROM_THE_LOG)),
    excluded=SQL(", ").join(Identifier("excluded", name) for name in _FROM_THE_LOG),
)


def statements(export: Export, wake_at: datetime | None) -> list[Statement]:
    """To run where an event of the export is recorded: they write its row, and tell who listens."""
    file = export.file
    row = {
        "id": export.id,
        "account_id": export.request.account_id,
        "version": export.version,
        "status": export.status,
        "format": export.request.format,
        "attempt": export.attempt,
        "row_count": file and file.row_count,
        "file_name": file and file.name,
        "file_size": file and file.size,
        "sha256": file and file.sha256,
        "position": file and file.position,
        "complete_through": file and file.complete_through,
        "error": export.error,
        "created_at": export.created_on,
        "completed_at": export.completed_at,
        "expires_at": export.expires_at,
        "wake_at": wake_at,
    }
    return [Statement(_WRITE, row), Statement("SELECT pg_notify(%s, %s)", (CHANNEL, str(export.id)))]


_SELECT = SQL("SELECT {} FROM jobs.exports ").format(SQL(", ").join(Identifier(field.name) for field in fields(ExportState)))

_STATE = _SELECT + SQL("WHERE id = %s AND (%s::uuid IS NULL OR account_id = %s)")

_PAGE = _SELECT + SQL("""
    WHERE account_id = %s AND (%s::timestamptz IS NULL OR (created_at, id) < (%s, %s))
    ORDER BY created_at DESC, id DESC LIMIT %s
""")

_COUNT = """
    SELECT count(*) AS n FROM jobs.exports
    WHERE account_id = %s AND (NOT %s OR status IN ('PENDING', 'RUNNING'))
"""

_REPORT = """
    WITH moved AS (
        UPDATE jobs.exports SET rows_done = %s, rows_total = %s
        WHERE id = %s AND attempt = %s AND status = 'RUNNING' RETURNING id
    )
    SELECT pg_notify(%s, id::text) FROM moved
"""

_HOLDS = "SELECT 1 FROM jobs.exports WHERE id = %s AND attempt = %s AND status = 'RUNNING'"

# Timers of several processes take different exports, and none waits for another.
_WAKE = """
    UPDATE jobs.exports SET wake_at = statement_timestamp() + %s
    WHERE id IN (
        SELECT id FROM jobs.exports WHERE wake_at <= statement_timestamp() ORDER BY wake_at LIMIT %s FOR UPDATE SKIP LOCKED
    )
    RETURNING id
"""


def state_of_export(cursor: Cursor[DictRow], export_id: UUID, account_id: UUID | None) -> ExportState | None:
    """`account_id` None is for those who may see every account's."""
    row = cursor.execute(_STATE, [export_id, account_id, account_id], prepare=True).fetchone()
    return None if row is None else _from_row(row)


def exports_of_account(cursor: Cursor[DictRow], account_id: UUID, *, first: int, after: ExportKey | None) -> Sequence[ExportState]:
    """Up to `first` exports, newest first."""
    created_at, last = (after.created_at, after.id) if after else (None, None)
    rows = cursor.execute(_PAGE, [account_id, created_at, created_at, last, first], prepare=True)
    return [_from_row(row) for row in rows]


def count_of_account(cursor: Cursor[DictRow], account_id: UUID, *, unfinished: bool = False) -> int:
    """How many exports an account has, or how many of them are not over."""
    row = cursor.execute(_COUNT, [account_id, unfinished], prepare=True).fetchone()
    assert row is not None
    return row["n"]


def report(cursor: Cursor[DictRow], export_id: UUID, attempt: int, rows_done: int, rows_total: int) -> bool:
    """Writes how far an attempt has come and tells followers; False where the attempt no longer holds the export."""
    return bool(cursor.execute(_REPORT, [rows_done, rows_total, export_id, attempt, CHANNEL], prepare=True).fetchall())


def holds(cursor: Cursor[DictRow], export_id: UUID, attempt: int) -> bool:
    return bool(cursor.execute(_HOLDS, [export_id, attempt], prepare=True).fetchall())


def wake_overdue(cursor: Cursor[DictRow], *, again_after: timedelta, limit: int) -> list[UUID]:
    """Exports that somebody must look at now; they are overdue again when nobody did."""
    return [row["id"] for row in cursor.execute(_WAKE, [again_after, limit], prepare=True)]


def _from_row(row: DictRow) -> ExportState:
    return ExportState(**{**row, "status": ExportStatus(row["status"])})

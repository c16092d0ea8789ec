"""Exports as their owners see them: the table `jobs.exports`."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from jobs.application import Statement
from jobs.export import Export
from jobs.job_states import JobState, JobTable
from jobs.request import ExportFormat

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
class ExportState(JobState):
    """`rows_total` is None until the running attempt knows; `position` is the place in the log that the file shows."""

    PROGRESS: ClassVar[tuple[str, str]] = ("rows_done", "rows_total")

    format: ExportFormat
    rows_done: int
    rows_total: int | None
    row_count: int | None
    file_name: str | None
    file_size: int | None
    sha256: str | None
    position: int | None
    complete_through: datetime | None
    expires_at: datetime | None


EXPORTS = JobTable("exports", ExportState)


def statements(export: Export, wake_at: datetime | None) -> list[Statement]:
    """To run where an event of the export is recorded."""
    file = export.file
    return EXPORTS.statements(
        export,
        export.request.account_id,
        wake_at,
        format=export.request.format,
        row_count=file and file.row_count,
        file_name=file and file.name,
        file_size=file and file.size,
        sha256=file and file.sha256,
        position=file and file.position,
        complete_through=file and file.complete_through,
        expires_at=export.expires_at,
    )

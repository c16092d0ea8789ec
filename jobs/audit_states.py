"""Audits as their owners see them: the table `jobs.audits`."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from jobs.application import Statement
from jobs.audit import Audit
from jobs.audit_request import file_name
from jobs.job import JobStatus
from jobs.job_states import JobState, JobTable

CREATE = (
    """
    CREATE TABLE IF NOT EXISTS jobs.audits (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL,
        account_key text NOT NULL,
        period_from timestamptz NOT NULL,
        period_to timestamptz NOT NULL,
        version bigint NOT NULL,
        status text NOT NULL,
        attempt int NOT NULL,
        positions_done bigint NOT NULL DEFAULT 0,
        positions_total bigint,
        position bigint,
        digest text,
        events bigint,
        differences bigint,
        error text,
        created_at timestamptz NOT NULL,
        completed_at timestamptz,
        wake_at timestamptz
    )""",
    "CREATE INDEX IF NOT EXISTS audits_of_account ON jobs.audits (account_id, created_at DESC, id DESC)",
    "CREATE INDEX IF NOT EXISTS audits_to_wake ON jobs.audits (wake_at) WHERE wake_at IS NOT NULL",
)


@dataclass(frozen=True, slots=True)
class AuditState(JobState):
    """`positions_total` is None until the running attempt knows; `position` to `differences` are None until there is a verdict."""

    PROGRESS: ClassVar[tuple[str, str]] = ("positions_done", "positions_total")

    account_key: str
    period_from: datetime
    period_to: datetime
    positions_done: int
    positions_total: int | None
    position: int | None
    digest: str | None
    events: int | None
    differences: int | None

    @property
    def verdict(self) -> str:
        """MATCHED or DIFFERENT, once it is completed; until then, and where it does not come to that, its status."""
        if self.status is not JobStatus.COMPLETED:
            return self.status
        return "DIFFERENT" if self.differences else "MATCHED"

    @property
    def file_name(self) -> str:
        """What the file with its result is called."""
        return file_name(self.account_key, self.period_from, self.period_to)


AUDITS = JobTable("audits", AuditState)


def statements(audit: Audit, wake_at: datetime | None) -> list[Statement]:
    """To run where an event of the audit is recorded."""
    request, verdict = audit.request, audit.verdict
    return AUDITS.statements(
        audit,
        request.account_id,
        wake_at,
        account_key=request.account_key,
        period_from=request.period_from,
        period_to=request.period_to,
        position=verdict and verdict.position,
        digest=verdict and verdict.digest,
        events=verdict and verdict.events,
        differences=verdict and verdict.differences,
    )

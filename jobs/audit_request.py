"""What someone asks an audit to prove."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from jobs.request import check_period, file_stem
from projections.audits import AuditOf
from projections.router_facts import Range


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """The figures of one account in the half-open period [period_from, period_to), as of a position in the log.

    `up_to` None is the position that the read models are at when they are compared.
    """

    account_id: UUID
    account_key: str
    period_from: datetime
    period_to: datetime
    up_to: int | None = None

    @property
    def of(self) -> AuditOf:
        """The same, as those who replay take it."""
        return AuditOf(self.account_id, self.account_key, Range(self.period_from, self.period_to), self.up_to)


def file_name(account_key: str, period_from: datetime, period_to: datetime) -> str:
    """What people see, with days in UTC."""
    return f"{file_stem(account_key, 'audit', period_from, period_to, UTC)}.json"


def checked(request: AuditRequest) -> AuditRequest:
    """The same request. Raises InvalidRequestError."""
    check_period(request.period_from, request.period_to)
    return request

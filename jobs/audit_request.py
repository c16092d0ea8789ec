"""What someone asks an audit to prove."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from jobs.request import MAX_SLUG, check_period
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
    """What people see: account, first and last day in UTC; safe in a URL and on any disk."""
    account = re.sub(r"[^A-Za-z0-9.-]+", "-", account_key).strip(".-")[:MAX_SLUG] or "account"
    first, last = (instant.astimezone(UTC).date() for instant in (period_from, period_to - timedelta(microseconds=1)))
    return f"{account}-audit-{first}-to-{last}.json"


def checked(request: AuditRequest) -> AuditRequest:
    """The same request. Raises InvalidRequestError."""
    check_period(request.period_from, request.period_to)
    return request

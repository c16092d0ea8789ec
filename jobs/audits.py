"""What can be done to audits, and what can be asked about them. Blocking; graph/ uses `AuditDesk`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from jobs import audit_states
from jobs.application import JobsLog, Statement
from jobs.audit import Audit
from jobs.audit_request import AuditRequest, checked
from jobs.audit_states import AUDITS, AuditState
from jobs.job import JobStatus
from jobs.jobs import JobRules, Jobs
from ledger.application import CELL
from projections import audit_differences
from projections.audit_differences import Difference, PageOf
from projections.audits import Verdict

MAX_UNFINISHED_AUDITS = 5  # that one account may wait for at a time: each replays the whole log


class Audits(Jobs[Audit, AuditState, JobRules]):
    NOUN = Audit.NOUN
    MAX_UNFINISHED = MAX_UNFINISHED_AUDITS

    def __init__(self, log: JobsLog, rules: JobRules, cell: str = CELL) -> None:
        super().__init__(log, rules, AUDITS)
        self._cell = cell

    def request(self, request: AuditRequest) -> AuditState:
        """Records the wish; ring for it afterwards. Raises InvalidRequestError, TooManyJobsError."""
        return self._ask(request.account_id, lambda now: Audit.ask(uuid4(), checked(request), now))

    def complete(self, audit_id: UUID, attempt: int, verdict: Verdict) -> None:
        self._change(audit_id, lambda audit, now: audit.complete(attempt, verdict, now))

    def differences(self, state: AuditState, *, first: int, after: int = 0) -> Sequence[Difference]:
        """Up to `first` of the differences past number `after`: none but those that the verdict counts."""
        [found] = self.differences_of_each([(state, first, after)])
        return found

    def differences_of_each(self, asked: Sequence[tuple[AuditState, int, int]]) -> Sequence[Sequence[Difference]]:
        """The same of several audits, in one statement: of each, up to so many past a number."""
        pages = [_page(*each) for each in asked]
        if all(each.limit == 0 for each in pages):
            return [[] for _ in pages]
        with self._log.datastore.cursor() as cursor:
            return audit_differences.pages(cursor, self._cell, pages)

    def forget_differences(self, state: AuditState) -> None:
        """Of an attempt that came to no verdict."""
        with self._log.datastore.cursor() as cursor:
            audit_differences.forget(cursor, self._cell, state.account_id, state.id)

    def _statements(self, job: Audit, wake_at: datetime | None) -> list[Statement]:
        return audit_states.statements(job, wake_at)


def _page(state: AuditState, first: int, after: int) -> PageOf:
    found = state.differences or 0 if state.status is JobStatus.COMPLETED else 0
    return PageOf(state.account_id, state.id, after, max(0, min(first, found - after)))

"""Jobs for the asynchronous web process: ask for one, follow it, cancel it, fetch what it has made."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID

from jobs.audit_request import AuditRequest
from jobs.audit_states import AuditState
from jobs.audits import Audits
from jobs.errors import JobNotFoundError
from jobs.export_states import ExportState
from jobs.exports import Exports
from jobs.files import FileStore
from jobs.job import JobStatus
from jobs.job_states import JobKey, JobState, PageOf
from jobs.jobs import Jobs
from jobs.office import Office
from jobs.request import ExportRequest
from ledger.followers import Place
from projections.audit_differences import Difference

State = TypeVar("State", bound=JobState)


class Desk(Generic[State]):
    """What can be asked of jobs of any kind."""

    def __init__(self, jobs: Jobs[Any, State, Any], office: Office) -> None:
        self._jobs = jobs
        self._office = office

    async def cancel(self, job_id: UUID, account_id: UUID | None) -> State:
        """Raises JobNotFoundError, JobFinishedError. `account_id` None is for those who may see every account's."""
        return await self._office.blocking(self._jobs.cancel, job_id, account_id)

    async def get(self, job_id: UUID, account_id: UUID | None) -> State | None:
        """None where there is no such job, and where it is another account's."""
        try:
            return await self._office.blocking(self._jobs.state, job_id, account_id)
        except JobNotFoundError:
            return None

    async def page(self, account_id: UUID, *, first: int, after: JobKey | None = None) -> Sequence[State]:
        """Up to `first` jobs, newest first; ask for one more than is shown to know whether there are more."""
        return await self._office.blocking(self._jobs.page, account_id, first=first, after=after)

    async def pages(self, asked: Sequence[PageOf]) -> Sequence[Sequence[State]]:
        """The same of several accounts at once."""
        return await self._office.blocking(self._jobs.pages, asked)

    async def counts(self, account_ids: Sequence[UUID]) -> Sequence[int]:
        """All jobs of this kind, of each account."""
        return await self._office.blocking(self._jobs.counts, account_ids)

    def news_of(self, job_id: UUID, owner: UUID) -> Place[UUID]:
        """A place among those who follow the job of this account. Whoever is told of news looks at the job."""
        return self._office.news.about(job_id, owner)

    def _rung(self, state: State) -> State:
        self._office.ring(state.id, self._jobs.NOUN)
        return state


class ExportDesk(Desk[ExportState]):
    def __init__(self, exports: Exports, office: Office, store: FileStore) -> None:
        super().__init__(exports, office)
        self._exports = exports
        self._store = store

    async def request(self, request: ExportRequest) -> ExportState:
        """Answers once the wish is in the log. Raises InvalidRequestError, TooManyJobsError."""
        return self._rung(await self._office.blocking(self._exports.request, request))

    async def requests(self, export_ids: Sequence[UUID]) -> Sequence[ExportRequest]:
        """What was asked for, of several exports at once."""
        return await self._office.blocking(self._exports.requests, export_ids)

    def file(self, state: ExportState) -> Path | None:
        """The file of a completed export, to be sent to its owner; None where there is none (any more)."""
        path = self._store.path(state.id, state.attempt, state.format)
        return path if state.status is JobStatus.COMPLETED and path.is_file() else None


class AuditDesk(Desk[AuditState]):
    def __init__(self, audits: Audits, office: Office) -> None:
        super().__init__(audits, office)
        self._audits = audits

    async def request(self, request: AuditRequest) -> AuditState:
        """Answers once the wish is in the log. Raises InvalidRequestError, TooManyJobsError."""
        return self._rung(await self._office.blocking(self._audits.request, request))

    async def differences(self, state: AuditState, *, first: int, after: int = 0) -> Sequence[Difference]:
        """Up to `first` of the differences that a completed audit has found, past number `after`."""
        return await self._office.blocking(self._audits.differences, state, first=first, after=after)

    async def differences_of_each(self, asked: Sequence[tuple[AuditState, int, int]]) -> Sequence[Sequence[Difference]]:
        """The same of several audits at once: of each, up to so many past a number."""
        return await self._office.blocking(self._audits.differences_of_each, asked)

"""What can be done to jobs of one kind, and what can be asked about them. Blocking; graph/ uses the desks."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import IntegrityError

from jobs.application import JobsLog, Statement
from jobs.errors import JobNotFoundError, TooManyJobsError
from jobs.job import Job, RetryRules
from jobs.job_states import JobKey, JobState, JobTable, PageOf

MAX_CONFLICTS = 20  # writers that may be faster than us in a row; jobs have few, so more means a fault


@dataclass(frozen=True, slots=True)
class JobRules:
    retry: RetryRules = field(default_factory=RetryRules)
    resend_after: timedelta = timedelta(seconds=120)
    """When a message without effect is sent again: longer than a lease, or every broker piles up duplicates."""


AnyJob = TypeVar("AnyJob", bound=Job)
State = TypeVar("State", bound=JobState)
Rules = TypeVar("Rules", bound=JobRules)


class Jobs(ABC, Generic[AnyJob, State, Rules]):
    """A kind subclasses it with its noun, its table, how many an account may wait for, and how its jobs are asked for and completed."""

    NOUN: ClassVar[str]
    MAX_UNFINISHED: ClassVar[int]

    def __init__(self, log: JobsLog, rules: Rules, table: JobTable[State]) -> None:
        self._log = log
        self.rules = rules
        self._table = table

    @abstractmethod
    def _statements(self, job: AnyJob, wake_at: datetime | None) -> list[Statement]:
        """To run where an event of the job is recorded."""

    def cancel(self, job_id: UUID, account_id: UUID | None) -> State:
        """Ends a job that is not over; its worker stops within a second. Raises JobNotFoundError, JobFinishedError."""
        self.state(job_id, account_id)
        self._change(job_id, lambda job, now: job.cancel(now))
        return self.state(job_id)

    def take(self, job_id: UUID, worker: str) -> AnyJob:
        """Does what is due; the caller holds the job if it `is_held_by` the worker afterwards."""
        return self._change(job_id, lambda job, now: job.take(worker, now, self.rules.retry))

    def renew(self, job_id: UUID, attempt: int) -> None:
        self._change(job_id, lambda job, now: job.renew(attempt, now, self.rules.retry))

    def fail_attempt(self, job_id: UUID, attempt: int, error: str) -> None:
        self._change(job_id, lambda job, now: job.fail_attempt(attempt, error, now, self.rules.retry))

    def give_back(self, job_id: UUID, attempt: int) -> None:
        self._change(job_id, lambda job, now: job.give_back(attempt, now))

    def refuse(self, job_id: UUID, attempt: int, error: str) -> None:
        self._change(job_id, lambda job, now: job.refuse(attempt, error, now))

    def state(self, job_id: UUID, account_id: UUID | None = None) -> State:
        """`account_id` None is for those who may see every account's. Raises JobNotFoundError."""
        with self._log.datastore.cursor() as cursor:
            state = self._table.state(cursor, job_id, account_id)
        if state is None:
            raise JobNotFoundError(f"There is no {self.NOUN} {job_id}.")
        return state

    def page(self, account_id: UUID, *, first: int, after: JobKey | None = None) -> Sequence[State]:
        """Up to `first` jobs of the account, newest first."""
        [found] = self.pages([PageOf(account_id, first, after)])
        return found

    def pages(self, asked: Sequence[PageOf]) -> Sequence[Sequence[State]]:
        """The same of several accounts, in one statement."""
        with self._log.datastore.cursor() as cursor:
            return self._table.pages(cursor, asked)

    def counts(self, account_ids: Sequence[UUID]) -> Sequence[int]:
        """How many jobs each account has, in one statement."""
        with self._log.datastore.cursor() as cursor:
            return self._table.counts(cursor, account_ids)

    def report(self, job_id: UUID, attempt: int, done: int, total: int) -> bool:
        """Tells followers how far an attempt has come; False where it no longer holds the job."""
        with self._log.datastore.cursor() as cursor:
            return self._table.report(cursor, job_id, attempt, done, total)

    def holds(self, job_id: UUID, attempt: int) -> bool:
        with self._log.datastore.cursor() as cursor:
            return self._table.holds(cursor, job_id, attempt)

    def wake_overdue(self, limit: int) -> Sequence[UUID]:
        """Jobs that somebody must look at now. Each is named once until `resend_after` has passed."""
        with self._log.datastore.cursor() as cursor:
            return self._table.wake_overdue(cursor, again_after=self.rules.resend_after, limit=limit)

    def _ask(self, account_id: UUID, ask: Callable[[datetime], AnyJob]) -> State:
        """Records a wish; ring for it afterwards. Raises TooManyJobsError."""
        self._check_room(account_id)
        now = self._log.now()
        job = ask(now)
        with suppress(IntegrityError):  # Its id is random: a conflict can only be with our own commit, its answer lost.
            # Its first message is sent at once; only when that has had no effect is it overdue.
            self._save(job, wake_at=now + self.rules.resend_after)
        return self.state(job.id)

    def _check_room(self, account_id: UUID) -> None:
        # Not in the transaction that records: requests at the same instant may pass the limit by a few.
        with self._log.datastore.cursor() as cursor:
            unfinished = self._table.unfinished(cursor, account_id)
        if unfinished >= self.MAX_UNFINISHED:
            raise TooManyJobsError(f"{unfinished} {self.NOUN}s are not finished yet; wait for one of them or cancel it.")

    def _change(self, job_id: UUID, decide: Callable[[AnyJob, datetime], None]) -> AnyJob:
        """Decides on the present state and records it; where another was first, decides again on what is then there.

        The library answers a commit whose answer was lost by trying again, and so with a conflict with itself.
        Deciding again covers that too: a decision recognises its own work and adds nothing, or may well be made twice.
        """
        for _ in range(MAX_CONFLICTS):
            try:
                job: AnyJob = self._log.repository.get(job_id)
            except AggregateNotFoundError:
                raise JobNotFoundError(f"There is no {self.NOUN} {job_id}.") from None
            decide(job, self._log.now())
            if not job.pending_events:
                return job
            try:
                self._save(job, wake_at=job.due_at)
            except IntegrityError:
                continue
            return job
        raise IntegrityError(f"{self.NOUN} {job_id} changed {MAX_CONFLICTS} times while it was being changed")

    def _save(self, job: AnyJob, wake_at: datetime | None) -> None:
        self._log.save(job, beside=self._statements(job, wake_at))

"""What all jobs are: work that somebody asked for, who does it, and what came of it. The rules of exports and audits alike.

The rules are pure. `now` is always passed in and always the database's clock, so that workers whose clocks differ
agree on whose lease has run out. `attempt` is a fencing token: each start has the next number, and whoever acts on
a job says on which attempt; a worker that slept through its lease is refused when it wakes up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

import msgspec
from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate

from jobs.errors import AttemptSupersededError, JobFinishedError


class JobStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"  # of jobs that leave something that is not kept for ever

    @property
    def is_final(self) -> bool:
        """Whether the work is over: followers are told no more. A completed export still expires one day."""
        return self not in (JobStatus.PENDING, JobStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How long a worker may be silent, and how often and how soon a job is tried again."""

    lease: timedelta = timedelta(seconds=60)
    max_attempts: int = 5
    first_backoff: timedelta = timedelta(seconds=5)
    max_backoff: timedelta = timedelta(minutes=5)

    def backoff(self, tries: int) -> timedelta:
        """Time to wait after so many tries: doubles each time, up to `max_backoff`."""
        return min(self.first_backoff * 2 ** (tries - 1), self.max_backoff)


GAVE_BACK = "The worker was stopped."


class Job(BaseAggregate[UUID]):
    """Each kind of job subclasses the events, to give them topics of its own, and says what `Completed` tells."""

    NOUN = "job"  # in what people are told

    class Event(AggregateEvent):
        pass

    class Requested(Event, AggregateCreated):
        request: dict[str, Any]

    class Started(Event):
        """A worker holds the job until `lease_until`; `worker` names one delivery to one worker."""

        attempt: int
        worker: str
        lease_until: datetime

        def apply(self, aggregate: "Job") -> None:
            aggregate.status = JobStatus.RUNNING
            aggregate.attempt = self.attempt
            aggregate.worker = self.worker
            aggregate.due_at = self.lease_until

    class Renewed(Event):
        attempt: int
        lease_until: datetime

        def apply(self, aggregate: "Job") -> None:
            aggregate.due_at = self.lease_until

    class AttemptFailed(Event):
        attempt: int
        error: str
        retry_at: datetime

        def apply(self, aggregate: "Job") -> None:
            aggregate.status = JobStatus.PENDING
            aggregate.given_back += self.error == GAVE_BACK
            aggregate.due_at = self.retry_at

    class GivenBack(Event):
        """A worker that was told to stop let go of the job. Before there was this event, AttemptFailed told it, with GAVE_BACK."""

        attempt: int

        def apply(self, aggregate: "Job") -> None:
            aggregate.status = JobStatus.PENDING
            aggregate.given_back += 1
            aggregate.due_at = self.timestamp

    class Completed(Event):
        attempt: int

        def apply(self, aggregate: "Job") -> None:
            aggregate.status = JobStatus.COMPLETED
            aggregate.completed_at = self.timestamp
            aggregate.due_at = None

    class Failed(Event):
        attempt: int
        error: str

        def apply(self, aggregate: "Job") -> None:
            aggregate.status = JobStatus.FAILED
            aggregate.error = self.error
            aggregate.due_at = None

    class Cancelled(Event):
        def apply(self, aggregate: "Job") -> None:
            aggregate.status = JobStatus.CANCELLED
            aggregate.due_at = None

    def __init__(self) -> None:
        self.status = JobStatus.PENDING
        self.attempt = 0
        self.given_back = 0
        self.worker: str | None = None
        self.due_at: datetime | None = self.created_on
        """When the job is next to be looked at, whoever does it; None once nothing more will happen."""
        self.error: str | None = None
        self.completed_at: datetime | None = None

    @classmethod
    def ask(cls, job_id: UUID, request: object, now: datetime) -> Self:
        return cls._create(cls.Requested, id=job_id, timestamp=now, request=msgspec.to_builtins(request))

    @property
    def tries(self) -> int:
        """Attempts that count against the limit: to be given back is no failure of the job."""
        return self.attempt - self.given_back

    def take(self, worker: str, now: datetime, rules: RetryRules) -> None:
        """Does what is due: starts an attempt, gives up, or nothing.

        Safe to repeat: a worker that finds its own start there already has what it came for.
        """
        if self.due_at is None or now < self.due_at:
            return
        if self.tries >= rules.max_attempts:
            error = f"The {self.NOUN} was tried {self.tries} times and never finished."
            self.trigger_event(self.Failed, timestamp=now, attempt=self.attempt, error=error)
        else:
            lease_until = now + rules.lease
            next_attempt = self.attempt + 1
            self.trigger_event(self.Started, timestamp=now, attempt=next_attempt, worker=worker, lease_until=lease_until)

    def is_held_by(self, worker: str) -> bool:
        return self.status is JobStatus.RUNNING and self.worker == worker

    def renew(self, attempt: int, now: datetime, rules: RetryRules) -> None:
        self._check_holds(attempt)
        self.trigger_event(self.Renewed, timestamp=now, attempt=attempt, lease_until=now + rules.lease)

    def fail_attempt(self, attempt: int, error: str, now: datetime, rules: RetryRules) -> None:
        """Schedules the next attempt, or fails for good after the last."""
        if self.status in (JobStatus.PENDING, JobStatus.FAILED) and self.attempt == attempt:
            return
        self._check_holds(attempt)
        if self.tries >= rules.max_attempts:
            error = f"The {self.NOUN} was tried {self.tries} times. The last time: {error}"
            self.trigger_event(self.Failed, timestamp=now, attempt=attempt, error=error)
        else:
            retry_at = now + rules.backoff(self.tries)
            self.trigger_event(self.AttemptFailed, timestamp=now, attempt=attempt, error=error, retry_at=retry_at)

    def give_back(self, attempt: int, now: datetime) -> None:
        """A worker that stops lets another start at once, and uses up no try."""
        if self.status is JobStatus.PENDING and self.attempt == attempt:
            return
        self._check_holds(attempt)
        self.trigger_event(self.GivenBack, timestamp=now, attempt=attempt)

    def refuse(self, attempt: int, error: str, now: datetime) -> None:
        """Fails for good: trying again would fail the same way."""
        if self.status is JobStatus.FAILED and self.attempt == attempt:
            return
        self._check_holds(attempt)
        self.trigger_event(self.Failed, timestamp=now, attempt=attempt, error=error)

    def cancel(self, now: datetime) -> None:
        if self.status is JobStatus.CANCELLED:
            return
        if self.status.is_final:
            raise JobFinishedError(f"The {self.NOUN} is already {self.status.lower()}; it cannot be cancelled.")
        self.trigger_event(self.Cancelled, timestamp=now)

    def _check_holds(self, attempt: int) -> None:
        if self.status is not JobStatus.RUNNING or self.attempt != attempt:
            state = f"{self.status.lower()} at attempt {self.attempt}"
            raise AttemptSupersededError(f"Attempt {attempt} no longer holds {self.NOUN} {self.id}, which is {state}.")

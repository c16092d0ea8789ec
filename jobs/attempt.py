"""One worker's attempt at one job, from its start to whatever becomes of it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event
from typing import Any, ClassVar

import structlog
from opentelemetry import trace

from jobs.apart import BEAT_SECONDS, Progress
from jobs.errors import AttemptSupersededError, AttemptTooLongError, JobError, JobRefusedError, WorkerStoppingError
from jobs.job import Job, JobStatus
from jobs.jobs import Jobs

_log = structlog.get_logger(__name__)

_tracer = trace.get_tracer(__name__)

Beat = Callable[[Progress | None], None]


class Attempt(ABC):
    """A kind of job says how it is done, and how what a failed attempt has left is put away."""

    DOING: ClassVar[str]  # in what people are told of an attempt that failed

    def __init__(self, jobs: Jobs[Any, Any, Any], job: Job, stopping: Event, limit: timedelta) -> None:
        self._jobs = jobs
        self._id = job.id
        self._number = job.attempt
        self._stopping = stopping
        self._limit = limit
        self._reported: Progress | None = None
        now = time.monotonic()
        self._ends_at = now + limit.total_seconds()
        self._renew_every = jobs.rules.retry.lease.total_seconds() / 3
        self._renew_at = now + self._renew_every
        self._report_at = now
        self._noun = jobs.NOUN
        self._log = _log.bind(**{jobs.NOUN: str(self._id)}, attempt=self._number)

    @abstractmethod
    def work(self, beat: Beat) -> None:
        """Does the work and records that it is done. Calls `beat` several times a second; what that raises ends it."""

    @abstractmethod
    def discard(self) -> None:
        """Removes whatever the attempt left."""

    def run(self) -> None:
        attributes = {f"tallygraph.{self._noun}": str(self._id), "tallygraph.attempt": self._number}
        with _tracer.start_as_current_span(self._noun, attributes=attributes) as span:
            self._run(span)

    def _run(self, span: trace.Span) -> None:
        self._log.info(f"{self._noun} started")
        try:
            self.work(self._beat)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, another attempt may not
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)
            with suppress(AttemptSupersededError):  # cancelled or taken over: not ours to conclude
                self._conclude(error)
            self._discard()
        else:
            self._log.info(f"{self._noun} completed")

    def _conclude(self, error: Exception) -> None:
        match error:
            case AttemptSupersededError():
                self._log.info(f"{self._noun} abandoned", reason=str(error))
            case WorkerStoppingError():
                self._log.info(f"{self._noun} given back")
                self._jobs.give_back(self._id, self._number)
            case JobRefusedError():
                self._log.info(f"{self._noun} refused", reason=str(error))
                self._jobs.refuse(self._id, self._number, str(error))
            case _:
                self._log.error("attempt failed", exc_info=error)
                # Only messages of our own errors are for the eyes of its owner.
                message = str(error) if isinstance(error, JobError) else f"{self.DOING} failed."
                self._jobs.fail_attempt(self._id, self._number, message)

    def _discard(self) -> None:
        """Unless it was completed after all and only the answer was lost."""
        state = self._jobs.state(self._id)
        if state.status is not JobStatus.COMPLETED or state.attempt != self._number:
            self.discard()

    def _beat(self, progress: Progress | None) -> None:
        """Goes on, or raises why not."""
        now = time.monotonic()
        if self._stopping.is_set():
            raise WorkerStoppingError("The worker is stopping.")
        if now > self._ends_at:
            raise AttemptTooLongError(f"{self.DOING} took longer than {self._limit.total_seconds():.0f} seconds.")
        if now >= self._renew_at:
            self._jobs.renew(self._id, self._number)
            self._renew_at = now + self._renew_every
        if now >= self._report_at:
            self._report(progress)
            self._report_at = now + BEAT_SECONDS

    def _report(self, progress: Progress | None) -> None:
        """Tells followers, or at least asks whether the job is still ours."""
        if progress is None or progress == self._reported:
            is_ours = self._jobs.holds(self._id, self._number)
        else:
            is_ours = self._jobs.report(self._id, self._number, progress.done, progress.total)
            self._reported = progress
        if not is_ours:
            raise AttemptSupersededError(f"Attempt {self._number} no longer holds {self._noun} {self._id}.")

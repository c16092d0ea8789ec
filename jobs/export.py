"""The Export aggregate: a file someone asked for, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from jobs.job import Job, JobStatus, RetryRules
from jobs.request import ExportRequest


@dataclass(frozen=True, slots=True)
class ExportFile:
    """The finished file: size in bytes, SHA-256 in hex, and which state of the log it shows."""

    name: str
    size: int
    sha256: str
    row_count: int
    position: int
    complete_through: datetime


class Export(Job):
    TOPIC = "export"  # Stored with every event, as are those below; outlive class names.
    NOUN = "export"

    class Requested(Job.Requested):
        TOPIC = "export.requested"

    class Started(Job.Started):
        TOPIC = "export.started"

    class Renewed(Job.Renewed):
        TOPIC = "export.renewed"

    class AttemptFailed(Job.AttemptFailed):
        TOPIC = "export.attempt-failed"

    class GivenBack(Job.GivenBack):
        TOPIC = "export.given-back"

    class Completed(Job.Completed):
        TOPIC = "export.completed"
        file: dict[str, Any]
        expires_at: datetime

        def apply(self, aggregate: Job) -> None:
            super().apply(aggregate)
            assert isinstance(aggregate, Export), "its events are of no other kind of job"
            aggregate.file = msgspec.convert(self.file, ExportFile)
            aggregate.due_at = aggregate.expires_at = self.expires_at

    class Failed(Job.Failed):
        TOPIC = "export.failed"

    class Cancelled(Job.Cancelled):
        TOPIC = "export.cancelled"

    class Expired(Job.Event):
        TOPIC = "export.expired"

        def apply(self, aggregate: "Export") -> None:
            aggregate.status = JobStatus.EXPIRED
            aggregate.due_at = None

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()
        self.request = msgspec.convert(request, ExportRequest)
        self.file: ExportFile | None = None
        self.expires_at: datetime | None = None

    def take(self, worker: str, now: datetime, rules: RetryRules) -> None:
        """Does what is due: starts an attempt, gives up, lets the file expire, or nothing."""
        if self.status is JobStatus.COMPLETED and self.expires_at is not None and now >= self.expires_at:
            self.trigger_event(self.Expired, timestamp=now)
        else:
            super().take(worker, now, rules)

    def complete(self, attempt: int, file: ExportFile, now: datetime, keep: timedelta) -> None:
        if self.status is JobStatus.COMPLETED and (self.attempt, self.file) == (attempt, file):
            return  # This very completion was recorded; only its answer was lost.
        self._check_holds(attempt)
        plain = msgspec.to_builtins(file)
        self.trigger_event(self.Completed, timestamp=now, attempt=attempt, file=plain, expires_at=now + keep)

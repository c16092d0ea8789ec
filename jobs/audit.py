"""The Audit aggregate: a proof someone asked for, and what came of it. Its verdict is evidence, and kept for ever."""

from datetime import datetime
from typing import Any

import msgspec

from jobs.audit_request import AuditRequest
from jobs.job import Job, JobStatus
from projections.audits import Verdict


class Audit(Job):
    TOPIC = "audit"  # Stored with every event, as are those below; outlive class names.
    NOUN = "audit"

    class Requested(Job.Requested):
        TOPIC = "audit.requested"

    class Started(Job.Started):
        TOPIC = "audit.started"

    class Renewed(Job.Renewed):
        TOPIC = "audit.renewed"

    class AttemptFailed(Job.AttemptFailed):
        TOPIC = "audit.attempt-failed"

    class GivenBack(Job.GivenBack):
        TOPIC = "audit.given-back"

    class Completed(Job.Completed):
        """The log was replayed up to `position`; no `differences` is a match."""

        TOPIC = "audit.completed"
        position: int
        digest: str
        events: int
        differences: int

        def apply(self, aggregate: Job) -> None:
            super().apply(aggregate)
            assert isinstance(aggregate, Audit), "its events are of no other kind of job"
            aggregate.verdict = Verdict(self.position, self.digest, self.events, self.differences)

    class Failed(Job.Failed):
        TOPIC = "audit.failed"

    class Cancelled(Job.Cancelled):
        TOPIC = "audit.cancelled"

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()
        self.request = msgspec.convert(request, AuditRequest)
        self.verdict: Verdict | None = None

    def complete(self, attempt: int, verdict: Verdict, now: datetime) -> None:
        if self.status is JobStatus.COMPLETED and (self.attempt, self.verdict) == (attempt, verdict):
            return  # This very completion was recorded; only its answer was lost.
        self._check_holds(attempt)
        self.trigger_event(self.Completed, timestamp=now, attempt=attempt, **verdict._asdict())

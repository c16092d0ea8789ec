"""What a worker does with a job when it is told to look at one."""

from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from uuid import UUID, uuid4

import dramatiq

from jobs.apart import run_apart
from jobs.attempt import Attempt, Beat
from jobs.audit import Audit
from jobs.auditing import AuditEngine, Auditing
from jobs.audits import Audits
from jobs.brokers import QUEUE
from jobs.export import Export, ExportFile
from jobs.exports import Exports
from jobs.files import FileStore
from jobs.job import JobStatus
from jobs.rendering import Rendering
from jobs.usage import UsageSource
from jobs.workbook import MAX_ROWS_OF_SHEET


@dataclass(frozen=True, slots=True)
class Workshop:
    """All that the work on jobs needs. `attempt_limit` is below RabbitMQ's patience with a delivery, 30 minutes."""

    exports: Exports
    store: FileStore
    source: UsageSource
    audits: Audits
    engine: AuditEngine
    attempt_limit: timedelta = timedelta(minutes=20)
    max_rows_of_sheet: int = MAX_ROWS_OF_SHEET
    stopping: Event = field(default_factory=Event)
    """Set it, and attempts give their job back within a second."""


def declare_actors(broker: dramatiq.Broker, workshop: Workshop, queue: str = QUEUE) -> None:
    """Lets workers of this broker do what the messages of `Doorbell.ring` ask for."""

    @dramatiq.actor(broker=broker, actor_name=Exports.NOUN, queue_name=queue)
    def _(export_id: str) -> None:
        attend(workshop, UUID(export_id))

    @dramatiq.actor(broker=broker, actor_name=Audits.NOUN, queue_name=queue)
    def _(audit_id: str) -> None:
        attend_audit(workshop, UUID(audit_id))


def attend(workshop: Workshop, export_id: UUID) -> None:
    """Looks at one export and does what is due, which may be nothing: messages come twice, late, and for nothing."""
    worker = uuid4().hex  # of this delivery, so that two deliveries to one process do not share a lease.
    export = workshop.exports.take(export_id, worker)
    if export.is_held_by(worker):
        Writing(workshop, export).run()
    elif export.status in (JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.EXPIRED):
        workshop.store.delete(export_id)


def attend_audit(workshop: Workshop, audit_id: UUID) -> None:
    """Looks at one audit and does what is due. What a worker that was killed has left of an audit without a verdict goes."""
    worker = uuid4().hex
    audit = workshop.audits.take(audit_id, worker)
    if audit.is_held_by(worker):
        Proving(workshop, audit).run()
    elif audit.status in (JobStatus.FAILED, JobStatus.CANCELLED):
        workshop.audits.forget_differences(workshop.audits.state(audit_id))


class Writing(Attempt):
    """Of an export."""

    DOING = "Writing the file"

    def __init__(self, workshop: Workshop, export: Export) -> None:
        super().__init__(workshop.exports, export, workshop.stopping, workshop.attempt_limit)
        self._workshop = workshop
        self._export = export

    def work(self, beat: Beat) -> None:
        self._workshop.exports.complete(self._id, self._number, self._write(beat))

    def discard(self) -> None:
        self._workshop.store.discard(self._id, self._number, self._export.request.format)

    def _write(self, beat: Beat) -> ExportFile:
        request = self._export.request
        path = self._workshop.store.begin(self._id, self._number, request.format)
        rendering = Rendering(
            export_id=self._id,
            request=request,
            source=self._workshop.source,
            path=path,
            generated_at=self._export.modified_on,  # when the attempt started, by the database's clock
            max_rows_of_sheet=self._workshop.max_rows_of_sheet,
        )
        rendered = run_apart(rendering, beat)
        stored = self._workshop.store.finish(self._id, self._number, request.format)
        return ExportFile(
            name=request.file_name,
            size=stored.size,
            sha256=stored.sha256,
            row_count=rendered.row_count,
            position=rendered.position,
            complete_through=rendered.complete_through,
        )


class Proving(Attempt):
    """Of an audit."""

    DOING = "The audit"

    def __init__(self, workshop: Workshop, audit: Audit) -> None:
        super().__init__(workshop.audits, audit, workshop.stopping, workshop.attempt_limit)
        self._audits = workshop.audits
        self._auditing = Auditing(audit.id, audit.request.of, workshop.engine)

    def work(self, beat: Beat) -> None:
        self._audits.complete(self._id, self._number, run_apart(self._auditing, beat))

    def discard(self) -> None:
        state = self._audits.state(self._id)
        if state.attempt == self._number:  # what a later attempt leaves bears the same id
            self._audits.forget_differences(state)

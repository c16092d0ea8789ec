"""What a worker does with an export when it is told to look at one."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from uuid import UUID, uuid4

import dramatiq
import structlog

from jobs.brokers import ACTOR, QUEUE
from jobs.errors import (
    AttemptSupersededError,
    AttemptTooLongError,
    ExportRefusedError,
    JobError,
    WorkerStoppingError,
)
from jobs.export import Export, ExportFile, ExportStatus
from jobs.exports import Exports
from jobs.files import FileStore
from jobs.rendering import BEAT_SECONDS, Progress, Rendering, render
from jobs.usage import UsageSource
from jobs.workbook import MAX_ROWS_OF_SHEET

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Workshop:
    """All that the work on exports needs. `attempt_limit` is below RabbitMQ's patience with a delivery, 30 minutes."""

    exports: Exports
    store: FileStore
    source: UsageSource
    attempt_limit: timedelta = timedelta(minutes=20)
    max_rows_of_sheet: int = MAX_ROWS_OF_SHEET
    stopping: Event = field(default_factory=Event)
    """Set it, and attempts give their export back within a second."""


def declare_export_actor(broker: dramatiq.Broker, workshop: Workshop, queue: str = QUEUE) -> None:
    """Lets workers of this broker do what the messages of `Doorbell.ring` ask for."""

    @dramatiq.actor(broker=broker, actor_name=ACTOR, queue_name=queue)
    def _(export_id: str) -> None:
        attend(workshop, UUID(export_id))


def attend(workshop: Workshop, export_id: UUID) -> None:
    """Looks at one export and does what is due, which may be nothing: messages come twice, late, and for nothing."""
    worker = uuid4().hex  # of this delivery, so that two deliveries to one process do not share a lease.
    export = workshop.exports.take(export_id, worker)
    if export.is_held_by(worker):
        _Attempt(workshop, export).run()
    elif export.status in (ExportStatus.FAILED, ExportStatus.CANCELLED, ExportStatus.EXPIRED):
        workshop.store.delete(export_id)


class _Attempt:
    """One worker's attempt at one export, from its start to whatever becomes of it."""

    def __init__(self, workshop: Workshop, export: Export) -> None:
        self._workshop = workshop
        self._exports = workshop.exports
        self._export = export
        self._id = export.id
        self._number = export.attempt
        self._reported: Progress | None = None
        now = time.monotonic()
        self._ends_at = now + workshop.attempt_limit.total_seconds()
        self._renew_every = workshop.exports.rules.retry.lease.total_seconds() / 3
        self._renew_at = now + self._renew_every
        self._report_at = now
        self._log = _log.bind(export=str(self._id), attempt=self._number)

    def run(self) -> None:
        self._log.info("export started")
        try:
            self._exports.complete(self._id, self._number, self._write())
        except Exception as error:  # noqa: BLE001 - whatever went wrong, another attempt may not
            with suppress(AttemptSupersededError):  # cancelled or taken over: not ours to conclude
                self._conclude(error)
            self._discard()
        else:
            self._log.info("export completed")

    def _conclude(self, error: Exception) -> None:
        match error:
            case AttemptSupersededError():
                self._log.info("export abandoned", reason=str(error))
            case WorkerStoppingError():
                self._log.info("export given back")
                self._exports.give_back(self._id, self._number)
            case ExportRefusedError():
                self._log.info("export refused", reason=str(error))
                self._exports.refuse(self._id, self._number, str(error))
            case _:
                self._log.error("attempt failed", exc_info=error)
                # Only messages of our own errors are for the eyes of its owner.
                message = str(error) if isinstance(error, JobError) else "Writing the file failed."
                self._exports.fail_attempt(self._id, self._number, message)

    def _discard(self) -> None:
        """Removes what the attempt wrote, unless it was completed after all and only the answer was lost."""
        state = self._exports.state(self._id)
        if state.status is not ExportStatus.COMPLETED or state.attempt != self._number:
            self._workshop.store.discard(self._id, self._number)

    def _write(self) -> ExportFile:
        path = self._workshop.store.begin(self._id, self._number)
        request = self._export.request
        rendering = Rendering(
            export_id=self._id,
            request=request,
            source=self._workshop.source,
            path=path,
            generated_at=self._export.modified_on,  # when the attempt started, by the database's clock
            max_rows_of_sheet=self._workshop.max_rows_of_sheet,
        )
        rendered = render(rendering, self._beat)
        stored = self._workshop.store.finish(self._id, self._number)
        return ExportFile(
            name=request.file_name,
            size=stored.size,
            sha256=stored.sha256,
            row_count=rendered.row_count,
            position=rendered.position,
            complete_through=rendered.complete_through,
        )

    def _beat(self, progress: Progress | None) -> None:
        """Goes on, or raises why not."""
        now = time.monotonic()
        if self._workshop.stopping.is_set():
            raise WorkerStoppingError("The worker is stopping.")
        if now > self._ends_at:
            limit = self._workshop.attempt_limit.total_seconds()
            raise AttemptTooLongError(f"Writing the file took longer than {limit:.0f} seconds.")
        if now >= self._renew_at:
            self._exports.renew(self._id, self._number)
            self._renew_at = now + self._renew_every
        if now >= self._report_at:
            self._report(progress)
            self._report_at = now + BEAT_SECONDS

    def _report(self, progress: Progress | None) -> None:
        """Tells followers, or at least asks whether the export is still ours."""
        if progress is None or progress == self._reported:
            is_ours = self._exports.holds(self._id, self._number)
        else:
            is_ours = self._exports.report(self._id, self._number, progress.rows_done, progress.rows_total)
            self._reported = progress
        if not is_ours:
            raise AttemptSupersededError(f"Attempt {self._number} no longer holds export {self._id}.")

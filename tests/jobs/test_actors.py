"""What one worker does with one export, without a broker between."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from threading import Event
from typing import get_args
from uuid import UUID

import pytest

from jobs.actors import Workshop, attend
from jobs.application import JobsLog
from jobs.errors import AttemptSupersededError, JobRefusedError
from jobs.export import ExportFile
from jobs.exports import Exports
from jobs.job import JobStatus
from jobs.request import ExportFormat, ExportRequest
from tests.jobs.conftest import BOUND_SECONDS, RULES, SHORT_LEASE, SOON, closed_gate, eventually, wait_until
from tests.jobs.sources import COMPLETE_THROUGH, POSITION, BrokenSource


def test_a_worker_that_slept_through_its_lease_cannot_complete(log: JobsLog, wish: ExportRequest):
    exports = Exports(log, replace(RULES, retry=replace(RULES.retry, lease=SOON)))
    export = exports.request(wish)
    first = exports.take(export.id, "sleeper")
    eventually(lambda: exports.take(export.id, "successor").is_held_by("successor"))  # the lease has run out
    file = ExportFile("a.xlsx", 1, "00", 1, POSITION, COMPLETE_THROUGH)
    with pytest.raises(AttemptSupersededError):
        exports.complete(export.id, first.attempt, file)
    exports.complete(export.id, 2, file)
    assert exports.state(export.id).status is JobStatus.COMPLETED
    assert topics(log, export.id) == ["export.requested", "export.started", "export.started", "export.completed"]


def test_attempts_are_bounded_and_the_owner_sees_no_internals(workshop: Workshop, wish: ExportRequest):
    export = workshop.exports.request(wish)
    broken = replace(workshop, source=BrokenSource(RuntimeError("a secret of ours")))
    eventually(lambda: attend(broken, export.id) or workshop.exports.state(export.id).status.is_final)
    state = workshop.exports.state(export.id)
    assert (state.status, state.attempt) == (JobStatus.FAILED, 3)
    assert state.error == "The export was tried 3 times. The last time: The process that renders failed."
    assert list(workshop.store.root.iterdir()) == []


def test_bounded_attempts_are_not_used_up_by_workers_that_are_stopped(workshop: Workshop, log: JobsLog, wish: ExportRequest):
    export = workshop.exports.request(wish)
    stopped = Event()
    stopped.set()
    restarts = RULES.retry.max_attempts + 1
    for _ in range(restarts):
        attend(replace(workshop, stopping=stopped), export.id)
    assert topics(log, export.id) == ["export.requested", *["export.started", "export.given-back"] * restarts]
    attend(workshop, export.id)
    state = workshop.exports.state(export.id)
    assert (state.status, state.attempt) == (JobStatus.COMPLETED, restarts + 1)  # the number goes on rising


@pytest.mark.parametrize("format", get_args(ExportFormat))
def test_every_format_is_written_under_its_name_and_what_is_cancelled_leaves_nothing(
    workshop: Workshop, jobs_database: str, wish: ExportRequest, format: ExportFormat
):
    exports = workshop.exports
    export = exports.request(replace(wish, format=format))
    attend(workshop, export.id)
    state = exports.state(export.id)
    path = workshop.store.path(export.id, 1, format)
    assert (state.status, state.progress, state.row_count, state.format) == (JobStatus.COMPLETED, 1.0, 2_500, format)
    assert (state.file_name, path.suffix) == (f"acme-usage-2026-10-01-to-2026-10-31.{format.lower()}", f".{format.lower()}")
    assert (state.file_size, state.sha256) == (path.stat().st_size, sha256(path.read_bytes()).hexdigest())
    workshop.store.delete(export.id)
    # And half way
    export = exports.request(replace(wish, format=format))
    with closed_gate(jobs_database), ThreadPoolExecutor(1) as pool:
        attending = pool.submit(attend, workshop, export.id)
        wait_until(exports, export.id, lambda state: state.rows_done == 1_000)
        exports.cancel(export.id, None)
        attending.result(BOUND_SECONDS)
    assert list(workshop.store.root.iterdir()) == []


def test_what_can_never_succeed_is_tried_once(workshop: Workshop, wish: ExportRequest):
    export = workshop.exports.request(wish)
    attend(replace(workshop, source=BrokenSource(JobRefusedError("There is too much of it."))), export.id)
    state = workshop.exports.state(export.id)
    assert (state.status, state.attempt, state.error) == (JobStatus.FAILED, 1, "There is too much of it.")


def test_an_attempt_that_takes_too_long_is_ended(workshop: Workshop, jobs_database: str, wish: ExportRequest):
    export = workshop.exports.request(wish)
    with closed_gate(jobs_database):
        attend(replace(workshop, attempt_limit=timedelta(0)), export.id)
    state = workshop.exports.state(export.id)
    assert (state.status, state.attempt) == (JobStatus.PENDING, 1)


def test_a_lease_is_renewed_while_the_work_goes_on(workshop: Workshop, log: JobsLog, jobs_database: str, wish: ExportRequest):
    exports = Exports(log, SHORT_LEASE)
    patient = replace(workshop, exports=exports)
    export = exports.request(wish)
    with closed_gate(jobs_database) as open_gate, ThreadPoolExecutor(1) as pool:
        attending = pool.submit(attend, patient, export.id)
        wait_until(exports, export.id, lambda _: topics(log, export.id).count("export.renewed") > 3)  # for longer than a lease
        open_gate()
        attending.result(BOUND_SECONDS)
    state = exports.state(export.id)
    assert (state.status, state.attempt) == (JobStatus.COMPLETED, 1)


def test_a_file_that_is_older_than_it_is_kept_goes(workshop: Workshop, log: JobsLog, wish: ExportRequest):
    forgetful = replace(workshop, exports=Exports(log, replace(RULES, keep=timedelta(0))))
    export = workshop.exports.request(wish)
    attend(forgetful, export.id)
    assert workshop.store.path(export.id, 1, "XLSX").is_file()
    assert workshop.exports.wake_overdue(10) == [export.id]
    attend(forgetful, export.id)  # records that it expired
    assert workshop.exports.state(export.id).status is JobStatus.EXPIRED
    assert not workshop.store.path(export.id, 1, "XLSX").exists()


def topics(log: JobsLog, export_id: UUID) -> list[str]:
    """What the log holds of an export, in order."""
    return [event.topic for event in log.recorder.select_events(export_id)]

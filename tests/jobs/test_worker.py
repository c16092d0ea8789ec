"""The laws of exports. They hold on every broker, because no broker is trusted with anything."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import psycopg
from openpyxl import load_workbook
from psycopg.rows import scalar_row

from jobs.actors import Workshop
from jobs.application import JobsLog
from jobs.job import JobStatus
from jobs.request import ExportRequest
from tests.jobs.conftest import (
    BOUND_SECONDS,
    Place,
    closed_gate,
    eventually,
    is_over,
    wait_until,
    working,
)
from tests.jobs.sources import COMPLETE_THROUGH, GATE, POSITION


def test_an_export_is_written_and_says_what_it_shows(place: Place, workshop: Workshop, wish: ExportRequest):
    exports = workshop.exports
    with working(place, workshop):
        export = exports.request(wish)
        place.ring(export.id)
        state = wait_until(exports, export.id, is_over)
    path = workshop.store.path(export.id, state.attempt, "XLSX")
    assert (state.status, state.attempt, state.progress) == (JobStatus.COMPLETED, 1, 1.0)
    assert (state.row_count, state.position, state.complete_through) == (2_500, POSITION, COMPLETE_THROUGH)
    assert state.file_name == "acme-usage-2026-10-01-to-2026-10-31.xlsx"
    assert (state.file_size, state.sha256) == (path.stat().st_size, sha256(path.read_bytes()).hexdigest())
    assert state.completed_at is not None
    assert state.expires_at == state.completed_at + exports.rules.keep
    usage = load_workbook(path)["Usage"]
    assert usage.max_row == 2_501
    assert [row[2] for row in usage.iter_rows(min_row=2, values_only=True)] == [*range(1, 2_501)]


def test_many_deliveries_give_one_start_and_one_completion(place: Place, workshop: Workshop, log: JobsLog, wish: ExportRequest):
    exports = workshop.exports
    export = exports.request(wish)
    with working(place, workshop, threads=4):
        for _ in range(16):
            place.ring(export.id)
        wait_until(exports, export.id, is_over)
    assert topics(log, export.id, but="export.renewed") == ["export.requested", "export.started", "export.completed"]


def test_a_message_that_was_lost_is_sent_again_by_the_timer(place: Place, workshop: Workshop, wish: ExportRequest):
    exports = workshop.exports
    export = exports.request(wish)  # and nobody rings
    with working(place, workshop):
        assert wait_until(exports, export.id, is_over).status is JobStatus.COMPLETED


def test_a_worker_killed_in_the_middle_is_replaced_by_another_that_finishes(
    place: Place, jobs_database: str, workshop: Workshop, log: JobsLog, wish: ExportRequest
):
    exports = workshop.exports
    # Given a worker that has written some of the rows
    export = exports.request(wish)
    with closed_gate(jobs_database) as open_gate:
        with worker_process(place, jobs_database, workshop.store.root, lease_seconds=1.5) as first:
            place.ring(export.id)
            held = wait_until(exports, export.id, lambda state: state.rows_done == 1_000)
            assert (held.attempt, held.rows_total) == (1, 2_500)
            # When it is killed
            first.send_signal(signal.SIGKILL)
            first.wait(BOUND_SECONDS)
        wait_until_nobody_waits_at_the_gate(jobs_database)  # its rendering ended with it
        open_gate()
    # Then another finishes
    with worker_process(place, jobs_database, workshop.store.root, lease_seconds=30):
        state = wait_until(exports, export.id, is_over)
    assert (state.status, state.attempt, state.row_count) == (JobStatus.COMPLETED, 2, 2_500)
    assert topics(log, export.id, but="export.renewed") == ["export.requested", "export.started", "export.started", "export.completed"]
    path = workshop.store.path(export.id, 2, "XLSX")
    assert sha256(path.read_bytes()).hexdigest() == state.sha256


def test_cancelling_stops_the_work(place: Place, workshop: Workshop, jobs_database: str, wish: ExportRequest):
    exports = workshop.exports
    with closed_gate(jobs_database), working(place, workshop):
        export = exports.request(wish)
        place.ring(export.id)
        wait_until(exports, export.id, lambda state: state.rows_done == 1_000)
        assert exports.cancel(export.id, wish.account_id).status is JobStatus.CANCELLED
        wait_until_nobody_waits_at_the_gate(jobs_database)
    assert list(workshop.store.root.glob("*/*")) == []


def test_a_worker_that_is_stopped_gives_its_export_back_at_once(
    place: Place, workshop: Workshop, log: JobsLog, jobs_database: str, wish: ExportRequest
):
    exports = workshop.exports
    with closed_gate(jobs_database), working(place, workshop):
        export = exports.request(wish)
        place.ring(export.id)
        wait_until(exports, export.id, lambda state: state.rows_done == 1_000)
    state = exports.state(export.id)
    assert (state.status, state.attempt) == (JobStatus.PENDING, 1)
    assert topics(log, export.id, but="export.renewed") == ["export.requested", "export.started", "export.given-back"]
    assert exports.wake_overdue(10) == [export.id]


def topics(log: JobsLog, export_id: UUID, but: str = "") -> list[str]:
    """What the log holds of an export, in order."""
    return [event.topic for event in log.recorder.select_events(export_id) if event.topic != but]


def wait_until_nobody_waits_at_the_gate(database_url: str) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
    with psycopg.connect(database_url, autocommit=True, row_factory=scalar_row) as connection:
        eventually(lambda: connection.execute(waiting, [GATE]).fetchone() == 0)


@contextmanager
def worker_process(place: Place, database_url: str, root: Path, *, lease_seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """`tallygraph work` as a process of its own."""
    arguments = [place.url or "", place.name, database_url, str(root), str(lease_seconds)]
    command = [sys.executable, "-m", "tests.jobs.worker_process", *arguments]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.terminate()

"""Exports in the log and in their table, on a real Postgres."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import scalar_row

from jobs.application import JobsLog
from jobs.errors import InvalidRequestError, JobFinishedError, JobNotFoundError, TooManyJobsError
from jobs.export import Export, ExportFile
from jobs.exports import MAX_UNFINISHED, ExportRules, Exports
from jobs.job import JobStatus
from jobs.job_states import CHANNEL, JobKey
from jobs.request import ExportRequest
from tests.jobs.conftest import RULES
from tests.jobs.sources import COMPLETE_THROUGH, POSITION

FILE = ExportFile("acme.xlsx", 9_001, "ab" * 32, 744, POSITION, COMPLETE_THROUGH)


@pytest.mark.postgres
def test_a_request_is_recorded_and_answered_at_once(exports: Exports, wish: ExportRequest):
    state = exports.request(wish)
    assert (state.status, state.account_id, state.format, state.attempt) == (JobStatus.PENDING, wish.account_id, "XLSX", 0)
    assert (state.progress, state.row_count, state.file_name, state.error, state.completed_at) == (0, None, None, None, None)
    assert exports.take(state.id, "worker").request == wish


def test_a_request_that_makes_no_sense_is_not_recorded(exports: Exports, wish: ExportRequest):
    with pytest.raises(InvalidRequestError):
        exports.request(replace(wish, period_to=wish.period_from))
    assert exports.counts([wish.account_id]) == [0]


def test_what_was_asked_for_is_read_from_the_log(exports: Exports, wish: ExportRequest):
    other = replace(wish, format="CSV", interval=None)
    ids = [exports.request(each).id for each in (wish, other)]
    exports.take(ids[1], "worker")
    assert exports.requests([ids[1], ids[0], ids[1]]) == [other, wish, other]


def test_an_account_may_wait_for_so_many_exports(exports: Exports, wish: ExportRequest):
    first, *_ = [exports.request(wish) for _ in range(MAX_UNFINISHED)]
    with pytest.raises(TooManyJobsError, match=rf"^{MAX_UNFINISHED} exports are not finished yet; wait for one of them or cancel it\.$"):
        exports.request(wish)
    assert exports.request(replace(wish, account_id=uuid4())).status is JobStatus.PENDING  # others are not concerned
    exports.cancel(first.id, wish.account_id)
    assert exports.request(wish).status is JobStatus.PENDING


def test_exports_of_an_account_are_listed_newest_first_in_pages(exports: Exports, wish: ExportRequest):
    asked = [exports.request(wish).id for _ in range(5)]
    exports.request(replace(wish, account_id=uuid4()))
    first = exports.page(wish.account_id, first=2)
    second = exports.page(wish.account_id, first=2, after=JobKey(first[-1].created_at, first[-1].id))
    third = exports.page(wish.account_id, first=2, after=JobKey(second[-1].created_at, second[-1].id))
    assert [state.id for state in (*first, *second, *third)] == asked[::-1]
    assert exports.counts([wish.account_id]) == [5]


def test_another_account_s_export_looks_like_none(exports: Exports, wish: ExportRequest):
    export = exports.request(wish)
    for see in (exports.state, exports.cancel):
        for id in (export.id, uuid4()):
            with pytest.raises(JobNotFoundError, match=rf"^There is no export {id}\.$"):
                see(id, uuid4())
    assert exports.state(export.id, wish.account_id) == exports.state(export.id)


@pytest.mark.postgres
def test_workers_that_race_for_an_export_give_one_start(exports: Exports, log: JobsLog, wish: ExportRequest):
    export = exports.request(wish)
    line = Barrier(8)

    def race(worker: str) -> bool:
        line.wait()
        return exports.take(export.id, worker).is_held_by(worker)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, [f"worker {i}" for i in range(8)]))
    assert won.count(True) == 1
    assert [event.topic for event in log.recorder.select_events(export.id)] == ["export.requested", "export.started"]


def test_progress_is_of_the_attempt_that_holds_the_export(exports: Exports, wish: ExportRequest):
    export = exports.request(wish)
    exports.take(export.id, "worker")
    assert exports.report(export.id, 1, 250, 1_000)
    exports.renew(export.id, 1)
    assert exports.state(export.id).progress == 0.25  # a renewal is no step back
    exports.give_back(export.id, 1)
    assert not exports.report(export.id, 1, 500, 1_000)
    assert not exports.holds(export.id, 1)
    exports.take(export.id, "another")
    assert (exports.holds(export.id, 2), exports.state(export.id).progress) == (True, 0)


def test_a_completed_export_says_what_its_file_is(exports: Exports, wish: ExportRequest):
    export = exports.request(wish)
    exports.take(export.id, "worker")
    exports.complete(export.id, 1, FILE)
    state = exports.state(export.id)
    assert (state.status, state.progress, state.row_count) == (JobStatus.COMPLETED, 1, 744)
    assert (state.file_name, state.file_size, state.sha256) == ("acme.xlsx", 9_001, "ab" * 32)
    assert (state.position, state.complete_through) == (POSITION, COMPLETE_THROUGH)
    with pytest.raises(JobFinishedError):
        exports.cancel(export.id, wish.account_id)


def test_every_change_is_news(exports: Exports, jobs_database: str, wish: ExportRequest):
    with psycopg.connect(jobs_database, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        export = exports.request(wish)
        exports.take(export.id, "worker")
        exports.report(export.id, 1, 1, 2)
        exports.complete(export.id, 1, FILE)
        assert [UUID(news.payload) for news in connection.notifies(timeout=10, stop_after=4)] == [export.id] * 4


def test_what_is_overdue_is_named_once_until_it_is_overdue_again(log: JobsLog, wish: ExportRequest):
    at_once = Exports(log, replace(RULES, resend_after=timedelta(0)))
    later = Exports(log, ExportRules(resend_after=timedelta(minutes=2)))
    export = at_once.request(wish)
    later.request(wish)  # its message was sent a moment ago
    assert later.wake_overdue(10) == [export.id]
    assert later.wake_overdue(10) == []


def test_what_waits_longest_is_woken_first(log: JobsLog, wish: ExportRequest):
    exports = Exports(log, replace(RULES, resend_after=timedelta(0)))
    asked = [exports.request(wish).id for _ in range(3)]
    patient = Exports(log, ExportRules(resend_after=timedelta(minutes=2)))
    assert [*patient.wake_overdue(1), *patient.wake_overdue(1), *patient.wake_overdue(1)] == asked


def test_what_is_over_is_not_overdue(log: JobsLog, wish: ExportRequest):
    exports = Exports(log, replace(RULES, resend_after=timedelta(0)))
    export = exports.request(wish)
    exports.cancel(export.id, wish.account_id)
    assert exports.wake_overdue(10) == []


def test_the_table_is_what_the_log_says(exports: Exports, log: JobsLog, jobs_database: str, wish: ExportRequest):
    export = exports.request(wish)
    exports.take(export.id, "worker")
    exports.fail_attempt(export.id, 1, "no luck")
    with psycopg.connect(jobs_database, row_factory=scalar_row) as connection:
        assert connection.execute("SELECT version FROM jobs.exports WHERE id = %s", [export.id]).fetchone() == 3
        wake_at = connection.execute("SELECT wake_at FROM jobs.exports WHERE id = %s", [export.id]).fetchone()
    aggregate: Export = log.repository.get(export.id)
    assert (aggregate.version, aggregate.due_at) == (3, wake_at)

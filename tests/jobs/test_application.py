"""The jobs' own log keeps the promises of the library's recorders, and what is beside an event is there or not with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent
from eventsourcing.tests.persistence import ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase

from jobs.application import JobsLog, JobsRecorder, Statement
from jobs.exports import Exports
from jobs.job import JobStatus
from jobs.request import ExportRequest


@pytest.fixture
def recorder(log: JobsLog) -> JobsRecorder:
    assert isinstance(log.recorder, JobsRecorder)
    with log.datastore.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (value int)")
    return log.recorder


@pytest.mark.parametrize("name", ["test_insert_select", "test_concurrent_no_conflicts"])
def test_the_library_s_contract_holds(recorder: JobsRecorder, name: str):
    class Contract(ApplicationRecorderTestCase[JobsRecorder]):
        def create_recorder(self) -> JobsRecorder:
            return recorder

    Contract(name).debug()


def test_positions_are_committed_in_their_order(recorder: JobsRecorder):
    class Contract(NonInterleavingNotificationIDsBaseCase):
        insert_num = 100

        def create_recorder(self) -> JobsRecorder:
            return recorder

    Contract("test").debug()


def test_what_is_beside_an_event_is_there_or_not_with_it(recorder: JobsRecorder, log: JobsLog):
    event = StoredEvent(uuid4(), 1, "topic", b"state")
    beside = [Statement("INSERT INTO kept VALUES (%s)", [1])]
    recorder.insert_events([event], beside=beside)
    with pytest.raises(IntegrityError):
        recorder.insert_events([event], beside=beside)
    with log.datastore.cursor() as cursor:
        assert cursor.execute("SELECT value FROM kept").fetchall() == [{"value": 1}]


def test_a_commit_whose_answer_is_lost_is_not_taken_for_somebody_else_s(log: JobsLog, exports: Exports, wish: ExportRequest):
    export = exports.request(wish)
    with answers_lost_after_commit(log):
        taken = exports.take(export.id, "worker")
    assert taken.is_held_by("worker")
    assert [event.topic for event in log.recorder.select_events(export.id)] == ["export.requested", "export.started"]
    with answers_lost_after_commit(log):
        assert exports.request(wish).status is JobStatus.PENDING
    assert exports.counts([wish.account_id]) == [2]


COUNT = "SELECT count(*) FROM jobs.jobs_events"


@contextmanager
def answers_lost_after_commit(log: JobsLog) -> Iterator[None]:
    """The connection breaks once, right after the next transaction was committed."""
    datastore: Any = log.datastore
    whole = datastore.get_connection
    lost = []

    @contextmanager
    def broken() -> Iterator[Any]:
        with whole() as connection:
            before = connection.execute(COUNT).fetchone()
            yield connection
            after = connection.execute(COUNT).fetchone()
        if before != after and not lost:
            lost.append(True)
            raise OperationalError("server closed the connection unexpectedly")

    datastore.get_connection = broken
    try:
        yield
    finally:
        datastore.get_connection = whole
    assert lost

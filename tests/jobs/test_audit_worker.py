"""The laws of audits on every broker: each has one outcome, whatever becomes of messages and workers."""

import signal
from datetime import UTC, datetime
from multiprocessing import active_children
from time import monotonic
from uuid import uuid4

import pytest

from jobs.actors import Workshop
from jobs.application import JobsLog
from jobs.audit_request import AuditRequest
from jobs.audits import Audits
from jobs.job import JobStatus
from tests.jobs.conftest import BOUND_SECONDS, Place, closed_gate, eventually, working
from tests.jobs.test_worker import topics, wait_until_nobody_waits_at_the_gate, worker_process


@pytest.fixture
def question() -> AuditRequest:
    return AuditRequest(uuid4(), "acme", datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))


def ask(place: Place, audits: Audits, question: AuditRequest, rings: int = 1):
    audit = audits.request(question)
    for _ in range(rings):
        place.ring(audit.id, "audit")
    return audit


def test_many_deliveries_give_one_start_and_one_verdict(place: Place, workshop: Workshop, log: JobsLog, question: AuditRequest):
    audits = workshop.audits
    with working(place, workshop, threads=4):
        audit = ask(place, audits, question, rings=16)
        eventually(lambda: audits.state(audit.id).status.is_final)
    assert audits.state(audit.id).verdict == "MATCHED"
    assert topics(log, audit.id, but="audit.renewed") == ["audit.requested", "audit.started", "audit.completed"]


def test_a_message_that_was_lost_is_sent_again_by_the_timer(place: Place, workshop: Workshop, question: AuditRequest):
    audit = workshop.audits.request(question)  # and nobody rings
    with working(place, workshop):
        eventually(lambda: workshop.audits.state(audit.id).status is JobStatus.COMPLETED)


def test_a_worker_killed_in_the_middle_is_replaced_by_another_that_finishes(
    place: Place, jobs_database: str, workshop: Workshop, log: JobsLog, question: AuditRequest
):
    audits = workshop.audits
    # Given a worker that has replayed some of the log
    with closed_gate(jobs_database) as open_gate:
        with worker_process(place, jobs_database, workshop.store.root, lease_seconds=1.5) as first:
            audit = ask(place, audits, question)
            eventually(lambda: audits.state(audit.id).positions_done == 1_000)
            # When it is killed
            first.send_signal(signal.SIGKILL)
            first.wait(BOUND_SECONDS)
        wait_until_nobody_waits_at_the_gate(jobs_database)  # what it had asked of the database ended with it
        open_gate()
    # Then another comes to the verdict
    with worker_process(place, jobs_database, workshop.store.root, lease_seconds=30):
        eventually(lambda: audits.state(audit.id).status.is_final)
    state = audits.state(audit.id)
    assert (state.verdict, state.attempt) == ("MATCHED", 2)
    assert topics(log, audit.id, but="audit.renewed") == ["audit.requested", "audit.started", "audit.started", "audit.completed"]


def test_cancelling_stops_the_work_within_a_second(place: Place, workshop: Workshop, jobs_database: str, question: AuditRequest):
    audits = workshop.audits
    with closed_gate(jobs_database), working(place, workshop):
        audit = ask(place, audits, question)
        eventually(lambda: audits.state(audit.id).positions_done == 1_000)
        assert f"audit {audit.id}" in [child.name for child in active_children()]
        assert audits.cancel(audit.id, question.account_id).verdict == "CANCELLED"
        cancelled_at = monotonic()
        eventually(lambda: f"audit {audit.id}" not in [child.name for child in active_children()])
        assert monotonic() - cancelled_at < 1
        wait_until_nobody_waits_at_the_gate(jobs_database)

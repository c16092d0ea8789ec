"""Audits in the log and in their table, and what one worker does with one, on a real Postgres."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event
from uuid import UUID, uuid4

import psycopg
import pytest

from jobs.actors import Workshop, attend_audit
from jobs.apart import Progress, run_apart
from jobs.application import JobsLog
from jobs.audit_request import AuditRequest
from jobs.audit_states import AuditState
from jobs.auditing import Auditing
from jobs.audits import MAX_UNFINISHED_AUDITS, Audits
from jobs.errors import AttemptSupersededError, InvalidRequestError, JobFinishedError, JobNotFoundError, JobRefusedError, TooManyJobsError
from jobs.job import JobStatus
from jobs.job_states import CHANNEL, JobKey
from projections.audits import Verdict
from tests.jobs.conftest import AUDIT_RULES, BOUND_SECONDS, SOON, closed_gate, eventually
from tests.jobs.engines import DIGEST, POSITION, BrokenEngine, DyingEngine, TableEngine

VERDICT = Verdict(POSITION, DIGEST, 744, 0)


def topics(log: JobsLog, audit_id: UUID) -> list[str]:
    """What the log holds of an audit, in order."""
    return [event.topic for event in log.recorder.select_events(audit_id)]


def differences_kept(database_url: str) -> int:
    """Of all audits together."""
    with psycopg.connect(database_url) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM cell_0.audit_differences").fetchall()
    return count


@pytest.mark.postgres
def test_a_request_is_recorded_and_answered_at_once(audits: Audits, question: AuditRequest):
    state = audits.request(question)
    assert (state.status, state.account_id, state.verdict, state.progress) == (JobStatus.PENDING, question.account_id, "PENDING", 0)
    assert (state.period_from, state.period_to) == (question.period_from, question.period_to)
    assert (state.position, state.digest, state.events, state.differences) == (None, None, None, None)
    assert audits.take(state.id, "worker").request == question


def test_a_request_that_makes_no_sense_is_not_recorded(audits: Audits, question: AuditRequest):
    with pytest.raises(InvalidRequestError):
        audits.request(replace(question, period_to=question.period_from))
    assert audits.counts([question.account_id]) == [0]


def test_bounded_an_account_may_wait_for_so_many_audits(audits: Audits, question: AuditRequest):
    first, *_ = [audits.request(question) for _ in range(MAX_UNFINISHED_AUDITS)]
    told = rf"^{MAX_UNFINISHED_AUDITS} audits are not finished yet; wait for one of them or cancel it\.$"
    with pytest.raises(TooManyJobsError, match=told):
        audits.request(question)
    assert audits.request(replace(question, account_id=uuid4())).status is JobStatus.PENDING  # others are not concerned
    audits.cancel(first.id, question.account_id)
    assert audits.request(question).status is JobStatus.PENDING


def test_audits_of_an_account_are_listed_newest_first_in_pages(audits: Audits, question: AuditRequest):
    asked = [audits.request(question).id for _ in range(3)]
    audits.request(replace(question, account_id=uuid4()))
    first = audits.page(question.account_id, first=2)
    second = audits.page(question.account_id, first=2, after=JobKey(first[-1].created_at, first[-1].id))
    assert [state.id for state in (*first, *second)] == asked[::-1]


def test_yours_alone_another_account_s_audit_looks_like_none(audits: Audits, question: AuditRequest):
    audit = audits.request(question)
    for see in (audits.state, audits.cancel):
        for id in (audit.id, uuid4()):
            with pytest.raises(JobNotFoundError, match=rf"^There is no audit {id}\.$"):
                see(id, uuid4())


@pytest.mark.postgres
def test_workers_that_race_for_an_audit_give_one_start_and_one_outcome(audits: Audits, log: JobsLog, question: AuditRequest):
    audit = audits.request(question)
    line = Barrier(8)

    def race(i: int) -> bool:
        line.wait()
        if not audits.take(audit.id, f"worker {i}").is_held_by(f"worker {i}"):
            return False
        audits.complete(audit.id, 1, VERDICT)
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, range(8)))
    assert won.count(True) == 1
    assert topics(log, audit.id) == ["audit.requested", "audit.started", "audit.completed"]


@pytest.mark.parametrize(("differences", "verdict"), [(0, "MATCHED"), (3, "DIFFERENT")])
def test_an_audit_is_made_and_its_evidence_kept(
    differences: int, verdict: str, workshop: Workshop, jobs_database: str, question: AuditRequest
):
    audit = workshop.audits.request(question)
    attend_audit(replace(workshop, engine=TableEngine(jobs_database, differences)), audit.id)
    state = workshop.audits.state(audit.id)
    assert (state.verdict, state.attempt, state.progress, state.error) == (verdict, 1, 1, None)
    assert (state.position, state.digest, state.events, state.differences) == (POSITION, DIGEST, 744, differences)
    assert state.completed_at is not None
    found = workshop.audits.differences(state, first=10)
    assert [(each.number, each.replayed, each.materialised) for each in found] == [(i, f"={i}", None) for i in range(1, differences + 1)]
    assert [each.number for each in workshop.audits.differences(state, first=1, after=1)] == [2][: max(differences - 1, 0)]


def test_only_the_differences_that_the_verdict_counts_are_shown(
    audits: Audits, workshop: Workshop, jobs_database: str, question: AuditRequest
):
    audit = audits.request(question)
    attend_audit(replace(workshop, engine=TableEngine(jobs_database, 3)), audit.id)
    state = audits.state(audit.id)
    assert len(audits.differences(replace(state, differences=2), first=10)) == 2  # what an attempt that was too late adds is none of it
    assert audits.differences(replace(state, status=JobStatus.RUNNING), first=10) == []
    assert audits.differences(replace(state, account_id=uuid4()), first=10) == []


def test_a_worker_that_slept_through_its_lease_has_no_say(log: JobsLog, question: AuditRequest):
    audits = Audits(log, replace(AUDIT_RULES, retry=replace(AUDIT_RULES.retry, lease=SOON)))
    audit = audits.request(question)
    first = audits.take(audit.id, "sleeper")
    eventually(lambda: audits.take(audit.id, "successor").is_held_by("successor"))  # the lease has run out
    with pytest.raises(AttemptSupersededError):
        audits.complete(audit.id, first.attempt, Verdict(POSITION, DIGEST, 744, 9))
    audits.complete(audit.id, 2, VERDICT)
    assert audits.state(audit.id).verdict == "MATCHED"
    assert topics(log, audit.id) == ["audit.requested", "audit.started", "audit.started", "audit.completed"]


def test_who_lost_the_audit_is_told_before_anything_is_kept(jobs_database: str, question: AuditRequest):
    def lost_at_the_end(progress: Progress | None) -> None:
        if progress is not None and progress.done == progress.total:
            raise AttemptSupersededError("It is another's.")

    with pytest.raises(AttemptSupersededError):
        run_apart(Auditing(uuid4(), question.of, TableEngine(jobs_database, 3)), lost_at_the_end)
    assert differences_kept(jobs_database) == 0


def test_attempts_are_bounded_and_the_owner_sees_no_internals(workshop: Workshop, jobs_database: str, question: AuditRequest):
    audit = workshop.audits.request(question)
    broken = replace(workshop, engine=BrokenEngine(jobs_database, RuntimeError("a secret of ours")))
    eventually(lambda: attend_audit(broken, audit.id) or workshop.audits.state(audit.id).status.is_final)
    state = workshop.audits.state(audit.id)
    assert (state.status, state.attempt) == (JobStatus.FAILED, 3)
    assert state.error == "The audit was tried 3 times. The last time: The process that audits failed."
    assert differences_kept(jobs_database) == 0


def test_an_audit_whose_process_dies_is_tried_again(workshop: Workshop, question: AuditRequest):
    audit = workshop.audits.request(question)
    attend_audit(replace(workshop, engine=DyingEngine()), audit.id)
    assert workshop.audits.state(audit.id).status is JobStatus.PENDING
    eventually(lambda: attend_audit(workshop, audit.id) or workshop.audits.state(audit.id).status.is_final)
    assert (workshop.audits.state(audit.id).verdict, workshop.audits.state(audit.id).attempt) == ("MATCHED", 2)


def test_what_can_never_succeed_is_tried_once(workshop: Workshop, jobs_database: str, question: AuditRequest):
    audit = workshop.audits.request(question)
    attend_audit(replace(workshop, engine=BrokenEngine(jobs_database, JobRefusedError("It is too much."))), audit.id)
    state = workshop.audits.state(audit.id)
    assert (state.status, state.attempt, state.error) == (JobStatus.FAILED, 1, "It is too much.")


def test_an_attempt_that_takes_too_long_is_ended(workshop: Workshop, jobs_database: str, question: AuditRequest):
    audit = workshop.audits.request(question)
    with closed_gate(jobs_database):
        attend_audit(replace(workshop, attempt_limit=timedelta(0)), audit.id)
    assert (workshop.audits.state(audit.id).status, workshop.audits.state(audit.id).attempt) == (JobStatus.PENDING, 1)


def test_a_worker_that_is_stopped_gives_its_audit_back(workshop: Workshop, log: JobsLog, question: AuditRequest):
    stopped = Event()
    stopped.set()
    audit = workshop.audits.request(question)
    attend_audit(replace(workshop, stopping=stopped), audit.id)
    assert topics(log, audit.id) == ["audit.requested", "audit.started", "audit.given-back"]
    assert workshop.audits.wake_overdue(10) == [audit.id]


def test_progress_is_of_real_positions_and_every_change_is_news(workshop: Workshop, jobs_database: str, question: AuditRequest):
    audits = workshop.audits
    seen: list[AuditState] = []
    with psycopg.connect(jobs_database, autocommit=True) as connection, closed_gate(jobs_database) as open_gate:
        connection.execute(f"LISTEN {CHANNEL}")
        audit = audits.request(question)
        with ThreadPoolExecutor(1) as pool:
            attending = pool.submit(attend_audit, workshop, audit.id)
            for news in connection.notifies(timeout=BOUND_SECONDS):
                assert UUID(news.payload) == audit.id
                seen.append(audits.state(audit.id))
                if seen[-1].positions_done == 1_000:
                    open_gate()
                if seen[-1].status.is_final:
                    break
            attending.result(BOUND_SECONDS)
    assert [state.status for state in seen][-1] is JobStatus.COMPLETED
    assert 0.4 in [state.progress for state in seen]
    running = [state.progress for state in seen if state.status is JobStatus.RUNNING]
    assert running == sorted(running)
    with pytest.raises(JobFinishedError):
        audits.cancel(audit.id, question.account_id)


@pytest.fixture
def question() -> AuditRequest:
    return AuditRequest(uuid4(), "acme", datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))

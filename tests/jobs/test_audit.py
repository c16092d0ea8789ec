"""The rules of an audit, without a database. What it shares with exports is shown by those of an export."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from jobs.audit import Audit
from jobs.audit_request import AuditRequest, checked, file_name
from jobs.errors import AttemptSupersededError, InvalidRequestError, JobFinishedError
from jobs.job import JobStatus, RetryRules
from projections.audits import AuditOf, Verdict
from projections.router_facts import Range

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = RetryRules(lease=MINUTE, max_attempts=3, first_backoff=timedelta(seconds=5), max_backoff=timedelta(seconds=8))
REQUEST = AuditRequest(UUID(int=1), "acme", NOW - timedelta(days=31), NOW, 4_711)
MATCHED = Verdict(4_711, "ab" * 32, 744, 0)
DIFFERENT = Verdict(4_711, "ab" * 32, 744, 3)


def started() -> Audit:
    audit = Audit.ask(uuid4(), REQUEST, NOW)
    audit.take("first", NOW, RULES)
    return audit


def test_an_audit_knows_what_it_is_of():
    assert started().request.of == AuditOf(UUID(int=1), "acme", Range(NOW - timedelta(days=31), NOW), 4_711)


@pytest.mark.parametrize("verdict", [MATCHED, DIFFERENT])
def test_a_verdict_is_kept_for_ever(verdict: Verdict):
    audit = started()
    audit.complete(1, verdict, NOW)
    assert (audit.status, audit.verdict, audit.completed_at, audit.due_at) == (JobStatus.COMPLETED, verdict, NOW, None)
    audit.take("timer", NOW + timedelta(days=36_500), RULES)
    assert (audit.status, audit.version) == (JobStatus.COMPLETED, 3)


def test_whoever_lost_the_audit_cannot_say_what_came_of_it():
    audit = started()
    audit.take("second", NOW + MINUTE, RULES)
    with pytest.raises(AttemptSupersededError, match=r"^Attempt 1 no longer holds audit .*, which is running at attempt 2\.$"):
        audit.complete(1, MATCHED, NOW + MINUTE)
    audit.complete(2, DIFFERENT, NOW + MINUTE)
    assert audit.verdict == DIFFERENT


def test_a_verdict_whose_answer_was_lost_is_recorded_once_and_another_is_refused():
    audit = started()
    for _ in range(2):
        audit.complete(1, DIFFERENT, NOW)
    assert audit.version == 3
    with pytest.raises(AttemptSupersededError):
        audit.complete(1, MATCHED, NOW)


def test_the_last_attempt_that_fails_fails_the_audit_by_name():
    audit = started()
    for attempt in (1, 2, 3):
        audit.fail_attempt(attempt, "no luck", NOW, RULES)
        audit.take("next", NOW + MINUTE * attempt, RULES)
    assert (audit.status, audit.error) == (JobStatus.FAILED, "The audit was tried 3 times. The last time: no luck")


def test_what_is_over_cannot_be_cancelled():
    audit = started()
    audit.complete(1, MATCHED, NOW)
    with pytest.raises(JobFinishedError, match=r"^The audit is already completed; it cannot be cancelled\.$"):
        audit.cancel(NOW)


ACTS = {
    "renew": lambda audit, attempt, now: audit.renew(attempt, now, RULES),
    "complete": lambda audit, attempt, now: audit.complete(attempt, Verdict(1, "", 1, attempt), now),
    "fail": lambda audit, attempt, now: audit.fail_attempt(attempt, "no luck", now, RULES),
    "give back": lambda audit, attempt, now: audit.give_back(attempt, now),
    "refuse": lambda audit, attempt, now: audit.refuse(attempt, "never", now),
    "cancel": lambda audit, _, now: audit.cancel(now),
}
PAUSES = st.sampled_from([timedelta(0), timedelta(seconds=1), MINUTE])


@given(st.lists(st.tuples(st.sampled_from(["take", *ACTS]), st.integers(0, 2), PAUSES), max_size=30))
def test_whatever_workers_do_an_audit_has_one_outcome_at_most_and_it_is_that_of_its_last_attempt(steps: list[tuple[str, int, timedelta]]):
    """Three workers act at any time, each on the attempt that it believes to hold."""
    audit, now = Audit.ask(uuid4(), REQUEST, NOW), NOW
    believed = [0, 0, 0]
    for act, worker, pause in steps:
        now += pause
        if act == "take":
            audit.take(f"worker {worker}", now, RULES)
            believed[worker] = audit.attempt if audit.is_held_by(f"worker {worker}") else believed[worker]
        else:
            with suppress(AttemptSupersededError, JobFinishedError):
                ACTS[act](audit, believed[worker], now)
    events = audit.collect_events()
    ends = [event for event in events if isinstance(event, Audit.Completed | Audit.Failed | Audit.Cancelled)]
    assert ends in ([], [events[-1]])
    assert (audit.due_at is None) == bool(ends)
    starts = [event.attempt for event in events if isinstance(event, Audit.Started)]
    assert starts == list(range(1, len(starts) + 1))
    if isinstance(events[-1], Audit.Completed):
        assert (audit.verdict, events[-1].attempt) == (Verdict(1, "", 1, starts[-1]), starts[-1])


@pytest.mark.parametrize(("start", "end"), [(NOW, NOW), (NOW.replace(year=1999), NOW), (NOW, NOW.replace(year=2201))])
def test_a_range_that_makes_no_sense_is_refused(start: datetime, end: datetime):
    with pytest.raises(InvalidRequestError) as raised:
        checked(AuditRequest(UUID(int=1), "acme", start, end))
    assert raised.value.field == "range"


def test_a_file_is_named_after_account_and_days():
    assert file_name("acme", NOW, NOW + timedelta(hours=15)) == "acme-audit-2026-11-01-to-2026-11-01.json"
    assert file_name('../"é', NOW, NOW + timedelta(days=30)) == "account-audit-2026-11-01-to-2026-12-01.json"


def mapper() -> Mapper[UUID]:
    transcoder = JSONTranscoder()
    transcoder.register(DatetimeAsISO())
    return Mapper(transcoder)


STORED = [
    (topic.decode(), state)
    for topic, state in (line.split(b"\t") for line in Path(__file__).with_name("audit_events.tsv").read_bytes().splitlines())
]


def test_what_was_stored_can_be_read_for_ever():
    audit = None
    for version, (topic, state) in enumerate(STORED, start=1):
        event = mapper().to_domain_event(StoredEvent(UUID(int=7), version, topic, state))
        audit = event.mutate(audit)  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(audit, Audit)
    assert (audit.request, audit.verdict, audit.attempt, audit.tries, audit.status) == (REQUEST, DIFFERENT, 3, 2, JobStatus.COMPLETED)


def whole_life() -> Audit:
    audit = Audit.ask(UUID(int=7), REQUEST, NOW)
    audit.take("first", NOW, RULES)
    audit.fail_attempt(1, "no luck", NOW, RULES)
    audit.take("second", NOW + MINUTE, RULES)
    audit.give_back(2, NOW + MINUTE)
    audit.take("third", NOW + MINUTE, RULES)
    audit.renew(3, NOW + MINUTE, RULES)
    audit.complete(3, DIFFERENT, NOW + MINUTE)
    return audit


def test_what_is_stored_has_not_changed_shape():
    stored = [mapper().to_stored_event(event) for event in whole_life().collect_events()]
    assert [(event.topic, event.state) for event in stored] == STORED


@pytest.mark.parametrize(
    ("topic", "state", "status"),
    [
        ("audit.failed", b'"attempt":1,"error":"never"', JobStatus.FAILED),
        ("audit.cancelled", b"", JobStatus.CANCELLED),
    ],
)
def test_ends_without_a_verdict_that_were_stored_can_be_read_for_ever(topic: str, state: bytes, status: JobStatus):
    audit = started()
    when = b'{"timestamp":{"_type_":"datetime_iso","_data_":"2026-11-01T09:00:00+00:00"}' + (b"," + state if state else b"") + b"}"
    mapper().to_domain_event(StoredEvent(audit.id, 3, topic, when)).mutate(audit)  # pyright: ignore[reportAttributeAccessIssue]
    assert (audit.status, audit.due_at, audit.verdict) == (status, None, None)

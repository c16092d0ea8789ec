"""The rules of an export, without a database: time is passed in."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import AttemptSupersededError, JobFinishedError
from jobs.export import Export, ExportFile
from jobs.job import JobStatus, RetryRules
from jobs.request import ExportRequest, UsageFilter

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEEP = timedelta(days=7)
RULES = RetryRules(lease=MINUTE, max_attempts=3, first_backoff=timedelta(seconds=5), max_backoff=timedelta(seconds=8))
REQUEST = ExportRequest(UUID(int=1), "acme", NOW - timedelta(days=31), NOW, "Asia/Kathmandu", UsageFilter(providers=("groq", None)))
FILE = ExportFile("acme.xlsx", 9_001, "ab" * 32, 744, 4_711, NOW)


def asked() -> Export:
    return Export.ask(uuid4(), REQUEST, NOW)


def started() -> Export:
    export = asked()
    export.take("first", NOW, RULES)
    return export


def test_an_export_starts_when_a_worker_takes_it():
    export = started()
    assert (export.status, export.attempt, export.due_at) == (JobStatus.RUNNING, 1, NOW + MINUTE)
    assert export.is_held_by("first")


def test_a_second_delivery_changes_nothing_while_the_lease_lasts():
    export = started()
    export.take("second", NOW + MINUTE - timedelta(microseconds=1), RULES)
    assert export.is_held_by("first")
    assert export.version == 2


def test_a_worker_that_finds_its_own_start_holds_the_export():
    export = started()
    export.take("first", NOW, RULES)
    assert (export.is_held_by("first"), export.version) == (True, 2)


def test_the_next_attempt_starts_the_moment_the_lease_is_over():
    export = started()
    export.take("second", NOW + MINUTE, RULES)
    assert (export.is_held_by("second"), export.attempt) == (True, 2)


def test_a_renewed_lease_lasts_from_then_on():
    export = started()
    export.renew(1, NOW + MINUTE / 2, RULES)
    export.take("second", NOW + MINUTE, RULES)
    assert export.is_held_by("first")
    export.take("second", NOW + MINUTE * 1.5, RULES)
    assert export.is_held_by("second")


@pytest.mark.parametrize(
    "act",
    [
        lambda export: export.renew(1, NOW, RULES),
        lambda export: export.complete(1, FILE, NOW, KEEP),
        lambda export: export.fail_attempt(1, "too late", NOW, RULES),
        lambda export: export.give_back(1, NOW),
        lambda export: export.refuse(1, "too late", NOW),
    ],
)
def test_whoever_lost_the_export_can_do_nothing_to_it(act):
    export = started()
    export.take("second", NOW + MINUTE, RULES)
    with pytest.raises(AttemptSupersededError, match=r"Attempt 1 no longer holds export .*, which is running at attempt 2\."):
        act(export)
    assert export.is_held_by("second")


def test_a_failed_attempt_is_followed_by_another_after_a_pause_that_doubles():
    export = started()
    export.fail_attempt(1, "no luck", NOW, RULES)
    assert (export.status, export.due_at) == (JobStatus.PENDING, NOW + timedelta(seconds=5))
    export.take("early", NOW + timedelta(seconds=4), RULES)
    assert export.status is JobStatus.PENDING
    export.take("second", NOW + timedelta(seconds=5), RULES)
    export.fail_attempt(2, "no luck", NOW, RULES)
    assert export.due_at == NOW + timedelta(seconds=8)  # not 10: pauses are bounded


def test_the_last_attempt_that_fails_fails_the_export():
    export = started()
    for attempt in (1, 2, 3):
        export.fail_attempt(attempt, "no luck", NOW, RULES)
        export.take("next", NOW + MINUTE * attempt, RULES)
    assert (export.status, export.attempt, export.due_at) == (JobStatus.FAILED, 3, None)
    assert export.error == "The export was tried 3 times. The last time: no luck"


def test_workers_that_vanish_use_up_attempts_too():
    export = asked()
    for i in range(4):
        export.take(f"worker {i}", NOW + i * MINUTE, RULES)
    assert (export.status, export.attempt) == (JobStatus.FAILED, 3)
    assert export.error == "The export was tried 3 times and never finished."


def test_what_is_given_back_can_be_taken_at_once():
    export = started()
    export.give_back(1, NOW)
    export.take("second", NOW, RULES)
    assert (export.is_held_by("second"), export.attempt) == (True, 2)


def test_bounded_attempts_are_those_that_failed_and_not_those_that_were_given_back():
    # Given an export that has failed once, and whose workers were then stopped one after the other
    export = started()
    export.fail_attempt(1, "no luck", NOW, RULES)
    now = NOW + MINUTE
    for attempt in range(2, 12):
        export.take(f"worker {attempt}", now, RULES)
        export.give_back(attempt, now)
    assert (export.status, export.attempt, export.due_at) == (JobStatus.PENDING, 11, now)
    # When it goes on failing
    export.take("second", now, RULES)
    export.fail_attempt(12, "no luck", now, RULES)
    # Then the pause is that after a second try, and the third is the last
    assert (export.status, export.due_at) == (JobStatus.PENDING, now + RULES.backoff(2))
    export.take("third", now + MINUTE, RULES)
    export.fail_attempt(13, "no luck", now + MINUTE, RULES)
    assert (export.status, export.attempt) == (JobStatus.FAILED, 13)
    assert export.error == "The export was tried 3 times. The last time: no luck"


def test_a_completed_export_can_be_fetched_until_it_expires():
    export = started()
    export.complete(1, FILE, NOW, KEEP)
    assert (export.status, export.file, export.completed_at, export.expires_at) == (JobStatus.COMPLETED, FILE, NOW, NOW + KEEP)
    export.take("timer", NOW + KEEP - timedelta(seconds=1), RULES)
    assert export.status is JobStatus.COMPLETED
    export.take("timer", NOW + KEEP, RULES)
    assert (export.status, export.due_at) == (JobStatus.EXPIRED, None)


@pytest.mark.parametrize("attempts", [1, 2])
def test_repeating_a_decision_whose_answer_was_lost_adds_nothing(attempts: int):
    for act in (
        lambda export: export.complete(1, FILE, NOW, KEEP),
        lambda export: export.fail_attempt(1, "no luck", NOW, RULES),
        lambda export: export.give_back(1, NOW),
        lambda export: export.refuse(1, "never", NOW),
        lambda export: export.cancel(NOW),
    ):
        export = started()
        for _ in range(attempts):
            act(export)
        assert export.version == 3


def test_what_is_over_cannot_be_cancelled():
    export = started()
    export.complete(1, FILE, NOW, KEEP)
    with pytest.raises(JobFinishedError, match=r"The export is already completed; it cannot be cancelled\."):
        export.cancel(NOW)


ACTS = {
    "renew": lambda export, attempt, now: export.renew(attempt, now, RULES),
    "complete": lambda export, attempt, now: export.complete(attempt, FILE, now, KEEP),
    "fail": lambda export, attempt, now: export.fail_attempt(attempt, "no luck", now, RULES),
    "give back": lambda export, attempt, now: export.give_back(attempt, now),
    "refuse": lambda export, attempt, now: export.refuse(attempt, "never", now),
    "cancel": lambda export, _, now: export.cancel(now),
}
PAUSES = st.sampled_from([timedelta(0), timedelta(seconds=1), MINUTE, KEEP])


@given(st.lists(st.tuples(st.sampled_from(["take", *ACTS]), st.integers(0, 2), PAUSES), max_size=30))
def test_whatever_workers_do_an_export_completes_at_most_once_and_attempts_only_grow(steps: list[tuple[str, int, timedelta]]):
    """Three workers act at any time, each on the attempt that it believes to hold."""
    export, now = asked(), NOW
    believed = [0, 0, 0]
    for act, worker, pause in steps:
        now += pause
        if act == "take":
            export.take(f"worker {worker}", now, RULES)
            believed[worker] = export.attempt if export.is_held_by(f"worker {worker}") else believed[worker]
        else:
            with suppress(AttemptSupersededError, JobFinishedError):
                ACTS[act](export, believed[worker], now)
    events = export.collect_events()
    starts = [event.attempt for event in events if isinstance(event, Export.Started)]
    assert starts == list(range(1, len(starts) + 1))
    given_back = sum(isinstance(event, Export.GivenBack) for event in events)
    assert len(starts) <= RULES.max_attempts + given_back
    ends = [event for event in events if isinstance(event, Export.Completed | Export.Failed | Export.Cancelled)]
    assert len(ends) <= 1
    if ends:
        after = events[events.index(ends[0]) + 1 :]
        assert [type(event) for event in after] in ([], [Export.Expired])
    assert (export.due_at is None) == (export.status in (JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.EXPIRED))


STORED = [
    (topic.decode(), state)
    for topic, state in (line.split(b"\t") for line in Path(__file__).with_name("export_events.tsv").read_bytes().splitlines())
]


def test_what_was_stored_can_be_read_for_ever():
    transcoder = JSONTranscoder()
    transcoder.register(DatetimeAsISO())
    mapper: Mapper[UUID] = Mapper(transcoder)
    export = None
    for version, (topic, state) in enumerate(STORED, start=1):
        event = mapper.to_domain_event(StoredEvent(UUID(int=7), version, topic, state))
        export = event.mutate(export)  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(export, Export)
    assert (export.request, export.file, export.attempt, export.status) == (REQUEST, FILE, 2, JobStatus.EXPIRED)


def test_what_is_stored_has_not_changed_shape():
    transcoder = JSONTranscoder()
    transcoder.register(DatetimeAsISO())
    mapper: Mapper[UUID] = Mapper(transcoder)
    export = Export.ask(UUID(int=7), REQUEST, NOW)
    export.take("first", NOW, RULES)
    export.fail_attempt(1, "no luck", NOW, RULES)
    export.take("second", NOW + MINUTE, RULES)
    export.renew(2, NOW + MINUTE, RULES)
    export.complete(2, FILE, NOW + MINUTE, KEEP)
    export.take("timer", NOW + MINUTE + KEEP, RULES)
    stored = [mapper.to_stored_event(event) for event in export.collect_events()]
    assert [(event.topic, event.state) for event in stored] == list(STORED)


GIVEN_BACK = (
    ("export.given-back", b'{"timestamp":{"_type_":"datetime_iso","_data_":"2026-11-01T09:00:00+00:00"},"attempt":1}'),
    (  # as it was told before there was this event
        "export.attempt-failed",
        (
            b'{"timestamp":{"_type_":"datetime_iso","_data_":"2026-11-01T09:00:00+00:00"},"attempt":1,"error":"The worker was stopped.",'
            b'"retry_at":{"_type_":"datetime_iso","_data_":"2026-11-01T09:00:00+00:00"}}'
        ),
    ),
)


@pytest.mark.parametrize(("topic", "state"), GIVEN_BACK)
def test_what_was_stored_of_an_export_that_was_given_back_can_be_read_for_ever(topic: str, state: bytes):
    transcoder = JSONTranscoder()
    transcoder.register(DatetimeAsISO())
    mapper: Mapper[UUID] = Mapper(transcoder)
    export = started()
    event = mapper.to_domain_event(StoredEvent(export.id, 3, topic, state))
    export = event.mutate(export)  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(export, Export)
    assert (export.status, export.attempt, export.tries, export.due_at) == (JobStatus.PENDING, 1, 0, NOW)


def test_what_is_stored_of_an_export_that_is_given_back_has_not_changed_shape():
    export = started()
    export.give_back(1, NOW)
    *_, event = export.collect_events()
    transcoder = JSONTranscoder()
    transcoder.register(DatetimeAsISO())
    stored = Mapper[UUID](transcoder).to_stored_event(event)
    assert (stored.topic, stored.state) == GIVEN_BACK[0]

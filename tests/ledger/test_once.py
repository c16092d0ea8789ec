"""Once: whatever is sent, how often, in whatever batches and by however many writers, the log holds each name once."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import RequestCompleted
from ledger.application import Ledger, Outcome, Recording
from ledger.shapes import same_content, to_state
from tests.events import around, at, request_completed, requests
from tests.ledger.log import empty, outcomes, read

RECORDED, DUPLICATE, CONFLICT = Outcome.RECORDED, Outcome.DUPLICATE, Outcome.CONFLICT


@pytest.mark.postgres
def test_a_batch_is_recorded_in_its_order(ledger, database_url):
    events = [request_completed(at(clock)) for clock in ("09:00", "08:00", "10:00", "08:30")]
    recording = ledger.record(events)
    log = read(database_url)
    assert (outcomes(recording), recording.conflicts, recording.position) == ({RECORDED: 4}, [], 4)
    assert log.events == events
    log.assert_whole()


@pytest.mark.postgres
def test_a_batch_sent_again_changes_nothing(ledger, database_url):
    events = [request_completed() for _ in range(3)]
    ledger.record(events)
    before = read(database_url)
    again = ledger.record([*reversed(events), events[0]])
    assert (outcomes(again), again.conflicts, again.position) == ({DUPLICATE: 4}, [], 3)
    assert read(database_url) == before


def test_the_first_content_of_a_name_stands(ledger, database_url):
    first, other, third = (request_completed(id="1", model=model) for model in ("gpt-4o", "o3", "o4"))
    assert outcomes(ledger.record([first])) == {RECORDED: 1}
    recording = ledger.record([other, first, third])
    assert recording.outcomes == [CONFLICT, DUPLICATE, CONFLICT]
    assert [(each.index, each.standing, each.refused) for each in recording.conflicts] == [
        (0, to_state(first), to_state(other)),
        (2, to_state(first), to_state(third)),
    ]
    assert read(database_url).events == [first]


def test_one_name_in_two_accounts_or_from_two_sources_is_two_events(ledger):
    events = [request_completed(id="1", account="acme"), request_completed(id="1", account="other"), request_completed(id="1", source="s")]
    assert outcomes(ledger.record(events)) == {RECORDED: 3}


def test_an_empty_batch_says_where_the_log_is(ledger, database_url):
    assert ledger.record([]) == Recording([], [], 0)
    ledger.record([request_completed()])
    assert ledger.record([]) == Recording([], [], 1)
    assert len(read(database_url).appends) == 1


def test_time_of_the_log_never_goes_back_whatever_the_clock_does(ledger, database_url):
    ahead = datetime.now(UTC) + timedelta(hours=1)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE cell_0.ledger_head SET recorded_at = %s", [ahead])
    ledger.record([request_completed()])
    ledger.record([request_completed()])
    log = read(database_url)
    assert [instant for _, instant, _ in log.appends] == [ahead, ahead]
    log.assert_whole()


contents = requests(around(at("09:00"), timedelta(hours=1)), accounts=("acme", "other"))


@st.composite
def batches(draw: st.DrawFn) -> list[list[RequestCompleted]]:
    """Batches with repeats, within and across, and with other contents of the same names."""
    events = draw(st.lists(contents, min_size=1, max_size=12))
    again = draw(st.lists(st.sampled_from(events), max_size=12))
    changed = [msgspec.structs.replace(event, model=draw(st.sampled_from(("gpt-4o", "o3")))) for event in again]
    mixed = draw(st.permutations([*events, *again, *changed[: draw(st.integers(0, 3))]]))
    cuts = sorted(draw(st.lists(st.integers(0, len(mixed)), max_size=5)))
    return [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]


def record_at_once(ledger: Ledger, sent: Sequence[Sequence[RequestCompleted]]) -> list[Recording]:
    """Each batch by a writer of its own, all starting together."""
    start = threading.Barrier(len(sent))

    def write(batch: Sequence[RequestCompleted]) -> Recording:
        start.wait()
        return ledger.record(batch)

    with ThreadPoolExecutor(len(sent)) as writers:
        return list(writers.map(write, sent))


@pytest.mark.postgres
@settings(max_examples=40)
@given(sent=batches(), together=st.booleans())
def test_once_every_name_is_in_the_log_once_and_the_outcomes_add_up(ledger, database_url, sent, together):
    empty(database_url)
    recordings = record_at_once(ledger, sent) if together else [ledger.record(batch) for batch in sent]
    log = read(database_url)
    # The log holds each name once, without gaps
    log.assert_whole()
    states = [(event.originator_id, to_state(event)) for batch in sent for event in batch]
    assert set(log.originators) == {name for name, _ in states}
    # Of every name, one report was recorded; the others are duplicates or conflicts, as their content says
    standing = dict(zip(log.originators, map(to_state, log.events), strict=True))
    told = Counter(
        (event.originator_id, outcome)
        for batch, recording in zip(sent, recordings, strict=True)
        for event, outcome in zip(batch, recording.outcomes, strict=True)
    )
    for name, state in standing.items():
        same = sum(other == name and same_content(state, content) for other, content in states)
        assert told[name, RECORDED] == 1
        assert told[name, DUPLICATE] == same - 1
        assert told[name, CONFLICT] == sum(other == name for other, _ in states) - same
    # And a receipt covers what it speaks of
    positions = dict(zip(log.originators, log.positions, strict=True))
    for batch, recording in zip(sent, recordings, strict=True):
        assert recording.position >= max((positions[event.originator_id] for event in batch), default=0)
        assert [each.index for each in recording.conflicts] == [i for i, outcome in enumerate(recording.outcomes) if outcome is CONFLICT]
        for conflict in recording.conflicts:
            event = batch[conflict.index]
            assert (conflict.standing, conflict.refused) == (standing[event.originator_id], to_state(event))

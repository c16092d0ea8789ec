"""Durable and once, on a line that breaks: a retry that finds its own work is a success."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from ledger import recorder
from ledger.application import Ledger, Outcome
from ledger.recorder import ATTEMPTS
from tests.cutting import CUT
from tests.events import request_completed
from tests.ledger.log import outcomes, read
from tests.ledger.lossy_proxy import LossyProxy
from tests.ledger.test_following import stored


@pytest.fixture
def proxy(database_url: str) -> Iterator[LossyProxy]:
    with LossyProxy(database_url) as proxy:
        yield proxy


@pytest.fixture
def ledger(proxy: LossyProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """A ledger behind the proxy, impatient."""
    monkeypatch.setattr(recorder, "RETRY_WAIT_SECONDS", 0.01)
    with closing(Ledger(proxy.url)) as ledger:
        ledger.record([])
        yield ledger


@pytest.mark.postgres
def test_an_append_whose_answer_was_lost_is_in_the_log_once_and_no_error(ledger, proxy, database_url):
    events = [request_completed() for _ in range(3)]
    proxy.lose_answers_to_commit()
    recording = ledger.record(events)
    assert (proxy.lost, recording.position, recording.conflicts) == (1, 3, [])
    assert outcomes(recording) == {Outcome.DUPLICATE: 3}  # by then they were there
    assert ledger.record(events[:1]).outcomes == [Outcome.DUPLICATE]
    log = read(database_url)
    assert log.events == events
    log.assert_whole()


@pytest.mark.postgres
def test_an_append_whose_commit_never_arrived_is_made_again(ledger, proxy, database_url):
    events = [request_completed() for _ in range(3)]
    proxy.lose_commits(ATTEMPTS - 1)
    recording = ledger.record(events)
    assert (proxy.lost, recording.position, outcomes(recording)) == (ATTEMPTS - 1, 3, {Outcome.RECORDED: 3})
    log = read(database_url)
    assert log.events == events
    log.assert_whole()


def test_when_postgres_stays_away_the_append_says_so(ledger, proxy, database_url):
    proxy.lose_commits(ATTEMPTS)
    with pytest.raises(OperationalError):
        ledger.record([request_completed()])
    assert read(database_url).events == []


@pytest.mark.postgres
def test_a_strict_insert_whose_answer_was_lost_is_a_success_at_its_positions(ledger, proxy, database_url):
    ledger.record([request_completed()])
    events = [request_completed() for _ in range(3)]
    proxy.lose_answers_to_commit()
    assert ledger.ledger_recorder.insert_events(stored(*events)) == [2, 3, 4]
    assert proxy.lost == 1
    log = read(database_url)
    assert log.events[1:] == events
    log.assert_whole()


def test_a_strict_insert_that_was_lost_and_finds_others_work_in_its_place_is_refused(ledger, proxy, database_url):
    mine, others = request_completed(id="1"), request_completed(id="1", model="o3")
    ledger.record([others])
    proxy.lose_commits()
    with pytest.raises(IntegrityError):
        ledger.ledger_recorder.insert_events(stored(request_completed(), mine))
    assert read(database_url).events == [others]


@pytest.mark.postgres
def test_connections_that_were_cut_while_idle_are_made_anew(ledger, database_url):
    ledger.record([request_completed()])
    with psycopg.connect(database_url) as connection:
        assert len(connection.execute(CUT, ["tallygraph ledger"]).fetchall()) >= 1
    assert ledger.record([request_completed()]).outcomes == [Outcome.RECORDED]
    read(database_url).assert_whole()

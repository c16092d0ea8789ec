"""A log that is said to have been kept since an instant: only where it is empty, and without going back in time."""

from datetime import UTC, datetime, timedelta

import psycopg

from ledger.application import Ledger
from tests.events import request_completed
from tests.ledger.log import read

SINCE = datetime(2026, 1, 20, tzinfo=UTC)


def test_its_first_events_are_dated_then_and_what_follows_when_it_is_told(ledger: Ledger, database_url: str):
    assert ledger.begin([request_completed(id="a"), request_completed(id="b")], SINCE)
    ledger.record([request_completed(id="c")])
    log = read(database_url)
    log.assert_whole()
    assert [(event.id, event.account) for event in log.events] == [(id, "acme") for id in "abc"]
    assert log.appends[0][:2] == (2, SINCE)
    assert log.appends[1][1] > SINCE + timedelta(days=30)


def test_as_billed_of_a_log_that_has_begun_nothing_is_dated_back(ledger: Ledger, database_url: str):
    ledger.record([request_completed(id="a")])
    before = read(database_url)
    assert not ledger.begin([request_completed(id="b")], SINCE)
    assert read(database_url) == before


def test_as_billed_of_a_log_that_was_read_already_nothing_is_dated_before_that(ledger: Ledger, database_url: str):
    # Given an empty log of which readers were told that it is complete up to an instant
    read_at = SINCE + timedelta(days=7)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE cell_0.ledger_head SET recorded_at = %s", [read_at])
    ledger.begin([request_completed()], SINCE)
    assert [recorded_at for _, recorded_at, _ in read(database_url).appends] == [read_at]


def test_nothing_is_dated_in_the_future(ledger: Ledger, database_url: str):
    ledger.begin([request_completed()], datetime(2199, 1, 1, tzinfo=UTC))
    assert read(database_url).appends[0][1] < datetime(2199, 1, 1, tzinfo=UTC)

"""Replayable: whoever works the changes out, and however far ahead, the rows are what the log says."""

import os
import signal
import threading

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections import generations
from projections.runner import Runner
from tests.events import at, corrected, price_set, renewed, request_completed
from tests.projections.fold import fold
from tests.projections.following import following
from tests.projections.read_models import caught_up, log_of, rows_of, start_over, wait_until
from tests.projections.test_replayable import courses


@pytest.mark.postgres
@settings(max_examples=4)
@given(course=courses(), batch=st.integers(1, 12))
def test_replayable_changes_worked_out_in_processes_are_the_same(ledger, database_url, course, batch):
    start_over(database_url)
    runner = Runner(database_url, batch=batch, apart=True)
    with runner.connect() as connection, runner.workers() as workers:
        for events, _ in zip(*course, strict=True):
            ledger.record(events)
            runner.catch_up_with(workers, connection, runner.ensure_live(connection))
    assert rows_of(database_url) == fold(log_of(database_url))


def test_as_billed_a_price_found_by_one_process_holds_for_what_the_other_reads_next(ledger, database_url):
    # Given prices that change within and between batches, and requests of each
    for number in range(30):
        requests = [request_completed(at("09:00"), id=f"{number}-{i}", output=()) for i in range(7)]
        ledger.record([price_set(unit_price=f"0.{number + 1:03}"), *requests])
    # When two processes take turns with them
    runner = Runner(database_url, batch=5, apart=True)
    caught_up(runner)
    # Then every request has the price that was recorded before it
    rows = rows_of(database_url)
    assert rows == fold(log_of(database_url))
    assert len({row[-2] for row in rows["history"]}) == 30


def test_once_a_name_taken_long_ago_is_found_out_by_what_was_worked_out_without_its_batch(ledger, database_url):
    ledger.record([request_completed(at("09:00"), id="1")])
    runner = Runner(database_url, batch=10, apart=True)
    caught_up(runner)
    later = [request_completed(at("10:00"), id=f"{number}") for number in range(25)]  # the second of them bears the name
    ledger.record([price_set(), *later])
    caught_up(runner)
    rows = rows_of(database_url)
    assert [position for _, position, *_ in rows["name_conflicts"]] == [4]
    assert rows == fold(log_of(database_url))


def test_corrections_and_ratings_again_take_the_prices_of_where_they_are(ledger, database_url):
    request = request_completed(at("09:00"), id="1")
    ledger.record([price_set(), request, price_set(unit_price="7"), corrected(request, input=(("prompt", "token", 5),))])
    ledger.record([renewed(at("08:00"), at("10:00")), *(request_completed(at("09:30"), id=f"{number}") for number in range(2, 9))])
    caught_up(Runner(database_url, batch=3, apart=True))
    assert rows_of(database_url) == fold(log_of(database_url))


def test_a_killed_reading_process_is_replaced(ledger, database_url, monkeypatch):
    monkeypatch.setattr("projections.runner.RECONNECT_SECONDS", 0.01)
    with following(Runner(database_url, batch=5, apart=True)):
        ledger.record([request_completed() for _ in range(12)])
        wait_until(lambda: len(rows_of(database_url)["history"]) == 12)
        killed = [each.pid for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline())]
        assert killed
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        ledger.record([request_completed() for _ in range(12)])
        wait_until(lambda: len(rows_of(database_url)["history"]) == 24)
    assert rows_of(database_url) == fold(log_of(database_url))


def test_a_log_that_grows_while_it_is_read_ahead_loses_nothing(ledger, database_url):
    stop = threading.Event()

    def append() -> None:
        for number in range(60):
            ledger.record([request_completed(at("09:00"), id=f"{number}-{i}") for i in range(number % 5 + 1)])
        stop.set()

    writer = threading.Thread(target=append)
    runner = Runner(database_url, batch=4, apart=True)
    with runner.connect() as connection, runner.workers() as workers:
        generation = runner.ensure_live(connection)
        writer.start()
        while not stop.is_set():
            generation = runner.catch_up_with(workers, connection, generation)
        writer.join()
        generation = runner.catch_up_with(workers, connection, generation)
        assert generations.live(connection, runner.cell) == generation
    assert len(rows_of(database_url)["history"]) == sum(number % 5 + 1 for number in range(60))
    assert rows_of(database_url) == fold(log_of(database_url))


@pytest.mark.parametrize("apart", [False, True])
def test_as_billed_a_price_that_another_runner_has_projected_is_known(ledger, database_url, apart):
    """Runners take turns, as they do where several follow one log: each goes on from where another has been."""
    first, second = (Runner(database_url, batch=5, apart=each) for each in (apart, False))
    with first.connect() as connection, first.workers() as workers:
        for number in range(6):
            ledger.record([price_set(unit_price=f"0.{number + 1:03}"), request_completed(at("09:00"), id=f"{number}", output=())])
            if number % 2:
                caught_up(second)
            else:
                first.catch_up_with(workers, connection, first.ensure_live(connection))
        ledger.record([request_completed(at("10:00"), id="last", output=())])
        first.catch_up_with(workers, connection, first.ensure_live(connection))
    assert rows_of(database_url) == fold(log_of(database_url))

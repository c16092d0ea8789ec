"""Once, whoever projects: runners that race, that are killed, whose connection is cut."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from domain.events import RequestCompleted
from projections import generations, reading, writing
from projections.generations import Superseded
from projections.runner import Runner
from projections.workers import WORKERS, Workers
from tests.events import at, request_completed
from tests.projections.fold import fold
from tests.projections.following import following
from tests.projections.read_models import caught_up, log_of, rows_of, wait_until

ROOT = Path(__file__).parents[2]


def day_of_requests(number: int) -> list[RequestCompleted]:
    """Requests throughout a day, a few of which bear a name that another has."""
    chance = random.Random(number)
    return [
        request_completed(
            at("00:00") + timedelta(seconds=chance.randrange(86_400)),
            id=f"{chance.randrange(number * 20)}",
            model=f"m{chance.randrange(3)}",
        )
        for _ in range(number)
    ]


def position(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        ((position,),) = connection.execute("SELECT position FROM cell_0.generations WHERE state = 'live'").fetchall()
    return position


@pytest.mark.postgres
@pytest.mark.parametrize("apart", [False, True])
def test_once_two_runners_that_race_count_every_event_once(ledger, database_url, apart):
    events = day_of_requests(600)
    with following(Runner(database_url, batch=7, apart=apart), Runner(database_url, batch=11, apart=apart)):
        for start in range(0, 600, 50):
            ledger.record(events[start : start + 50])
        wait_until(lambda: position(database_url) == len(log_of(database_url)))
    assert rows_of(database_url) == fold(log_of(database_url))


@pytest.mark.postgres
def test_bounded_a_runner_that_stands_still_does_not_keep_others_from_projecting(ledger, database_url, runner):
    ledger.record(day_of_requests(40))
    with runner.connect() as connection, generations.projecting(connection, runner.cell) as alone:
        assert alone
        caught_up(Runner(database_url, batch=7))
    assert rows_of(database_url) == fold(log_of(database_url))


@pytest.mark.postgres
def test_bounded_a_runner_that_hangs_with_rows_written_keeps_nobody_from_projecting_for_long(ledger, database_url, runner, monkeypatch):
    # Given a runner that does nothing more behind its first batch, with the rows of the next in an open transaction
    monkeypatch.setattr(writing, "IDLE_TIMEOUT_MS", 100)
    ledger.record(day_of_requests(40))
    with (
        runner.connect() as connection,
        Workers(database_url, runner.cell, 7) as workers,
        closing(workers.projected(runner.ensure_live(connection), lambda: 40, alone=True)) as hanging,
    ):
        assert next(hanging).position == 7
        # When another follows the log
        with following(Runner(database_url, batch=11)):
            # Then it comes to the end
            wait_until(lambda: position(database_url) == 40)
    assert rows_of(database_url) == fold(log_of(database_url))


def test_bounded_a_batch_whose_name_is_taken_waits_for_the_rows_of_others_no_longer_than_any(ledger, database_url, runner):
    # Given a runner that hangs with the rows of the third event
    ledger.record([request_completed(at("09:00"), id=id) for id in "123"] + [request_completed(at("10:00"), id="1")])
    with (
        runner.connect() as connection,
        Workers(database_url, runner.cell, 2) as hanging_workers,
        closing(hanging_workers.projected(runner.ensure_live(connection), lambda: 3, alone=True)) as hanging,
        Workers(database_url, runner.cell, 2) as workers,
    ):
        reached = next(hanging)
        # When another makes that and one whose name is taken, then it leaves
        with closing(workers.projected(reached, lambda: 4, alone=False)) as projected, pytest.raises(Superseded):
            next(projected)
        assert position(database_url) == 2


def test_a_runner_whose_transaction_was_idle_for_too_long_begins_anew(ledger, database_url, monkeypatch):
    # Given rows that wait for their turn while the runner is busy with something else
    monkeypatch.setattr("projections.runner.RECONNECT_SECONDS", 0.01)
    monkeypatch.setattr(writing, "IDLE_TIMEOUT_MS", 100)
    ledger.record(day_of_requests(40))
    begun: list[bool] = []

    class Busy(threading.Event):
        def is_set(self) -> bool:
            if position(database_url) == 7 and not begun:
                begun.append(True)
                wait_until(lambda: len(connections_of(database_url, "tallygraph project worker")) < WORKERS)
            return super().is_set()

    stop = Busy()
    follower = threading.Thread(target=Runner(database_url, batch=7).follow, args=(stop,))
    follower.start()
    # When the server has ended that, then all is counted all the same
    try:
        wait_until(lambda: position(database_url) == 40)
    finally:
        stop.set()
        follower.join()
    assert begun
    assert rows_of(database_url) == fold(log_of(database_url))


def test_a_generation_that_is_swapped_away_and_dropped_is_left_by_who_was_at_it(ledger, database_url):
    ledger.record(day_of_requests(10))
    runner = Runner(database_url, batch=5)  # so that each worker has read, and knows the prices
    with runner.connect() as connection, runner.workers() as workers:
        old = runner.catch_up_with(workers, connection, runner.ensure_live(connection))
        ledger.record([request_completed()])
        runner.rebuild()
        with connection.transaction():
            assert generations.drop_retired(connection, runner.cell)
        with pytest.raises(Superseded):
            runner.catch_up_with(workers, connection, old)


def test_a_runner_that_was_overtaken_changes_nothing(ledger, database_url, runner):
    ledger.record([request_completed() for _ in range(3)])
    with runner.connect() as connection:
        stale = runner.ensure_live(connection)
        runner.catch_up(connection, stale)
        before = rows_of(database_url)
        with pytest.raises(Superseded):
            runner.catch_up(connection, stale)
    assert rows_of(database_url) == before


@pytest.mark.postgres
def test_once_a_killed_runner_leaves_whole_batches_and_another_goes_on(ledger, database_url):
    events = day_of_requests(3000)
    ledger.record(events)
    last = len(log_of(database_url))
    for goal in (1, 700, 1900):
        command = [sys.executable, "-m", "tests.projections.runner_process", database_url]
        with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}) as process:
            wait_until(lambda goal=goal: position(database_url) >= goal)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        wait_until(lambda: not connections_of(database_url, "tallygraph project", "tallygraph project worker"))
        # What is there is what the log says up to the position, and nothing of the batch that was being written
        reached = position(database_url)
        assert rows_of(database_url) == fold(log_of(database_url)[:reached])
    assert caught_up(Runner(database_url)).position == last
    assert rows_of(database_url) == fold(log_of(database_url))


def connections_of(database_url: str, *names: str) -> list[int]:
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = ANY(%s) AND datname = current_database()", [[*names]]
        )
        return [pid for (pid,) in found.fetchall()]


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["tallygraph project", "tallygraph project worker"])
def test_a_runner_whose_connection_is_cut_makes_a_new_one(ledger, database_url, runner, name, monkeypatch):
    monkeypatch.setattr("projections.runner.RECONNECT_SECONDS", 0.01)
    with following(runner):
        ledger.record([request_completed()])
        wait_until(lambda: position(database_url) == 1)
        with psycopg.connect(database_url) as connection:
            for pid in connections_of(database_url, name):
                connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        ledger.record([request_completed()])
        wait_until(lambda: position(database_url) == 2)
    assert rows_of(database_url) == fold(log_of(database_url))


def complete_through(database_url: str) -> datetime:
    with psycopg.connect(database_url) as connection:
        ((instant,),) = connection.execute("SELECT complete_through FROM cell_0.generations WHERE state = 'live'").fetchall()
    return instant


def recorded_at(database_url: str) -> list[datetime]:
    with psycopg.connect(database_url) as connection:
        return [instant for (instant,) in connection.execute("SELECT recorded_at FROM cell_0.ledger_appends ORDER BY position").fetchall()]


@pytest.mark.postgres
def test_a_tick_says_up_to_when_the_log_is_complete_and_nothing_is_dated_before_it(ledger, database_url, runner):
    with runner.connect() as connection:
        ticks: list[datetime] = []
        for _ in range(5):
            ledger.record([request_completed()])
            live = runner.catch_up(connection, runner.ensure_live(connection))
            assert complete_through(database_url) == recorded_at(database_url)[-1]
            runner.tick(connection, live)
            ticks.append(complete_through(database_url))
        ledger.record([request_completed()])
    instants = recorded_at(database_url)
    assert all(recorded < tick <= following for recorded, tick, following in zip(instants, ticks, instants[1:], strict=False))


def test_a_tick_of_an_empty_log_says_so_too(database_url, runner):
    with runner.connect() as connection:
        runner.tick(connection, runner.ensure_live(connection))
    assert complete_through(database_url) > at("00:00")


def test_a_tick_does_nothing_while_events_are_not_projected(ledger, database_url, runner):
    with runner.connect() as connection:
        live = runner.ensure_live(connection)
        ledger.record([request_completed()])
        before = complete_through(database_url)
        runner.tick(connection, live)
    assert complete_through(database_url) == before


def test_a_tick_does_nothing_while_somebody_appends(ledger, database_url, runner):
    with runner.connect() as connection, psycopg.connect(database_url) as appending:
        live = runner.ensure_live(connection)
        before = complete_through(database_url)
        appending.execute("SELECT FROM cell_0.ledger_head FOR UPDATE")
        runner.tick(connection, live)
        assert complete_through(database_url) == before


def test_a_tick_that_was_overtaken_says_nothing(ledger, database_url, runner):
    with runner.connect() as connection:
        stale = runner.ensure_live(connection)
        ledger.record([request_completed()])
        live = runner.catch_up(connection, stale)
        stale = live._replace(position=live.position, number=live.number + 1)
        with pytest.raises(Superseded):
            runner.tick(connection, stale)
    assert complete_through(database_url) == recorded_at(database_url)[-1]


@pytest.mark.postgres
def test_many_events_of_the_largest_quantities_overflow_nothing(ledger, database_url, runner):
    most = 2**53
    side = tuple((f"kind {i:02}", "token", most) for i in range(64))
    events = [request_completed(input=side, output=side, latency_ns=10**16, ttft_ns=10**16) for _ in range(1000)]
    ledger.record(events)
    caught_up(runner)
    rows = rows_of(database_url)
    assert rows == fold(log_of(database_url))
    assert {(row[6], row[8]) for row in rows["router_buckets"]} == {(1000 * 10**16, 1000 * 128 * most)}


def test_bounded_a_batch_of_large_events_has_fewer_of_them_and_a_name_that_comes_twice_counts_once(ledger, database_url, monkeypatch):
    # Given events of which two fill a batch, with a name that comes again in the second
    monkeypatch.setattr(reading, "AT_ONCE", 2)
    monkeypatch.setattr(reading, "MAX_BATCH_BYTES", 1_500)
    large = [request_completed(id=f"{number}", error_message="x" * 1_000) for number in range(5)]
    ledger.record([*large, request_completed(at("10:00"), id="2")])
    reached: list[int] = []
    # When they are projected
    runner = Runner(database_url)
    with runner.connect() as connection:
        runner.catch_up(connection, runner.ensure_live(connection), lambda: bool(reached.append(position(database_url))))
    # Then it takes several batches, and all is as it has to be
    assert reached == [2, 4, 6]
    assert rows_of(database_url) == fold(log_of(database_url))


def test_a_stop_is_heard_between_batches(ledger, database_url):
    ledger.record([request_completed() for _ in range(10)])
    runner = Runner(database_url, batch=3)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) == 2

    with runner.connect() as connection:
        assert runner.catch_up(connection, runner.ensure_live(connection), stop).position == 6
    assert position(database_url) == 6


def run_together(*actions: Callable[[], object]) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_rebuilds_at_once_follow_one_another(ledger, database_url):
    ledger.record(day_of_requests(100))
    caught_up(Runner(database_url))
    run_together(Runner(database_url, batch=9).rebuild, Runner(database_url, batch=13).rebuild)
    with psycopg.connect(database_url) as connection:
        states = [each.state for each in generations.all_of(connection, "cell_0")]
    assert states == ["retired", "retired", "live"]
    assert rows_of(database_url) == fold(log_of(database_url))

"""A rebuild that was wished for is made once, whoever is killed meanwhile and however many look after it."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import AsyncConnection

from projections import generations, rebuilds
from projections.generations import Generation
from projections.runner import Runner
from tests.events import request_completed
from tests.projections.fold import fold
from tests.projections.following import attending, following
from tests.projections.read_models import caught_up, log_of, rows_of, wait_until, watched
from tests.projections.rebuilder_process import BATCH
from tests.projections.test_runner import ROOT, day_of_requests


def wish(database_url: str) -> None:
    async def ask() -> None:
        async with await AsyncConnection.connect(database_url) as connection:
            await rebuilds.ask(connection, "cell_0")

    asyncio.run(ask())


def is_open(database_url: str) -> bool:
    with psycopg.connect(database_url) as connection:
        return rebuilds.is_open(connection, "cell_0")


def all_generations(database_url: str) -> list[Generation]:
    with psycopg.connect(database_url) as connection:
        return generations.all_of(connection, "cell_0")


def numbers(database_url: str) -> list[tuple[int, str]]:
    return [(each.number, each.state) for each in all_generations(database_url)]


@contextmanager
def rebuilder(database_url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of its own, killed at the end."""
    command = [sys.executable, "-m", "tests.projections.rebuilder_process", database_url]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.postgres
def test_once_a_wish_made_twice_with_two_who_look_after_it_is_one_rebuild(ledger, database_url):
    ledger.record(day_of_requests(100))
    caught_up(Runner(database_url))
    wish(database_url)
    wish(database_url)
    with attending(Runner(database_url, batch=9), Runner(database_url, batch=13)):
        wait_until(lambda: numbers(database_url) == [(2, "live")])  # and what it took the place of is dropped
        assert not is_open(database_url)
        # When it is wished for again, then it is made again
        wish(database_url)
        wait_until(lambda: numbers(database_url) == [(3, "live")])
    assert rows_of(database_url) == fold(log_of(database_url))


@pytest.mark.postgres
def test_a_wish_made_while_it_is_built_is_fulfilled_by_that_and_the_live_ones_are_kept_up_meanwhile(ledger, database_url):
    ledger.record(day_of_requests(600))
    caught_up(Runner(database_url))
    wish(database_url)
    with rebuilder(database_url), following(Runner(database_url)):
        wait_until(lambda: reached(database_url, 2) >= BATCH)
        wish(database_url)
        ledger.record([request_completed() for _ in range(10)])
        wait_until(lambda: all_generations(database_url)[0].position == 610)
        assert all_generations(database_url)[0].state == "live"
        wait_until(lambda: numbers(database_url) == [(2, "live")])
        assert not is_open(database_url)
    assert rows_of(database_url) == fold(log_of(database_url))


def reached(database_url: str, number: int) -> int:
    """How far a generation is that is being built."""
    return next((each.position for each in all_generations(database_url) if (each.number, each.state) == (number, "building")), 0)


@pytest.mark.postgres
@pytest.mark.parametrize("kills", [1, 3])
def test_who_is_killed_while_building_leaves_the_wish_and_the_next_starts_anew(ledger, database_url, kills):
    ledger.record(day_of_requests(400))
    live = caught_up(Runner(database_url))
    wish(database_url)
    for number in range(live.number + 1, live.number + 1 + kills):
        with rebuilder(database_url) as process:
            wait_until(lambda number=number: reached(database_url, number) >= 2 * BATCH)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert (is_open(database_url), rows_of(database_url, live.number)) == (True, fold(log_of(database_url)))
    with attending(Runner(database_url)):
        wait_until(lambda: numbers(database_url) == [(live.number + kills + 1, "live")])
    assert not is_open(database_url)
    assert rows_of(database_url) == fold(log_of(database_url))


def test_who_is_killed_after_the_swap_leaves_only_old_tables_which_the_next_drops(ledger, database_url):
    ledger.record(day_of_requests(10))
    caught_up(Runner(database_url))
    wish(database_url)
    Runner(database_url).rebuild()  # which drops nothing
    assert (numbers(database_url), is_open(database_url)) == ([(1, "retired"), (2, "live")], False)
    with attending(Runner(database_url)):
        wait_until(lambda: numbers(database_url) == [(2, "live")])


def test_what_a_build_has_left_that_nobody_wished_for_is_put_away(ledger, database_url):
    ledger.record(day_of_requests(10))
    caught_up(Runner(database_url))
    Runner(database_url).rebuild(stop=lambda: True)
    assert numbers(database_url) == [(1, "live"), (2, "building")]
    with attending(Runner(database_url)):
        wait_until(lambda: numbers(database_url) == [(1, "live")])
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'cell_0' AND tablename LIKE %s", [r"%\_2"])
        assert tables.fetchone() == (0,)


def test_what_cannot_be_built_is_tried_again(ledger, database_url, monkeypatch):
    monkeypatch.setattr(rebuilds, "FAILED_SECONDS", 0.01)
    ledger.record(day_of_requests(10))
    caught_up(Runner(database_url))
    failures = iter([ValueError("a fault")] * 2)

    class Faulty(Runner):
        def build(self, *arguments, **options):
            for failure in failures:
                raise failure
            return super().build(*arguments, **options)

    wish(database_url)
    with attending(Faulty(database_url)):
        wait_until(lambda: numbers(database_url) == [(2, "live")])
    assert next(failures, None) is None


def test_told_to_stop_it_leaves_the_wish_to_the_next(ledger, database_url):
    ledger.record(day_of_requests(300))
    caught_up(Runner(database_url))
    wish(database_url)
    stop = threading.Event()
    rebuilds.attend(watched(Runner(database_url, batch=100), stop.set), stop)
    assert (numbers(database_url), reached(database_url, 2)) == ([(1, "live"), (2, "building")], 100)
    assert is_open(database_url)

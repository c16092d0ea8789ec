"""A rebuild beside what is live, swapped in when it is as far: readers notice nothing."""

import asyncio
import threading
from contextlib import suppress

import psycopg
import pytest

from domain.names import account_id
from projections import generations, history_pages, router_usage
from projections.beginning import NotReadyError
from projections.generations import Superseded
from projections.history_matching import HistoryFilter, HistoryOf
from projections.router_facts import Range, RouterFilter
from projections.runner import Runner
from tests.events import at, request_completed
from tests.projections.fold import KEYS, fold
from tests.projections.following import following
from tests.projections.read_models import caught_up, log_of, rows_of
from tests.projections.test_runner import day_of_requests

ACME = account_id("acme")
DAY = Range(at("00:00"), at("00:00", "2026-04-22"))


@pytest.mark.postgres
async def test_readers_figures_never_go_back_while_read_models_are_rebuilt_under_way(ledger, database_url, snapshots):
    # Given events that keep coming, a runner that follows, and rebuilds one after the other
    writing = threading.Event()

    def write() -> None:
        for _ in range(40):
            ledger.record([request_completed() for _ in range(25)])

    def rebuild() -> list[int]:
        return [Runner(database_url, batch=40).rebuild().number for _ in range(3)]

    writing.set()
    seen: list[int] = []
    used: set[int] = set()
    ledger.record([request_completed() for _ in range(25)])
    with following(Runner(database_url, batch=30)):
        work = asyncio.gather(asyncio.to_thread(write), asyncio.to_thread(rebuild))
        while not work.done() or seen[-1] < 41 * 25:
            # When readers ask
            snapshot = snapshots.open()
            try:
                state = await snapshot.state()
                totals = await router_usage.totals(snapshot, ACME, DAY, RouterFilter())
                requests = await history_pages.count(snapshot, HistoryOf(ACME, DAY, HistoryFilter()))
            finally:
                await snapshot.close()
            # Then what stands together agrees, and is never less than before
            assert totals.requests == requests == state.position
            assert not seen or state.position >= seen[-1]
            seen.append(state.position)
            used.add(state.number)
        _, rebuilt = await work
    assert rebuilt == [2, 3, 4]
    assert used <= {1, 2, 3, 4}
    assert rows_of(database_url) == fold(log_of(database_url))


@pytest.mark.postgres
async def test_a_snapshot_from_before_a_swap_goes_on_answering(ledger, database_url, runner, snapshots):
    ledger.record(day_of_requests(50))
    before = caught_up(runner)
    early, used = snapshots.open(), snapshots.open()
    try:
        # Given one snapshot that has only begun, and one that has looked at some of the tables
        assert await early.state() == before
        totals = await router_usage.totals(used, ACME, DAY, RouterFilter())
        # When the read models are rebuilt, more is recorded, and the old tables are to be dropped
        ledger.record([request_completed()])
        caught_up(runner)
        new = await asyncio.to_thread(runner.rebuild)
        dropping = asyncio.create_task(asyncio.to_thread(drop_retired, runner))
        # Then both answer as they would have, from all their tables
        for snapshot in (early, used):
            assert (await snapshot.state()).number == before.number
            assert await router_usage.totals(snapshot, ACME, DAY, RouterFilter()) == totals
            assert len(await router_usage.breakdown(snapshot, ACME, DAY, RouterFilter())) == 2
            assert await history_pages.count(snapshot, HistoryOf(ACME, DAY, HistoryFilter())) == totals.requests
        assert not dropping.done()
    finally:
        await early.close()
        await used.close()
    # And when they are closed, the old tables go
    await dropping
    assert tables(database_url) == {f"{table}_{new.number}" for table in KEYS}
    late = snapshots.open()
    assert (await router_usage.totals(late, ACME, DAY, RouterFilter())).requests == totals.requests + 1
    await late.close()


def drop_retired(runner: Runner) -> None:
    with runner.connect() as connection, connection.transaction():
        generations.drop_retired(connection, runner.cell)


def tables(database_url: str) -> set[str]:
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'cell_0'").fetchall()
    return {table for (table,) in found if table.rsplit("_", 1)[0] in KEYS}


def test_a_rebuild_tells_its_progress(ledger, database_url):
    ledger.record([request_completed() for _ in range(10)])
    runner = Runner(database_url, batch=4)
    caught_up(runner)
    told: list[tuple[int, int]] = []
    runner.rebuild(lambda done, total: told.append((done, total)))
    assert told == [(0, 10), (4, 10), (8, 10), (10, 10)]


def test_a_rebuild_that_somebody_gives_up_meanwhile_says_so(ledger, database_url):
    ledger.record(day_of_requests(10))
    live = caught_up(Runner(database_url))

    def give_up(_done: int, _total: int) -> None:
        with psycopg.connect(database_url) as connection:
            generations.retire_unfinished(connection, "cell_0")

    with pytest.raises(Superseded):
        Runner(database_url, batch=5).rebuild(give_up)
    assert caught_up(Runner(database_url)).number == live.number


def test_a_rebuild_that_is_stopped_or_crashes_leaves_the_live_one_alone_and_the_next_starts_anew(ledger, database_url):
    ledger.record(day_of_requests(10))
    live = caught_up(Runner(database_url))

    class CrashError(Exception):
        pass

    def crash(done: int, _total: int) -> None:
        if done:
            raise CrashError

    runner = Runner(database_url, batch=4)
    with suppress(CrashError):
        runner.rebuild(crash)
    unfinished = runner.rebuild(stop=lambda: True)
    assert unfinished.state == "building"
    assert caught_up(runner).number == live.number
    rebuilt = runner.rebuild()
    with runner.connect() as connection:
        states = {each.number: each.state for each in generations.all_of(connection, "cell_0")}
    assert states == {live.number: "retired", live.number + 1: "retired", unfinished.number: "retired", rebuilt.number: "live"}
    assert rows_of(database_url) == fold(log_of(database_url))


def test_a_runner_of_a_generation_that_is_gone_goes_on_with_the_live_one(ledger, database_url):
    # Given a runner that has just committed to a generation, when another is swapped in and the old one dropped
    ledger.record(day_of_requests(10))
    runner = Runner(database_url)
    with runner.connect() as connection:
        gone = runner.catch_up(connection, runner.ensure_live(connection))
        live = runner.rebuild()
        drop_retired(runner)
        # Then neither what it still had to do there nor what comes next is an error
        generations.analyze(connection, runner.cell, gone)
        ledger.record(day_of_requests(3))
        with pytest.raises(Superseded):
            runner.catch_up(connection, gone)
    assert caught_up(runner).number == live.number
    assert rows_of(database_url) == fold(log_of(database_url))


async def test_a_position_is_waited_for_within_a_bound(ledger, runner, snapshots):
    ledger.record([request_completed()])
    assert not await snapshots.wait_for(1, timeout_seconds=0)
    waiting = asyncio.create_task(snapshots.wait_for(1, timeout_seconds=30))
    await asyncio.to_thread(caught_up, runner)
    assert await waiting


async def test_without_read_models_a_snapshot_says_what_to_start(database_url, snapshots, snapshot):
    with psycopg.connect(database_url) as connection:
        connection.execute("TRUNCATE cell_0.generations")
    with pytest.raises(NotReadyError, match="start `tallygraph project`"):
        await snapshot.state()


async def test_a_snapshot_sees_one_state_until_it_is_closed(ledger, runner, snapshots):
    ledger.record([request_completed()])
    caught_up(runner)
    snapshot = snapshots.open()
    try:
        first = await router_usage.totals(snapshot, ACME, DAY, RouterFilter())
        ledger.record([request_completed()])
        caught_up(runner)
        assert await router_usage.totals(snapshot, ACME, DAY, RouterFilter()) == first
        assert (await snapshot.state()).position == 1
    finally:
        await snapshot.close()

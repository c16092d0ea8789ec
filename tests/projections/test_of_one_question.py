"""A snapshot that is opened for one question gives what a transaction would give, or says that one question does not do."""

import asyncio

import psycopg
import pytest

from domain.names import account_id
from projections import history_pages
from projections.generations import Generation, live
from projections.history_matching import HistoryFilter, HistoryOf
from projections.history_pages import HistoryOrderField, Request
from projections.one_question import MisjudgedError
from projections.router_usage import Range
from projections.snapshot import Snapshot, Snapshots
from tests.events import at, request_completed
from tests.projections.read_models import caught_up

DAY = Range(at("00:00"), at("23:59"))


@pytest.fixture
def now(ledger, runner) -> Generation:
    """What is live, with thirty requests in it."""
    ledger.record([request_completed(at(f"10:{minute:02}")) for minute in range(30)])
    return caught_up(runner)


async def page(snapshot: Snapshot, day: Range = DAY) -> list[Request]:
    """Requests of acme, newest first."""
    of = HistoryOf(account_id("acme"), day, HistoryFilter())
    return await history_pages.page(snapshot, of, order=HistoryOrderField.TIMESTAMP, descending=True, limit=20)


def presuming(snapshots: Snapshots, now: Generation) -> Snapshot:
    snapshot = snapshots.open()
    snapshot.presume(now)
    return snapshot


async def test_it_gives_the_same_rows_in_the_same_order(snapshots: Snapshots, snapshot: Snapshot, now: Generation):
    expected = await page(snapshot)
    alone = presuming(snapshots, now)
    assert await page(alone) == expected
    assert len(expected) == 20
    assert (alone.use.statements, alone.use.rows) == (1, 20)
    assert await alone.generation() == await snapshot.generation() == now.number


async def test_of_two_at_the_same_moment_one_is_too_much(snapshots: Snapshots, now: Generation):
    alone, earlier = presuming(snapshots, now), Range(at("00:00"), at("10:05"))
    _, refused = await asyncio.gather(page(alone), page(alone, earlier), return_exceptions=True)
    assert isinstance(refused, MisjudgedError)
    assert alone.is_misjudged
    usual = snapshots.open()
    await asyncio.gather(page(usual), page(usual, earlier))
    assert usual.use.statements == 1
    assert usual.of_one_question is None
    await usual.close()


async def test_it_is_foreseen_after_one_question_that_had_an_answer(snapshots: Snapshots, snapshot: Snapshot, now: Generation):
    assert snapshot.of_one_question is None
    await page(snapshot)
    assert snapshot.of_one_question == now
    alone = presuming(snapshots, now)
    await page(alone)
    assert alone.of_one_question == now


async def test_it_is_not_foreseen_after_two_questions_or_none_found_or_the_state(snapshots: Snapshots, snapshot: Snapshot, now: Generation):
    await page(snapshot)
    await page(snapshot)
    empty, told = snapshots.open(), snapshots.open()
    await page(empty, Range(at("00:00"), at("00:01")))
    await page(told)
    await told.state()
    assert [each.of_one_question for each in (snapshot, empty, told)] == [None, None, None]
    await empty.close()
    await told.close()


async def refuses(snapshot: Snapshot, day: Range = DAY) -> bool:
    with pytest.raises(MisjudgedError):
        await page(snapshot, day)
    return snapshot.is_misjudged


async def test_a_second_question_the_state_and_an_empty_answer_are_too_much(snapshots: Snapshots, now: Generation):
    alone = presuming(snapshots, now)
    await page(alone)
    assert not alone.is_misjudged
    assert await refuses(alone)
    asked = presuming(snapshots, now)
    with pytest.raises(MisjudgedError):
        await asked.state()
    assert asked.is_misjudged
    assert await refuses(presuming(snapshots, now), Range(at("00:00"), at("00:01")))


@pytest.mark.parametrize("are_dropped", [False, True])
async def test_tables_that_are_not_live_any_more_are_not_asked(snapshots: Snapshots, runner, now: Generation, are_dropped: bool):
    with runner.connect() as connection:
        # Given read models that are swapped for others, and may not have been dropped yet
        if are_dropped:
            await asyncio.to_thread(runner.rebuild)
        else:
            connection.execute("UPDATE cell_0.generations SET state = 'retired' WHERE generation = %s", [now.number])
            connection.commit()
        assert (live(connection, runner.cell) or now._replace(number=0)).number != now.number
    # Then nobody is told what is in them
    assert await refuses(presuming(snapshots, now))


async def test_a_connection_that_broke_in_the_pool_is_another_ones_to_replace(snapshots: Snapshots, now: Generation, database_url: str):
    with psycopg.connect(database_url, autocommit=True) as connection:  # whichever of them is given out next
        connection.execute("""
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()""")
    assert await refuses(presuming(snapshots, now))
    usual = snapshots.open()
    assert len(await page(usual)) == 20
    await usual.close()

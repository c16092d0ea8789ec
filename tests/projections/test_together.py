"""Questions that differ in nothing but their parameters are one statement, and each has the answer that it would have had alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from projections.runner import Runner
from projections.snapshot import Snapshot, Snapshots
from projections.together import MAX_TOGETHER

ECHO = """
    WITH given AS (SELECT %(number)s::int8 AS number, %(text)s::text COLLATE "C" AS text, %(instant)s::timestamptz AS instant)
    SELECT given.*, %(id)s::uuid, %(amount)s::numeric, %(yes)s::bool, %(same)s::text, item, cardinality(%(texts)s::text[])
    FROM given LEFT JOIN unnest(%(texts)s::text[]) WITH ORDINALITY AS item (item, place) ON true
    ORDER BY place DESC LIMIT %(limit)s"""
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
questions = st.fixed_dictionaries(
    {
        "number": st.none() | st.integers(-(2**63), 2**63 - 1),
        "text": st.none() | texts,
        "instant": st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
        "id": st.none() | st.uuids(),
        "amount": st.none() | st.integers(-(2**31), 2**31) | st.decimals(allow_nan=False, allow_infinity=False, places=3),
        "yes": st.none() | st.booleans(),
        "same": st.just("as in all"),
        "texts": st.lists(st.none() | texts, max_size=4),
        "limit": st.integers(1, 3),
    }
)


@pytest.fixture
async def snapshot(database_url: str) -> AsyncIterator[Snapshot]:
    runner = Runner(database_url)
    with runner.connect() as connection:
        runner.ensure_live(connection)
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        database_url, min_size=1, max_size=1, open=False, kwargs={"options": "-c TimeZone=UTC"}
    )
    async with pool:
        snapshot = Snapshots(pool).open()
        yield snapshot
        await snapshot.close()


@pytest.mark.postgres
@settings(max_examples=60)
@given(asked=st.lists(questions, min_size=1, max_size=5))
async def test_questions_that_are_asked_together_have_the_answers_that_they_have_alone(snapshot: Snapshot, asked: list[dict[str, Any]]):
    snapshot.use.taken()
    together = await asyncio.gather(*(snapshot.rows(ECHO, each) for each in asked))
    assert snapshot.use.taken().statements == 1
    assert together == [await snapshot.rows(ECHO, each) for each in asked]


async def test_there_is_a_most_that_one_statement_asks(snapshot: Snapshot):
    asked = [{"number": i} for i in range(MAX_TOGETHER + 1)]
    answers = await asyncio.gather(*(snapshot.rows("SELECT %(number)s::int8", each) for each in asked))
    assert answers == [[(each["number"],)] for each in asked]
    assert snapshot.use.statements == 2


async def test_questions_that_are_the_same_are_asked_once(snapshot: Snapshot):
    answers = await asyncio.gather(*(snapshot.rows("SELECT %(a)s::int8 + 1", {"a": 1}) for _ in range(3)))
    assert answers == [[(2,)]] * 3
    assert snapshot.use.rows == 1


async def test_what_cannot_be_asked_together_is_asked_one_by_one(snapshot: Snapshot):
    spans = [timedelta(days=i) for i in range(3)]
    answers = await asyncio.gather(*(snapshot.rows("SELECT %(span)s::interval", {"span": each}) for each in spans))
    assert answers == [[(each,)] for each in spans]
    assert snapshot.use.statements == 3


async def test_an_error_is_that_of_all_who_asked(snapshot: Snapshot):
    asked = [{"number": i} for i in (1, 0)]
    answers = await asyncio.gather(*(snapshot.rows("SELECT 1 / %(number)s::int8", each) for each in asked), return_exceptions=True)
    assert [type(each) for each in answers] == [psycopg.errors.DivisionByZero] * 2


async def test_who_is_asked_for_is_not_left_alone_when_the_first_is_cancelled(snapshot: Snapshot):
    await snapshot.state()
    asked = [asyncio.create_task(snapshot.rows("SELECT %(number)s::int8", {"number": i})) for i in range(3)]
    asked[0].add_done_callback(lambda _: None)
    await asyncio.sleep(0)  # all have asked, and the first is about to ask for them
    asked[0].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [[(1,)], [(2,)]]


async def test_who_is_cancelled_misses_nothing_for_others(snapshot: Snapshot):
    await snapshot.state()
    asked = [asyncio.create_task(snapshot.rows("SELECT %(number)s::int8", {"number": i})) for i in range(3)]
    await asyncio.sleep(0)
    asked[1].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answers[0], answers[2]] == [[(0,)], [(2,)]]

"""Reports that arrive together are appended together, and each caller is answered for their own."""

import asyncio
import gc

import pytest

from ingest import backlog
from ingest.appender import Appender
from ingest.backlog import Backlog, OverloadedError
from ingest.endpoint import RETRY_SECONDS
from ledger.application import Outcome
from ledger.entries import Entries
from tests.events import line, request_completed
from tests.ingest.sending import BOUND_SECONDS, execute, log_held, logged, post, rows, until


async def test_durable_many_small_posts_make_few_appends_and_each_is_in_the_log_when_answered(client, ledger, reception, database_url):
    recorder = ledger.ledger_recorder

    async def report(number: int) -> bool:
        receipt = (await post(client, [line(id=f"{number}")])).json()
        assert receipt["recorded"] == 1
        found = await asyncio.to_thread(recorder.read, 0, 100)
        return any(f"{number}".encode() in state for _, _, _, state in found)

    with log_held(database_url):
        posts = [asyncio.create_task(report(number)) for number in range(1000, 1040)]
        await until(lambda: reception.backlog.events == len(posts))
    assert await asyncio.gather(*posts) == [True] * 40
    # All that came while the first append was held up went with the second, if not with the first
    ((appends,),) = rows(database_url, "SELECT count(*) FROM cell_0.ledger_appends")
    assert appends <= 2


async def test_each_caller_is_told_of_their_own_events(ledger, database_url):
    one = Appender(ledger, waiting := Backlog())
    first, other = request_completed(id="1"), request_completed(id="1", model="o3")
    with log_held(database_url):
        tasks = [
            asyncio.create_task(one.record(Entries.of(batch)))
            for batch in (
                [request_completed(id="0")],
                [first],
                [request_completed(id="2"), other, first],
                [other, request_completed(id="3")],
            )
        ]
        await until(lambda: waiting.events == 7)
    recordings = await asyncio.gather(*tasks)
    assert [recording.outcomes for recording in recordings] == [
        [Outcome.RECORDED],
        [Outcome.RECORDED],
        [Outcome.RECORDED, Outcome.CONFLICT, Outcome.DUPLICATE],
        [Outcome.CONFLICT, Outcome.RECORDED],
    ]
    assert [[conflict.index for conflict in recording.conflicts] for recording in recordings] == [[], [], [1], [0]]
    assert {recording.position for recording in recordings[1:]} == {4}


async def test_a_caller_who_goes_away_leaves_a_whole_batch_behind(ledger, database_url):
    one = Appender(ledger, waiting := Backlog())
    with log_held(database_url):
        leaving = asyncio.create_task(one.record(Entries.of(request_completed(id=f"{number}") for number in range(3))))
        staying = asyncio.create_task(one.record(Entries.of([request_completed(id="3")])))
        await until(lambda: waiting.events == 4)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
    assert (await asyncio.wait_for(staying, BOUND_SECONDS)).outcomes == [Outcome.RECORDED]
    assert [event.id for event in logged(ledger)] == ["0", "1", "2", "3"]


async def test_a_caller_who_goes_away_while_the_others_fail_is_not_missed(ledger, database_url):
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    one = Appender(ledger, waiting := Backlog())
    execute(database_url, "ALTER TABLE cell_0.ledger_events RENAME TO away")
    with log_held(database_url):
        leaving, staying = (asyncio.create_task(one.record(Entries.of([request_completed()]))) for _ in range(2))
        await until(lambda: waiting.events == 2)
        leaving.cancel()
    with pytest.raises(Exception, match="ledger_events"):
        await asyncio.wait_for(staying, BOUND_SECONDS)
    # And the next ones are recorded
    execute(database_url, "ALTER TABLE cell_0.away RENAME TO ledger_events")
    assert (await one.record(Entries.of([request_completed()]))).outcomes == [Outcome.RECORDED]
    assert waiting.events == 0
    del leaving
    gc.collect()
    assert heard == []


async def test_bounded_more_than_can_wait_is_sent_back_with_503(client, ledger, reception, database_url, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_EVENTS_WAITING", 3)
    with log_held(database_url):
        first = asyncio.create_task(post(client, [line(id="1"), line(id="2")]))
        await until(lambda: reception.backlog.events == 2)
        response = await post(client, [line(id="3"), line(id="4")])
        assert (response.status_code, int(response.headers["retry-after"]) in RETRY_SECONDS) == (503, True)
        assert response.json()["error"] == {
            "code": "SERVICE_UNAVAILABLE",
            "message": "2 events wait to be recorded (MAX_EVENTS_WAITING): send this batch again later",
        }
        small = asyncio.create_task(post(client, [line(id="5")]))  # there is room for one
        await until(lambda: reception.backlog.events == 3)
    assert (await first).json()["recorded"] == 2
    assert (await small).json()["recorded"] == 1
    # Then nothing of what was sent back is there, and there is room again
    assert {event.id for event in logged(ledger)} == {"1", "2", "5"}
    assert (await post(client, [line(id="3"), line(id="4")])).json()["recorded"] == 2


async def test_a_batch_that_alone_is_more_than_can_wait_is_sent_back(ledger, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_EVENTS_WAITING", 1)
    with pytest.raises(OverloadedError):
        await Appender(ledger, Backlog()).record(Entries.of([request_completed(), request_completed()]))


async def test_closing_waits_for_what_was_taken(ledger, database_url):
    one = Appender(ledger, waiting := Backlog())
    with log_held(database_url):
        task = asyncio.create_task(one.record(Entries.of([request_completed()])))
        await until(lambda: waiting.events == 1)
        closing = asyncio.create_task(one.close())
    await closing
    assert task.done()
    assert len(logged(ledger)) == 1

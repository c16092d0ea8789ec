"""Large batches go through processes of their own, and come out as if they had not: nothing is lost, and each counts once."""

import asyncio
from concurrent.futures import Future

import psutil
import pytest

from ingest import backlog, lone
from ingest.dialects import in_cloudevents
from ingest.lone import LoneAppender
from ingest.outcomes import Sender
from ingest.preparing import Prepared, latest_time, prepare
from ingest.reception import Reception
from ingest.taking import Batch
from ingest.workers import PART, Workers, joined
from ledger.application import Ledger
from tests.events import ACME, FOR_EVER, line
from tests.ingest.crashing_writer import Moment, crash
from tests.ingest.sending import execute, log_held, logged, post, rows, until

MANY = 2 * PART + 7
BAD = {0: b"no JSON", PART - 1: line(id=""), PART: line(time="never"), 2 * PART + 6: b"{}"}

WAITING = """SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tallygraph ledger' AND wait_event_type = 'Lock'"""


@pytest.fixture(params=["alone", "beside another"], autouse=True)
def company(request: pytest.FixtureRequest, reception: Reception) -> bool:
    """Whether another large batch is under way: then one worker takes the whole of it, else all of them prepare it."""
    reception._large = int(request.param == "beside another")
    return reception._large > 0


def batch(count: int, name: str = "") -> list[bytes]:
    return [line(id=f"{name}{number}", subject="acme") for number in range(count)]


def bad_among(reports: list[bytes]) -> list[bytes]:
    return [BAD.get(number, report) for number, report in enumerate(reports)]


def workers() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline())]


def waiting_for_the_log(database_url: str) -> bool:
    return bool(rows(database_url, WAITING))


async def test_nothing_lost_of_a_large_batch_the_good_is_recorded_and_the_rest_is_named_and_kept_aside(client, ledger, database_url):
    receipt = (await post(client, bad_among(batch(MANY)))).json()
    assert (receipt["recorded"], receipt["duplicates"]) == (MANY - len(BAD), 0)
    assert [each["index"] for each in receipt["rejected"]] == [*BAD]
    assert {event.id for event in logged(ledger)} == {f"{number}" for number in range(MANY) if number not in BAD}
    kept = rows(database_url, "SELECT body FROM tallygraph.rejections")
    assert {body for (body,) in kept} == {*BAD.values()}
    # And again, with one that says something else
    again = (await post(client, [*bad_among(batch(MANY)), line(id="1", data={"model": "other"})])).json()
    assert (again["recorded"], again["duplicates"]) == (0, MANY - len(BAD))
    assert [(each["index"], each["id"]) for each in again["conflicts"]] == [(MANY, "1")]
    assert again["position"] == receipt["position"]
    assert len(rows(database_url, "SELECT FROM tallygraph.conflicts")) == 1


async def test_a_large_batch_says_what_a_small_one_says(client):
    small = [line(id="a"), b"no JSON", line(id="b", time="never"), line(id="a", data={"model": "other"}), line(id="a")]
    few = (await post(client, small)).json()
    assert ([each["index"] for each in few["rejected"]], [each["index"] for each in few["conflicts"]]) == ([1, 2], [3])
    many = (await post(client, [*batch(MANY, "more-"), *small])).json()
    for told in ("rejected", "conflicts"):
        assert [{**each, "index": each["index"] - MANY} for each in many[told]] == few[told]
    assert (many["recorded"], many["duplicates"]) == (MANY, 2)


async def test_of_a_large_batch_of_nothing_good_nothing_is_recorded(client, ledger):
    answer = await post(client, [b"no JSON"] * MANY)
    assert (answer.status_code, answer.json()["position"]) == (422, None)
    assert logged(ledger) == []


@pytest.mark.parametrize("killed", [slice(None), slice(0, 1), slice(-1, None)])
async def test_killed_processes_are_replaced_and_none_is_left_behind(client, ledger, killed):
    assert (await post(client, batch(MANY))).json()["recorded"] == MANY
    before = workers()
    for each in before[killed]:
        each.kill()
    assert (await post(client, batch(MANY, "later-"))).json()["recorded"] == MANY
    await until(lambda: not any(each.is_running() for each in before))
    assert len(logged(ledger)) == 2 * MANY


async def test_once_a_batch_whose_worker_is_killed_at_it_is_recorded(client, ledger, reception, database_url):
    with log_held(database_url):
        sending = asyncio.create_task(post(client, batch(MANY)))
        await until(lambda: waiting_for_the_log(database_url))
        for each in workers():
            each.kill()
    assert (await sending).json()["recorded"] == MANY
    assert len(logged(ledger)) == MANY
    assert reception.backlog.events == 0


async def test_a_batch_whose_caller_goes_away_counts_until_it_is_whole(client, ledger, reception, database_url):
    with log_held(database_url):
        sending = asyncio.create_task(post(client, batch(MANY)))
        await until(lambda: waiting_for_the_log(database_url))
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert reception.backlog.events == MANY
    await until(lambda: reception.backlog.events == 0)
    assert len(logged(ledger)) == MANY


async def test_whoever_only_prepares_needs_no_postgres(seal):
    away = Ledger.__new__(Ledger)
    away.database_url, away.cell = "host=127.0.0.1 port=1", "cell_0"
    workers = Workers(away)
    sent = Batch(bad_among(batch(MANY)), ACME, in_cloudevents("a test"))
    assert await workers.prepare(sent, joined) == prepare(*sent, latest_time())
    await workers.close()


def test_bounded_whoever_waits_for_the_rest_of_a_batch_gives_the_log_back(ledger, database_url, monkeypatch):
    monkeypatch.setattr(lone, "MAX_SECONDS_AS_MADE", 0.05)
    first, never = Future[Prepared](), Future[Prepared]()
    first.set_result(prepare(batch(1), ACME, in_cloudevents("a test"), FOR_EVER))
    assert LoneAppender(ledger).append([first, never]) is None
    assert logged(ledger) == []
    assert rows(database_url, "SELECT position FROM cell_0.ledger_head FOR UPDATE NOWAIT") == [(0,)]


def test_an_account_that_has_to_be_made_known_is_not_while_the_log_is_held(ledger):
    first, second = Future[Prepared](), Future[Prepared]()
    first.set_result(prepare(batch(1), ACME, in_cloudevents("a test"), FOR_EVER))
    second.set_result(prepare([line(id="o", subject="other")], Sender(None), in_cloudevents("a test"), FOR_EVER))
    assert LoneAppender(ledger).append([first, second]) is None
    assert logged(ledger) == []
    assert LoneAppender(ledger).append([first]) is not None


@pytest.mark.parametrize("moment", [Moment.WAITING, Moment.COPIED, Moment.DONE])
async def test_once_a_large_batch_of_a_killed_web_process_is_whole_or_not_there(client, ledger, database_url, moment, company):
    sent = batch(MANY)
    await asyncio.to_thread(crash, database_url, sent, moment, beside_another=company)
    recorded = MANY if moment is Moment.DONE else 0
    assert len(logged(ledger)) == recorded
    receipt = (await post(client, sent)).json()
    assert (receipt["recorded"], receipt["duplicates"]) == (MANY - recorded, recorded)


async def test_bounded_what_workers_are_at_counts_as_waiting(client, ledger, reception, database_url, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_EVENTS_WAITING", MANY)
    with log_held(database_url):
        first = asyncio.create_task(post(client, batch(MANY)))
        await until(lambda: reception.backlog.events == MANY)
        assert (await post(client, batch(MANY, "other-"))).status_code == 503
        assert (await post(client, [line(id="small")])).status_code == 503
    assert (await first).json()["recorded"] == MANY
    assert reception.backlog.events == 0
    # Then there is room again, and nothing of what was sent back is there
    assert (await post(client, batch(MANY, "other-"))).json()["recorded"] == MANY


@pytest.mark.parametrize("table", ["ledger_events", "ledger_head"])
async def test_what_a_worker_cannot_append_is_told_as_503_and_can_be_sent_again(client, ledger, reception, database_url, table):
    execute(database_url, f"ALTER TABLE cell_0.{table} RENAME TO away")
    assert (await post(client, batch(MANY))).status_code == 503
    execute(database_url, f"ALTER TABLE cell_0.away RENAME TO {table}")
    assert reception.backlog.events == 0
    assert (await post(client, batch(MANY))).json()["recorded"] == MANY


async def test_closing_waits_for_what_workers_are_at(client, ledger, reception, database_url):
    with log_held(database_url):
        sending = asyncio.create_task(post(client, batch(MANY)))
        await until(lambda: waiting_for_the_log(database_url))
        closing = asyncio.create_task(reception.close())
    await closing
    assert (len(logged(ledger)), reception.backlog.events) == (MANY, 0)
    assert (await sending).json()["recorded"] == MANY

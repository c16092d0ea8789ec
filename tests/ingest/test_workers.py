"""Large batches go through processes of their own, and come out as if they had not: nothing is lost, and each counts once."""

import asyncio
import os
import signal

import psutil
import pytest

from ingest import backlog
from ingest.reception import Reception
from ingest.workers import APART_FROM, PART
from tests.events import line
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


async def test_a_large_batch_says_what_a_small_one_says(client, database_url):
    small = bad_among(batch(APART_FROM + 3))[APART_FROM - 2 :]
    few = (await post(client, small)).json()
    many = (await post(client, [*batch(APART_FROM, "more-"), *small])).json()
    assert [{**each, "index": each["index"] - APART_FROM} for each in many["rejected"]] == few["rejected"]
    assert (many["recorded"], many["duplicates"]) == (APART_FROM, few["recorded"])


async def test_of_a_large_batch_of_nothing_good_nothing_is_recorded(client, ledger):
    answer = await post(client, [b"no JSON"] * APART_FROM)
    assert (answer.status_code, answer.json()["position"]) == (422, None)
    assert logged(ledger) == []


async def test_killed_processes_are_replaced(client, ledger):
    assert (await post(client, batch(APART_FROM))).json()["recorded"] == APART_FROM
    for each in workers():
        each.kill()
    assert (await post(client, batch(APART_FROM, "later-"))).json()["recorded"] == APART_FROM
    assert len(logged(ledger)) == 2 * APART_FROM


async def test_once_a_batch_whose_worker_is_killed_at_it_is_recorded(client, ledger, reception, database_url):
    with log_held(database_url):
        sending = asyncio.create_task(post(client, batch(APART_FROM)))
        await until(lambda: waiting_for_the_log(database_url))
        for each in workers():
            os.kill(each.pid, signal.SIGKILL)
    assert (await sending).json()["recorded"] == APART_FROM
    assert len(logged(ledger)) == APART_FROM
    assert reception.backlog.events == 0


@pytest.mark.parametrize("moment", [Moment.WAITING, Moment.COPIED, Moment.DONE])
async def test_once_a_large_batch_of_a_killed_web_process_is_whole_or_not_there(client, ledger, database_url, moment, company):
    sent = batch(APART_FROM)
    await asyncio.to_thread(crash, database_url, sent, moment, beside_another=company)
    recorded = APART_FROM if moment is Moment.DONE else 0
    assert len(logged(ledger)) == recorded
    receipt = (await post(client, sent)).json()
    assert (receipt["recorded"], receipt["duplicates"]) == (APART_FROM - recorded, recorded)


async def test_bounded_what_workers_are_at_counts_as_waiting(client, ledger, reception, database_url, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_EVENTS_WAITING", APART_FROM)
    with log_held(database_url):
        first = asyncio.create_task(post(client, batch(APART_FROM)))
        await until(lambda: reception.backlog.events == APART_FROM)
        assert (await post(client, batch(APART_FROM, "other-"))).status_code == 503
        assert (await post(client, [line(id="small")])).status_code == 503
    assert (await first).json()["recorded"] == APART_FROM
    assert reception.backlog.events == 0
    # Then there is room again, and nothing of what was sent back is there
    assert (await post(client, batch(APART_FROM, "other-"))).json()["recorded"] == APART_FROM


@pytest.mark.parametrize("table", ["ledger_events", "ledger_head"])
async def test_what_a_worker_cannot_append_is_told_as_503_and_can_be_sent_again(client, ledger, reception, database_url, table):
    execute(database_url, f"ALTER TABLE cell_0.{table} RENAME TO away")
    assert (await post(client, batch(APART_FROM))).status_code == 503
    execute(database_url, f"ALTER TABLE cell_0.away RENAME TO {table}")
    assert reception.backlog.events == 0
    assert (await post(client, batch(APART_FROM))).json()["recorded"] == APART_FROM


async def test_closing_waits_for_what_workers_are_at(client, ledger, reception, database_url):
    with log_held(database_url):
        sending = asyncio.create_task(post(client, batch(APART_FROM)))
        await until(lambda: waiting_for_the_log(database_url))
        closing = asyncio.create_task(reception.close())
    await closing
    assert (await sending).json()["recorded"] == APART_FROM

"""Nothing lost, whoever prepares it: large batches go through processes of their own, and come back as if they had not."""

import os
import signal

import psutil

from ingest import preparing
from ingest.dialects import in_cloudevents
from ingest.preparing import APART_FROM, PART, Preparers
from tests.events import ACME, FOR_EVER, line
from tests.ingest.sending import logged, post

READING = in_cloudevents("a test")
BAD = {0: b"no JSON", PART: line(id=""), PART + 1: line(time="never"), 2 * PART + 7: b"{}"}


def batch(count: int) -> list[bytes]:
    return [BAD.get(number, line(id=f"{number}")) for number in range(count)]


async def test_a_large_batch_is_prepared_as_a_small_one_is(monkeypatch):
    monkeypatch.setattr(preparing, "microseconds", lambda _: FOR_EVER)
    reports = batch(3 * PART - 1)
    preparers = Preparers()
    found = await preparers.prepare(reports, ACME, READING)
    await preparers.close()
    assert found == preparing.prepare(reports, ACME, READING, FOR_EVER)
    assert [each.index for each in found.refused] == [*BAD]
    assert len(found.entries) == len(reports) - len(BAD)


async def test_nothing_lost_of_a_large_batch_the_good_is_recorded_and_the_rest_is_named(client, ledger):
    receipt = (await post(client, batch(3 * PART))).json()
    assert (receipt["recorded"], receipt["duplicates"]) == (3 * PART - len(BAD), 0)
    assert [each["index"] for each in receipt["rejected"]] == [*BAD]
    assert {event.id for event in logged(ledger)} == {f"{number}" for number in range(3 * PART) if number not in BAD}
    again = (await post(client, [*batch(3 * PART), line(id="1", data={"model": "other"})])).json()
    assert (again["recorded"], again["duplicates"]) == (0, 3 * PART - len(BAD))
    assert [each["index"] for each in again["conflicts"]] == [3 * PART]


async def test_killed_processes_are_replaced(client, ledger):
    assert (await post(client, [line(id=f"{number}") for number in range(APART_FROM)])).json()["recorded"] == APART_FROM
    for each in psutil.Process().children():
        if "spawn_main" in " ".join(each.cmdline()):
            os.kill(each.pid, signal.SIGKILL)
    assert (await post(client, [line(id=f"later-{number}") for number in range(APART_FROM)])).json()["recorded"] == APART_FROM
    assert len(logged(ledger)) == 2 * APART_FROM

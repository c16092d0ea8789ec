"""Who hangs up, or sends slowly, leaves no trace or a whole batch, and a retry counts once: on real connections, byte by byte."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from domain import limits
from ingest.endpoint import RETRY_SECONDS
from tests.events import line
from tests.ingest.sending import NDJSON, log_held, logged, rows, until
from tests.serving import Served, served

BATCH = b"\n".join(line(id=f"{number}") for number in range(30))
PACKED = {"Content-Encoding": "gzip"}


@pytest.fixture
async def server(app, reception):
    async with served(app) as server:
        yield server
    await reception.close()


def head(**headers: object) -> bytes:
    """A request for one batch, without its body."""
    told = {"Host": "test", "Authorization": "Bearer of-acme", "Content-Type": NDJSON} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return b"POST /v1/events HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items()).encode() + b"\r\n"


async def receipt(server: Served, body: bytes, **headers: object) -> dict[str, Any]:
    """Of the whole batch, sent well."""
    async with server.call() as caller:
        await caller.say(head(Content_Length=len(body), **headers) + body)
        status, _, answer = await caller.answer()
        assert status == 200
        return json.loads(answer)


def in_flight(reception) -> int:
    return reception.admission.bodies


def chunked(body: bytes) -> bytes:
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


async def hang_up_after(server: Served, reception, sent: bytes) -> None:
    """Say `sent`, part of a request, and be gone once the server is reading."""
    async with server.call() as caller:
        await caller.say(sent)
        await until(lambda: in_flight(reception) == 1)
    await until(lambda: in_flight(reception) == 0)


@pytest.mark.parametrize("cut", [0, 1, len(BATCH) // 2, len(BATCH) - 1])
async def test_who_hangs_up_mid_body_leaves_no_trace_and_the_retry_counts_once(server, ledger, reception, database_url, cut):
    packed = gzip.compress(BATCH)
    await hang_up_after(server, reception, head(Content_Length=len(BATCH)) + BATCH[:cut])
    await hang_up_after(server, reception, head(Transfer_Encoding="chunked") + (chunked(BATCH[:cut]) if cut else b""))
    await hang_up_after(
        server, reception, head(Content_Length=len(packed), Content_Encoding="gzip") + packed[: cut * len(packed) // len(BATCH)]
    )
    assert logged(ledger) == []
    assert rows(database_url, "SELECT count(*) FROM tallygraph.rejections") == [(0,)]
    # And its retries count once
    assert (await receipt(server, BATCH))["recorded"] == 30
    assert (await receipt(server, packed, Content_Encoding="gzip"))["duplicates"] == 30
    assert len(logged(ledger)) == 30


async def test_who_hangs_up_before_the_answer_leaves_a_whole_batch_and_the_retry_counts_nothing(server, ledger, reception, database_url):
    with log_held(database_url):
        async with server.call() as caller:
            await caller.say(head(Content_Length=len(BATCH)) + BATCH)
            await until(lambda: reception.backlog.events == 30)
        assert logged(ledger) == []
    again = await receipt(server, BATCH)
    assert (again["recorded"], again["duplicates"]) == (0, 30)
    assert len(logged(ledger)) == 30
    await until(lambda: in_flight(reception) == 0)


async def test_who_hangs_up_mid_answer_leaves_a_whole_batch_and_all_of_it_kept_aside(server, ledger, reception, database_url):
    # Given a receipt that is larger than what a connection holds
    batch = b"\n".join([line(id="good"), *(b"%d" % number for number in range(9_999))])
    async with server.call() as caller:
        await caller.say(head(Content_Length=len(batch)) + batch)
        assert (await caller.reader.readexactly(12)) == b"HTTP/1.1 200"
    await until(lambda: in_flight(reception) == 0)
    assert len(logged(ledger)) == 1
    assert rows(database_url, "SELECT count(*) FROM tallygraph.rejections") == [(9_999,)]
    again = await receipt(server, batch)
    assert (again["recorded"], again["duplicates"], len(again["rejected"])) == (0, 1, 9_999)


async def test_who_pauses_for_too_long_is_told_and_leaves_no_trace(server, ledger, reception, monkeypatch):
    monkeypatch.setattr(limits, "MAX_PAUSE_SECONDS", 0.1)
    async with server.call() as caller:
        await caller.say(head(Content_Length=len(BATCH)) + BATCH[:-1])
        status, headers, body = await caller.answer()
        assert (status, headers["connection"], await caller.rest()) == (408, "close", b"")
    assert json.loads(body)["error"] == {
        "code": "REQUEST_TIMEOUT",
        "message": "the body paused for 0.1 seconds (MAX_PAUSE_SECONDS): nothing of it is recorded, send the batch again",
    }
    assert in_flight(reception) == 0
    assert logged(ledger) == []
    monkeypatch.undo()
    assert (await receipt(server, BATCH))["recorded"] == 30


async def test_who_never_pauses_and_never_ends_is_told_too(server, ledger, reception, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BODY_SECONDS", 0.2)
    async with server.call() as caller:
        await caller.say(head(Transfer_Encoding="chunked"))
        answer = asyncio.create_task(caller.answer())
        while not answer.done():
            await caller.say(chunked(b" "))
            await asyncio.wait([answer], timeout=0.01)
        status, _, body = await answer
    assert status == 408
    assert "took more than 0.2 seconds (MAX_BODY_SECONDS)" in json.loads(body)["error"]["message"]
    assert (in_flight(reception), logged(ledger)) == (0, [])


@pytest.mark.parametrize("expects", [True, False])
async def test_a_body_that_is_said_to_be_too_large_is_refused_before_it_is_sent(server, expects):
    async with server.call() as caller:
        told = {"Expect": "100-continue"} if expects else {}
        await caller.say(head(Content_Length=limits.MAX_BODY_BYTES + 1, **told))
        status, headers, body = await caller.answer()  # and no 100 before it
        assert status == 413
        assert "33554432 bytes as sent (MAX_BODY_BYTES)" in json.loads(body)["error"]["message"]
        if expects:
            assert (headers["connection"], await caller.rest()) == ("close", b"")


async def test_a_body_that_turns_out_to_be_too_large_is_refused_and_its_sender_gets_to_read_that(server, reception):
    async with server.call() as caller:
        await caller.say(head(Transfer_Encoding="chunked"))
        for _ in range(limits.MAX_BODY_BYTES // 2**20 + 8):  # all of it is sent before anything is read
            await caller.say(chunked(bytes(2**20)))
        await caller.say(b"0\r\n\r\n")
        status, _, body = await caller.answer()
        assert status == 413
        assert "MAX_BODY_BYTES" in json.loads(body)["error"]["message"]
        # And the next request on this connection is taken
        await caller.say(head(Content_Length=len(BATCH)) + BATCH)
        assert (await caller.answer())[0] == 200
    assert in_flight(reception) == 0


async def test_who_asks_first_is_told_to_go_on_or_to_come_later(server, ledger, monkeypatch):
    async with server.call() as caller:
        await caller.say(head(Content_Length=len(BATCH), Expect="100-continue"))
        assert (await caller.answer())[0] == 100
        await caller.say(BATCH)
        assert (await caller.answer())[0] == 200
        monkeypatch.setattr(limits, "MAX_BODIES_IN_FLIGHT", 0)
        await caller.say(head(Content_Length=len(BATCH), Expect="100-continue"))
        status, headers, _ = await caller.answer()
        assert (status, int(headers["retry-after"]) in RETRY_SECONDS, headers["connection"]) == (503, True, "close")
    assert len(logged(ledger)) == 30

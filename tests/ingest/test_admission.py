"""Bounded: bodies in flight together hold no more than they may, and small ones go on while large ones wait or are sent back."""

import asyncio
import gzip
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import limits
from ingest.admission import Admission
from ingest.backlog import OverloadedError
from ingest.endpoint import RETRY_SECONDS
from ingest.outcomes import Sender
from tests.events import line
from tests.ingest.sending import NDJSON, log_held, logged, post, until

MIB = 1024 * 1024


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test passes with little: small is up to 1 kB, large up to 10 kB, and 12 kB of those have room."""
    monkeypatch.setattr(limits, "SMALL_BODY_BYTES", 1_000)
    monkeypatch.setattr(limits, "MAX_EXPANDED_BODY_BYTES", 10_000)
    monkeypatch.setattr(limits, "MAX_EXPANDED_BYTES_IN_FLIGHT", 12_000)
    monkeypatch.setattr(limits, "MAX_SENT_BYTES_IN_FLIGHT", 5_000)


def large(name: str, count: int = 20) -> bytes:
    """A batch of some 5 kB."""
    return b"\n".join(line(id=f"{name}{number}") for number in range(count))


def packed(client, body: bytes) -> "asyncio.Task":
    return asyncio.create_task(post(client, gzip.compress(body), Content_Encoding="gzip"))


def assert_sent_back(response, *limits_named: str) -> None:
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) in RETRY_SECONDS
    assert response.json()["error"]["code"] == "SERVICE_UNAVAILABLE"
    assert all(name in response.json()["error"]["message"] for name in limits_named)


def assert_nothing_held(admission: Admission) -> None:
    assert (admission.bodies, admission.sent.held, admission.expanded.held) == (0, 0, 0)
    assert not dict(admission.shares)  # nor is remembered who came


async def test_more_bodies_than_may_be_in_flight_are_sent_back(client, ledger, reception, database_url, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BODIES_IN_FLIGHT", 2)
    with log_held(database_url):
        taken = [asyncio.create_task(post(client, [line(id=f"{number}")])) for number in range(2)]
        await until(lambda: reception.admission.bodies == 2)
        assert_sent_back(await post(client, [line(id="2")]), "MAX_BODIES_IN_FLIGHT")
    assert [(await each).json()["recorded"] for each in taken] == [1, 1]
    # And what was sent back left no trace, and counts when it comes again
    assert {event.id for event in logged(ledger)} == {"0", "1"}
    assert (await post(client, [line(id="2")])).json()["recorded"] == 1
    assert_nothing_held(reception.admission)


@pytest.mark.parametrize("whose", [("of-acme", "the account 'acme'"), ("of-all", "the token 'a router for all'")])
async def test_yours_alone_who_sends_slowly_and_much_keeps_nobody_else_out(client, reception, monkeypatch, whose):
    token, named = whose
    monkeypatch.setattr(limits, "MAX_BODIES_IN_FLIGHT", 4)
    monkeypatch.setattr(limits, "MAX_BODIES_IN_FLIGHT_PER_ACCOUNT", 2)
    ends = asyncio.Event()

    async def slowly(number: int) -> AsyncIterator[bytes]:
        yield line(id=f"{number}", subject="acme")
        await ends.wait()

    # Given as many slow bodies of one sender as there may be
    headers = {"Content-Type": NDJSON, "Authorization": f"Bearer {token}"}
    taken = [asyncio.create_task(client.post("/v1/events", content=slowly(number), headers=headers)) for number in range(2)]
    await until(lambda: reception.admission.bodies == 2)
    # Then one more is sent back, and those of others are taken
    refused = await post(client, [line(id="more", subject="acme")], token=token)
    assert_sent_back(refused, "MAX_BODIES_IN_FLIGHT_PER_ACCOUNT", named)
    assert (await post(client, [line(id="of another", subject="other")], token="of-other")).json()["recorded"] == 1
    ends.set()
    assert [(await each).json()["recorded"] for each in taken] == [1, 1]
    assert_nothing_held(reception.admission)


async def test_a_large_body_is_sent_back_for_want_of_room_and_a_small_one_is_not(client, reception, database_url, narrow):
    with log_held(database_url):
        first = asyncio.create_task(post(client, large("a")))
        await until(lambda: reception.backlog.events == 20)
        assert_sent_back(await post(client, large("b")), "MAX_SENT_BYTES_IN_FLIGHT")
        small = asyncio.create_task(post(client, [line(id="small")]))
        await until(lambda: reception.backlog.events == 21)
    assert [(await each).json()["recorded"] for each in (first, small)] == [20, 1]
    assert (await post(client, large("b"))).json()["recorded"] == 20
    assert_nothing_held(reception.admission)


async def test_a_large_body_waits_for_its_turn_to_expand_and_a_small_one_does_not(client, reception, database_url, narrow):
    with log_held(database_url):
        first = packed(client, large("a"))
        await until(lambda: reception.backlog.events == 20)
        second = packed(client, large("b"))
        await until(reception.admission.expanded._turn.locked)
        small = packed(client, line(id="small"))
        await until(lambda: reception.backlog.events == 21)
        assert not second.done()
    assert [(await each).json()["recorded"] for each in (first, second, small)] == [20, 20, 1]
    assert_nothing_held(reception.admission)


async def test_a_large_body_that_waits_too_long_for_its_turn_is_sent_back(client, reception, database_url, narrow, monkeypatch):
    monkeypatch.setattr(limits, "MAX_TURN_SECONDS", 0.05)
    with log_held(database_url):
        first = packed(client, large("a"))
        await until(lambda: reception.backlog.events == 20)
        assert_sent_back(await packed(client, large("b")), "MAX_EXPANDED_BYTES_IN_FLIGHT", "MAX_TURN_SECONDS")
    assert (await first).json()["recorded"] == 20
    assert (await packed(client, large("b"))).json()["recorded"] == 20
    assert_nothing_held(reception.admission)


async def test_whatever_is_wrong_with_a_body_nothing_of_it_is_held(client, reception, narrow):
    whole = gzip.compress(large("a"))
    answers = [
        await post(client, whole[:-4], Content_Encoding="gzip"),
        await post(client, whole, Content_Encoding="br"),
        await post(client, gzip.compress(bytes(10_001)), Content_Encoding="gzip"),
        await post(client, large("a", 40)),
        await post(client, b"\n".join([b"{"] * 300)),
    ]
    assert [answer.status_code for answer in answers] == [400, 415, 413, 503, 422]
    assert_nothing_held(reception.admission)


async def test_many_bombs_at_once_take_the_memory_of_one(client, reception, monkeypatch):
    monkeypatch.setattr(limits, "SMALL_BODY_BYTES", MIB // 8)
    monkeypatch.setattr(limits, "MAX_EXPANDED_BODY_BYTES", 8 * MIB)
    monkeypatch.setattr(limits, "MAX_EXPANDED_BYTES_IN_FLIGHT", 8 * MIB)
    bomb = gzip.compress(b" " * (8 * MIB - 2) + b"{}")
    tracemalloc.start()
    try:
        answers = await asyncio.gather(*(post(client, bomb, Content_Encoding="gzip") for _ in range(20)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {answer.status_code for answer in answers} == {422}
    assert peak < 5 * 8 * MIB  # expanded, taken apart, kept aside, and a small part of each
    assert_nothing_held(reception.admission)


SENDERS = [Sender("acme"), Sender("other"), Sender(None, "acme"), Sender(None, "other")]  # no two of them share
steps = st.tuples(st.integers(0, 4), st.sampled_from(("grow", "expand", "expanded", "let go")), st.integers(0, 3 * MIB))


@given(moves=st.lists(steps, max_size=40), senders=st.lists(st.sampled_from(SENDERS), min_size=5, max_size=5))
async def test_what_is_held_never_passes_the_limits_and_all_of_it_is_given_back(moves, senders):
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(limits, "MAX_SENT_BYTES_IN_FLIGHT", 4 * MIB)
        monkeypatch.setattr(limits, "MAX_EXPANDED_BODY_BYTES", 3 * MIB)
        monkeypatch.setattr(limits, "MAX_EXPANDED_BYTES_IN_FLIGHT", 5 * MIB)
        monkeypatch.setattr(limits, "MAX_BODIES_IN_FLIGHT", 4)
        monkeypatch.setattr(limits, "MAX_BODIES_IN_FLIGHT_PER_ACCOUNT", 2)
        monkeypatch.setattr(limits, "MAX_TURN_SECONDS", 0)
        admission = Admission()
        open_bodies = {}
        for number, move, size in moves:
            try:
                if number not in open_bodies:
                    context = admission.body(senders[number])
                    open_bodies[number] = (context, context.__enter__(), [False])
                context, held, expands = open_bodies[number]
                match move:
                    case "grow":
                        held.grow(size)
                    case "expand" if not expands[0]:
                        await held.expand()
                        expands[0] = True
                    case "expanded" if expands[0]:
                        held.expanded_to(size)
                    case "let go":
                        del open_bodies[number]
                        context.__exit__(None, None, None)
            except OverloadedError:
                pass
            assert admission.bodies == len(open_bodies) <= 4
            assert sorted(admission.shares.values()) == sorted(Counter(senders[number] for number in open_bodies).values())
            assert max(admission.shares.values(), default=0) <= 2
            assert 0 <= admission.sent.held <= 4 * MIB
            assert 0 <= admission.expanded.held <= 5 * MIB
        for context, _, _ in open_bodies.values():
            context.__exit__(None, None, None)
        assert_nothing_held(admission)

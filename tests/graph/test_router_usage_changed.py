"""Router usage, followed over real connections: the present first, then what commits bring, as one message where they come fast."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosedError

from ledger.listening import APPLICATION_NAME
from projections.snapshot import FOLLOWERS_AT_A_TIME
from tests.cutting import CUT
from tests.events import at, request_completed, voided
from tests.graph.conftest import READER, Service
from tests.graph.followers import BOUND_SECONDS, Follower, following, serving

RANGE = '{from: "2026-04-21T09:00:00Z", to: "2026-04-21T12:00:00Z"}'
FIELDS = "{ totalRequests dataState { position } }"
FOLLOW = f"subscription {{ routerUsageChanged(range: {RANGE}) {FIELDS} }}"
NAMED = f"subscription($id: ID) {{ routerUsageChanged(accountId: $id, range: {RANGE}) {FIELDS} }}"


@asynccontextmanager
async def followed(service: Service, query: str = FOLLOW, token: str = READER, **variables: Any) -> AsyncIterator[Follower]:
    async with serving(service) as address, following(address, query, token, **variables) as follower:
        yield follower


async def record(service: Service, *times: str, account: str = "acme") -> str:
    """Requests of these times, in one commit of the read models; the position that covers them."""
    return await asyncio.to_thread(service.record, *(request_completed(at(time), account=account) for time in times))


def is_idle(service: Service) -> bool:
    """Whether nobody holds a connection to the read models."""
    return all(snapshot._connection is None for snapshot in service.snapshots.opened)


async def test_the_first_message_is_the_present_and_the_next_what_a_commit_brings(service: Service):
    position = await record(service, "09:00")
    async with followed(service) as follower:
        assert await follower.usage() == {"totalRequests": 1, "dataState": {"position": position}}
        position = await record(service, "09:01", "09:02")
        assert await follower.usage() == {"totalRequests": 3, "dataState": {"position": position}}


async def test_it_is_followed_by_server_sent_events_too(service: Service):
    await record(service, "09:00")
    headers = {"authorization": f"Bearer {READER}", "accept": "text/event-stream"}
    async with (
        serving(service) as address,
        httpx.AsyncClient(base_url=f"http://{address}", headers=headers) as http,
        http.stream("POST", "/graphql", json={"query": FOLLOW}, timeout=BOUND_SECONDS) as response,
    ):
        told = (json.loads(line[6:]) async for line in response.aiter_lines() if line.startswith("data: {"))
        assert (await anext(told))["data"]["routerUsageChanged"]["totalRequests"] == 1
        await record(service, "09:01")
        assert (await anext(told))["data"]["routerUsageChanged"]["totalRequests"] == 2


async def test_whatever_is_selected_is_told_however_much_was_told_before(service: Service):
    # Given a selection that may have nearly as many nodes as an operation may
    buckets = "{ nodes { requests history(first: 8) { nodes { eventId } } } }"
    query = f"""subscription {{ routerUsageChanged(range: {RANGE}) {{
        buckets(first: 1000) {buckets} others: buckets(first: 1000, interval: DAY) {buckets} latencyPercentile(p: 50)
        {" ".join(f"b{i}: buckets(first: 1000) {{ nodes {{ requests }} }}" for i in range(7))} }} }}"""
    async with followed(service, query) as follower:
        # When it is told twice
        assert (await follower.usage())["latencyPercentile"] is None
        await record(service, "09:00")
        usage = await follower.usage()
        # Then each message is as large as it may be
        assert [len(node["history"]["nodes"]) for node in usage["buckets"]["nodes"]] == [1]
        assert usage["b6"] == {"nodes": [{"requests": 1}]}


async def test_commits_that_come_faster_than_they_are_told_are_one_message(service: Service):
    async with followed(service) as follower, AsyncExitStack() as turns:
        assert await follower.requests() == 0
        for _ in range(FOLLOWERS_AT_A_TIME):  # Given a follower who cannot look
            await turns.enter_async_context(service.snapshots._turns)
        for minute in range(10):
            await record(service, f"09:0{minute}")
        await turns.aclose()
        # Then the first message that comes is of all of them
        assert await follower.requests() == 10
        await record(service, "09:10")
        assert await follower.requests() == 11


async def test_there_is_at_most_one_message_in_an_interval(service: Service):
    loop = asyncio.get_running_loop()
    async with followed(service) as follower:
        began, messages, told = loop.time(), 1, await follower.requests()
        recording = asyncio.create_task(_record_many(service))
        while told < 30:
            messages, told = messages + 1, await follower.requests()
        await recording
        assert messages <= 2 + (loop.time() - began)  # seconds, and the interval is one


async def _record_many(service: Service) -> None:
    for minute in range(30):
        await record(service, f"09:{minute:02}")


async def test_who_reads_slowly_holds_nothing_that_others_need(service: Service):
    # Given more followers than may look at a time, who do not read what they were sent
    sent, go_on = asyncio.Semaphore(0), asyncio.Event()
    headers = [(b"authorization", f"Bearer {READER}".encode()), (b"accept", b"text/event-stream"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}

    async def slow() -> None:
        bodies = [{"type": "http.request", "body": json.dumps({"query": FOLLOW}).encode()}]

        async def receive() -> Any:
            return bodies.pop() if bodies else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            if b"event: next" in message.get("body", b""):
                sent.release()
                await go_on.wait()

        await service.endpoint(scope, receive, send)

    followers = [asyncio.create_task(slow()) for _ in range(FOLLOWERS_AT_A_TIME + 1)]
    async with asyncio.timeout(BOUND_SECONDS):
        for _ in followers:
            await sent.acquire()
    # When the read models move on
    async with followed(service) as quick:
        assert await quick.requests() == 0
        await record(service, "09:00")
        # Then one who reads is told
        assert await quick.requests() == 1
    assert is_idle(service)
    go_on.set()
    for each in followers:
        each.cancel()
    await asyncio.gather(*followers, return_exceptions=True)


async def test_an_idle_subscription_holds_no_connection(service: Service):
    async with followed(service) as follower:
        assert await follower.requests() == 0
        assert is_idle(service)
        await record(service, "13:00")  # out of the range: it is looked at, and nothing is told
        await service.snapshots.closed(2)
        assert is_idle(service)


async def test_nothing_is_lost_while_the_listening_connection_is_away(service: Service, database_url: str):
    async with followed(service) as follower, await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        assert await follower.requests() == 0
        for number in (1, 2):
            await connection.execute(CUT, [APPLICATION_NAME])
            await record(service, "09:00")
            assert await follower.requests() == number
        await record(service, "09:00")
        assert await follower.requests() == 3


async def test_a_database_that_is_away_for_a_moment_ends_no_subscription(service: Service):
    async with followed(service) as follower, AsyncExitStack() as held:
        assert await follower.requests() == 0
        pool = service.snapshots._pool
        pool.timeout = 0.01  # Given a database that has no connection for it in time
        for _ in range(pool.max_size):
            await held.enter_async_context(pool.connection(BOUND_SECONDS))
        await record(service, "09:00")
        await service.snapshots.closed(2)  # When it has looked in vain
        await held.aclose()
        assert await follower.requests() == 1


async def test_who_connects_again_begins_with_the_present(service: Service):
    async with serving(service) as address:
        async with following(address, FOLLOW) as follower:
            assert await follower.requests() == 0
        await record(service, "09:00", "09:01")
        async with following(address, FOLLOW) as follower:
            assert await follower.requests() == 2


@pytest.mark.parametrize("by", ["argument", "header"])
async def test_the_first_message_includes_the_position_that_is_asked_for(service: Service, by: str):
    position = await asyncio.to_thread(service.record, request_completed(at("09:00")), project=False)
    query = f"subscription($at: Position) {{ routerUsageChanged(range: {RANGE}, atLeast: $at) {FIELDS} }}"
    asked = {"query": query, "at": position} if by == "argument" else {"query": FOLLOW, "header": position}
    async with serving(service) as address, following(address, **asked) as follower:
        await asyncio.to_thread(service.project)
        assert await follower.requests() == 1


async def test_a_connection_with_a_header_that_is_no_position_is_closed(service: Service):
    async with serving(service) as address:
        with pytest.raises(ConnectionClosedError, match=r"4400.*Tallygraph-At-Least"):
            async with following(address, FOLLOW, header="1"):
                pass


async def test_what_others_use_out_of_the_range_or_the_filter_is_no_news(service: Service):
    query = f'subscription {{ routerUsageChanged(range: {RANGE}, filter: {{models: ["gpt-4o"]}}) {FIELDS} }}'
    async with followed(service, query) as follower:
        assert await follower.requests() == 0
        await record(service, "09:00", account="rival")
        await record(service, "08:59", "12:00")
        await asyncio.to_thread(service.record, request_completed(at("09:00"), model="other"))
        await asyncio.to_thread(service.runner.tick, service.projecting, service.live)
        await service.snapshots.closed(2)
        position = await record(service, "09:00")
        assert await follower.usage() == {"totalRequests": 1, "dataState": {"position": position}}


async def test_what_is_taken_away_is_news_too(service: Service):
    early, late = (request_completed(at("09:00"), model=model) for model in ("a", "b"))
    await asyncio.to_thread(service.record, early, late)
    async with followed(service) as follower:
        assert await follower.requests() == 2
        for requests, event in ((1, early), (0, late)):  # the first leaves a bucket that has not changed
            await asyncio.to_thread(service.record, voided(event))
            assert await follower.requests() == requests


async def test_an_account_is_followed_by_its_own_and_by_who_looks_after_all(service: Service):
    await record(service, "09:00")
    await record(service, "09:00", "09:01", account="rival")
    ids = {node["key"]: node["id"] for node in (await service.ask("{ accounts { nodes { key id } } }", "*:operate"))["accounts"]["nodes"]}
    missing = {"code": "NOT_FOUND", "field": ["accountId"]}
    async with serving(service) as address:
        for token, id, expected in (
            (READER, None, 1),
            (READER, ids["acme"], 1),
            ("*:read", ids["rival"], 2),
            (READER, ids["rival"], missing),
            (READER, "nonsense", missing),
            ("*:read", None, missing),
            ("acme:ingest", None, {"code": "FORBIDDEN"}),
        ):
            async with following(address, NAMED, token, id=id) as follower:
                assert await (follower.requests() if isinstance(expected, int) else follower.refusal()) == expected


@pytest.mark.parametrize("every", [0, -1])
async def test_an_interval_is_a_second_or_more(service: Service, every: int):
    async with followed(service, f"subscription {{ routerUsageChanged(range: {RANGE}, every: {every}) {FIELDS} }}") as follower:
        assert await follower.refusal() == {"code": "BAD_INPUT", "field": ["every"]}


async def test_a_token_that_was_revoked_is_told_nothing_more(service: Service):
    async with followed(service) as follower:
        assert await follower.requests() == 0
        service.revoked.add(READER)
        await record(service, "09:00")
        with pytest.raises(ConnectionClosedError, match="4403"):
            await follower.heard()


async def test_bounded_followers_are_told_what_to_do_instead(service: Service):
    service.services.usage_news._followers._most_per_account = 1
    async with serving(service) as address, following(address, FOLLOW) as follower:
        assert await follower.requests() == 0
        async with following(address, FOLLOW) as second:
            assert await second.refusal() == {"code": "LIMIT_FOLLOWERS"}
        async with following(address, FOLLOW, token="rival:read") as other:
            assert await other.requests() == 0

"""Server-sent events over a real connection: what is sent, byte for byte, and what is cleaned up when either side leaves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from structlog.testing import capture_logs

from tests.graph.small_schema import AUTHORIZED, SCHEMA, World, client, served, small_schema

SSE = {"accept": "text/event-stream"}


async def events(http: httpx.AsyncClient, query: str) -> str:
    response = await http.post("/graphql", json={"query": query}, headers=SSE)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    return response.text


async def test_each_result_is_an_event_and_the_end_is_one_too():
    async with client(world := World()) as http:
        assert await events(http, "subscription { count(to: 2) }") == (
            'event: next\ndata: {"data":{"count":1}}\n\nevent: next\ndata: {"data":{"count":2}}\n\nevent: complete\ndata: \n\n'
        )
    assert world.events == ["count ended", "closed"]


async def test_the_stream_is_neither_stored_nor_held_back():
    async with client(World()) as http:
        response = await http.post("/graphql", json={"query": "{ hello }"}, headers=SSE)
    assert response.headers["cache-control"] == "no-store, no-transform"
    assert response.headers["x-accel-buffering"] == "no"


async def test_scalars_go_out_in_the_notation_of_other_answers():
    async with client(World()) as http:
        assert await events(http, "subscription { scalars { big decimal time } }") == (
            'event: next\ndata: {"data":{"scalars":{"big":9223372036854775807,"decimal":"0.0000001",'
            '"time":"2026-03-28T20:45:00.120000Z"}}}\n\n'
            "event: complete\ndata: \n\n"
        )


@pytest.mark.parametrize(
    ("query", "data"),
    [("{ hello }", '{"data":{"hello":"Hello, world!"}}'), ("mutation { change }", '{"data":{"change":"changed"}}')],
)
async def test_a_query_or_mutation_is_a_stream_of_one(query, data):
    async with client(World()) as http:
        assert await events(http, query) == f"event: next\ndata: {data}\n\nevent: complete\ndata: \n\n"


async def test_a_subscription_may_come_by_get_as_browsers_send_it():
    async with client(World()) as http:
        response = await http.get("/graphql", params={"query": "subscription { count(to: 1) }"}, headers=SSE)
    assert response.text == 'event: next\ndata: {"data":{"count":1}}\n\nevent: complete\ndata: \n\n'


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { missing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($n: Int!) { count(to: $n) }", "BAD_INPUT"),
        ("{ " + "hello " * 11 + "}", "LIMIT_ROOT_FIELDS"),
    ],
)
async def test_a_request_error_is_an_event_with_a_code(query, code):
    async with client(world := World()) as http:
        text = await events(http, query)
    assert text.startswith('event: next\ndata: {"errors":[{')
    assert f'"extensions":{{"code":"{code}"' in text
    assert '"data"' not in text
    assert text.endswith("\n\nevent: complete\ndata: \n\n")
    assert world.events == ["closed"]


async def test_a_mutation_by_get_is_not_executed():
    async with client(world := World()) as http:
        response = await http.get("/graphql", params={"query": "mutation { change }"}, headers=SSE)
    assert response.text == (
        'event: next\ndata: {"errors":[{"message":"A mutation changes something, and GET does not: use POST.",'
        '"extensions":{"code":"BAD_INPUT"}}]}\n\nevent: complete\ndata: \n\n'
    )
    assert world.events == ["closed"]


async def test_what_we_did_not_expect_ends_the_stream_and_is_not_told():
    with capture_logs() as logs:
        async with client(World()) as http:
            text = await events(http, "subscription { breaks }")
    assert text.startswith('event: next\ndata: {"data":{"breaks":1}}\n\nevent: next\ndata: {"errors":[{"message":"Something went wrong')
    assert text.endswith("event: complete\ndata: \n\n")
    assert len(logs) == 1
    assert "swordfish" not in text


async def test_a_result_that_cannot_be_written_ends_the_stream():
    with capture_logs() as logs:
        async with client(World()) as http:
            text = await events(http, "{ notJson }")
    assert '"code":"INTERNAL"' in text
    assert len(logs) == 1


async def test_a_query_that_takes_too_long_ends_the_stream():
    async with client(world := World(), small_schema(deadline_seconds=0.01)) as http:
        assert '"code":"TIMEOUT"' in await events(http, "{ slow }")
    assert world.events == ["slow began", "slow ended", "closed"]


@asynccontextmanager
async def subscribed(world: World, query: str, **options: float) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a stream that a server sends over a connection; inside, the client is there."""
    async with (
        served(world, SCHEMA, **options) as address,
        httpx.AsyncClient(base_url=f"http://{address}/", headers=AUTHORIZED | SSE) as http,
        http.stream("POST", "/graphql", json={"query": query}) as response,
    ):
        yield response.aiter_lines()
        await response.aclose()
        await world.until(lambda: world.closed == 1)


async def lines_of(stream: AsyncIterator[str], number: int) -> list[str]:
    return [await anext(stream) for _ in range(number)]


async def test_a_client_that_leaves_ends_the_subscription():
    async with subscribed(world := World(), "subscription { events }") as stream:
        assert await lines_of(stream, 3) == ["event: next", 'data: {"data":{"events":"now"}}', ""]
        await world.note("something")
        assert await lines_of(stream, 3) == ["event: next", 'data: {"data":{"events":"something"}}', ""]
    assert world.events == ["something", "events ended", "closed"]


async def test_a_client_that_leaves_while_nothing_happens_ends_the_subscription():
    async with subscribed(world := World(), "subscription { silent }"):
        await world.until(lambda: world.events == ["silent began"])
    assert world.events == ["silent began", "silent ended", "closed"]


async def test_a_silent_stream_shows_that_it_is_alive():
    async with subscribed(World(), "subscription { silent }", heartbeat_seconds=0.01) as stream:
        assert await lines_of(stream, 4) == [":", "", ":", ""]


async def test_a_token_that_was_revoked_gets_nothing_more():
    async with subscribed(world := World(), "subscription { events }") as stream:
        assert await lines_of(stream, 3) == ["event: next", 'data: {"data":{"events":"now"}}', ""]
        world.tokens.clear()
        await world.note("secret")
        assert [line async for line in stream] == [
            "event: next",
            'data: {"errors":[{"message":"The token was revoked: use another one.","extensions":{"code":"UNAUTHENTICATED"}}]}',
            "",
            "event: complete",
            "data: ",
            "",
        ]
    assert world.events == ["secret", "events ended", "closed"]

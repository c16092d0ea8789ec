"""graphql-transport-ws over a real connection: with a client that people use, and message by message where it matters."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.graph.small_schema import AUTHORIZED, SCHEMA, World, served, small_schema

PROTOCOL = Subprotocol("graphql-transport-ws")


@asynccontextmanager
async def connected(world: World, schema: Any = SCHEMA, **options: float) -> AsyncIterator[ClientConnection]:
    """A connection that nothing was said on yet. Afterwards, whatever was opened is closed."""
    async with served(world, schema, **options) as address:
        async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket:
            yield socket
        await world.until(lambda: world.closed == world.opened)


@asynccontextmanager
async def initialised(world: World, schema: Any = SCHEMA, **options: float) -> AsyncIterator[ClientConnection]:
    async with connected(world, schema, **options) as socket:
        await say(socket, type="connection_init", payload=AUTHORIZED)
        assert await hear(socket) == {"type": "connection_ack"}
        yield socket


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def subscribe(socket: ClientConnection, query: str, id: str = "1", **parameters: Any) -> None:
    await say(socket, type="subscribe", id=id, payload={"query": query, **parameters})


async def hear(socket: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        message = await socket.recv()
    assert isinstance(message, str)
    return json.loads(message)


async def closing(socket: ClientConnection) -> tuple[int | None, str | None]:
    """The code and reason that the server closes with."""
    async with asyncio.timeout(10):
        await socket.wait_closed()
    return socket.close_code, socket.close_reason


# ---------------------------------------------------------------- with a client that people use
@asynccontextmanager
async def session(world: World, **payload: str) -> AsyncIterator[Any]:
    async with served(world) as address:
        transport = WebsocketsTransport(
            url=f"ws://{address}/graphql", init_payload=payload or AUTHORIZED, subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL]
        )
        async with Client(transport=transport) as opened:
            yield opened


async def test_a_client_follows_a_subscription_to_its_end():
    async with session(world := World()) as client:
        assert [result async for result in client.subscribe(gql("subscription { count(to: 3) }"))] == [
            {"count": 1},
            {"count": 2},
            {"count": 3},
        ]
        await world.until(lambda: world.closed == 2)
    assert world.events == ["closed", "count ended", "closed"]  # of connection_init, of the subscription


async def test_a_client_may_send_queries_and_mutations_the_same_way():
    async with session(World()) as client:
        request = gql("query ($n: String) { hello(name: $n) scalars { big decimal time } }")
        request.variable_values = {"n": "Ada"}
        assert await client.execute(request) == {
            "hello": "Hello, Ada!",
            "scalars": {"big": 2**63 - 1, "decimal": "0.0000001", "time": "2026-03-28T20:45:00.120000Z"},
        }
        assert await client.execute(gql("mutation { change }")) == {"change": "changed"}


async def test_a_client_is_told_of_errors_with_their_codes():
    async with session(World()) as client:
        with pytest.raises(TransportQueryError) as failed:
            await client.execute(gql("{ missing }"))
        assert failed.value.errors is not None
        assert failed.value.errors[0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
        assert await client.execute(gql("{ hello }")) == {"hello": "Hello, world!"}


async def test_a_client_that_stops_listening_ends_the_subscription():
    async with session(world := World()) as client:
        results = client.subscribe(gql("subscription { events }"))
        assert await anext(results) == {"events": "now"}
        await results.aclose()
        await world.until(lambda: world.closed == 2)
    assert world.events == ["closed", "events ended", "closed"]


# ---------------------------------------------------------------- initialisation
async def test_the_token_may_be_written_as_graphiql_writes_it():
    async with connected(World()) as socket:
        await say(socket, type="connection_init", payload={"Authorization": AUTHORIZED["authorization"]})
        assert await hear(socket) == {"type": "connection_ack"}


async def test_the_token_may_come_with_the_handshake():
    world = World()
    async with (
        served(world) as address,
        connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL], additional_headers=AUTHORIZED) as socket,
    ):
        await say(socket, type="connection_init")
        assert await hear(socket) == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "payload", [None, {}, {"authorization": "Bearer stolen"}, {"authorization": "sesame"}, {"authorization": 5}, {"token": "open sesame"}]
)
async def test_without_a_good_token_the_connection_is_closed(payload):
    async with connected(world := World()) as socket:
        await say(socket, type="connection_init", **({} if payload is None else {"payload": payload}))
        assert await closing(socket) == (4403, "Forbidden")
    assert world.opened == 0


async def test_who_comes_while_nothing_can_be_reached_is_asked_to_come_again():
    async with connected(World(available=False)) as socket:
        await say(socket, type="connection_init", payload=AUTHORIZED)
        assert await closing(socket) == (1013, "The database cannot be reached now: try again in a moment.")


async def test_a_context_that_cannot_be_opened_closes_the_connection():
    with capture_logs() as logs:
        async with connected(World(tokens={"banned"})) as socket:
            await say(socket, type="connection_init", payload={"authorization": "Bearer banned"})
            assert await closing(socket) == (1011, f"Internal error {logs[0]['request_id']}")
    assert len(logs) == 1


async def test_who_does_not_initialise_is_closed_after_a_while():
    async with connected(World(), connection_init_seconds=0.01) as socket:
        assert await closing(socket) == (4408, "Connection initialisation timeout")


async def test_who_subscribes_before_is_closed():
    async with connected(World()) as socket:
        await subscribe(socket, "{ hello }")
        assert await closing(socket) == (4401, "Unauthorized")


async def test_who_initialises_twice_is_closed():
    async with initialised(World()) as socket:
        await say(socket, type="connection_init", payload=AUTHORIZED)
        assert await closing(socket) == (4429, "Too many initialisation requests")


@pytest.mark.parametrize("protocols", [None, [Subprotocol("graphql-ws")]])
async def test_another_protocol_is_not_spoken(protocols):
    async with served(World()) as address, connect(f"ws://{address}/graphql", subprotocols=protocols) as socket:
        assert await closing(socket) == (4406, "Subprotocol not acceptable")


async def test_a_page_of_another_origin_is_not_let_in():
    async with served(World()) as address:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL], origin="https://evil.example")  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403
        async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL], origin=f"http://{address}"):  # type: ignore[arg-type]
            pass


# ---------------------------------------------------------------- operations
async def test_results_come_in_text_frames_and_then_the_end():
    async with initialised(world := World()) as socket:
        await subscribe(socket, "subscription { count(to: 2) }")
        assert [await socket.recv() for _ in range(3)] == [
            '{"id":"1","type":"next","payload":{"data":{"count":1}}}',
            '{"id":"1","type":"next","payload":{"data":{"count":2}}}',
            '{"id":"1","type":"complete"}',
        ]
        assert world.events == ["closed", "count ended", "closed"]  # what it held is closed before the client hears of the end


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { missing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ hello }" + " " * 16_384, "LIMIT_CHARACTERS"),
        ("query A { hello } query B { hello }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($n: Int!) { count(to: $n) }", "BAD_INPUT"),
    ],
)
async def test_a_request_error_ends_the_operation_and_not_the_connection(query, code):
    async with initialised(world := World()) as socket:
        await subscribe(socket, query)
        message = await hear(socket)
        assert (message["type"], message["id"]) == ("error", "1")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        assert world.closed == 2
        await subscribe(socket, "{ hello }")
        assert await hear(socket) == {"id": "1", "type": "next", "payload": {"data": {"hello": "Hello, world!"}}}


async def test_the_operation_that_is_named_is_executed():
    async with initialised(World()) as socket:
        await subscribe(socket, "query A { a: hello } query B { b: hello }", operationName="B")
        assert (await hear(socket))["payload"] == {"data": {"b": "Hello, world!"}}


async def test_a_field_that_fails_is_told_with_the_data():
    async with initialised(World()) as socket:
        await subscribe(socket, "{ hello forbidden }")
        message = await hear(socket)
        assert message["payload"]["data"] == {"hello": "Hello, world!", "forbidden": None}
        assert message["payload"]["errors"][0]["extensions"] == {"code": "FORBIDDEN", "field": ["forbidden"]}
        assert await hear(socket) == {"id": "1", "type": "complete"}


async def test_what_we_did_not_expect_ends_the_operation_and_is_not_told():
    with capture_logs() as logs:
        async with initialised(World()) as socket:
            await subscribe(socket, "subscription { breaks }")
            assert (await hear(socket))["payload"] == {"data": {"breaks": 1}}
            message = await hear(socket)
            assert message["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
            assert "swordfish" not in str(message)
            assert (await hear(socket))["type"] == "complete"
    assert len(logs) == 1


async def test_a_result_that_cannot_be_written_ends_the_operation():
    with capture_logs() as logs:
        async with initialised(World()) as socket:
            await subscribe(socket, "{ notJson }")
            message = await hear(socket)
            assert message["type"] == "error"
            assert message["payload"][0]["extensions"]["code"] == "INTERNAL"
    assert len(logs) == 1


async def test_a_query_that_takes_too_long_is_ended():
    async with initialised(world := World(), small_schema(deadline_seconds=0.01)) as socket:
        await subscribe(socket, "{ slow }")
        assert (await hear(socket))["payload"][0]["extensions"] == {"code": "TIMEOUT"}
    assert world.events == ["closed", "slow began", "slow ended", "closed"]


async def test_waiting_for_the_next_message_is_not_taking_long():
    async with initialised(world := World(), small_schema(deadline_seconds=0.05)) as socket:
        await subscribe(socket, "subscription { events }")
        assert (await hear(socket))["payload"] == {"data": {"events": "now"}}
        await subscribe(socket, "{ slow }", id="2")
        assert [(await hear(socket))["payload"] for _ in range(1)] == [{"data": {"events": "slow began"}}]
        messages = [await hear(socket) for _ in range(3)]
        assert [message["payload"] for message in messages if message["id"] == "1"] == [
            {"data": {"events": "slow ended"}},
            {"data": {"events": "closed"}},
        ]
        assert [message["payload"][0]["extensions"] for message in messages if message["id"] == "2"] == [{"code": "TIMEOUT"}]
        assert world.closed == 2


async def test_what_is_completed_by_the_client_ends():
    async with initialised(world := World()) as socket:
        await subscribe(socket, "subscription { silent }")
        await world.until(lambda: "silent began" in world.events)
        await say(socket, type="complete", id="1")
        await world.until(lambda: world.closed == 2)
        assert world.events == ["closed", "silent began", "silent ended", "closed"]
        await subscribe(socket, "{ hello }")  # the id is free again
        assert (await hear(socket))["payload"] == {"data": {"hello": "Hello, world!"}}


async def test_a_client_that_leaves_ends_what_it_began():
    async with initialised(world := World()) as socket:
        await subscribe(socket, "subscription { silent }", id="1")
        await subscribe(socket, "{ slow }", id="2")
        await world.until(lambda: {"silent began", "slow began"} <= {*world.events})
    assert {"silent ended", "slow ended"} <= {*world.events}
    assert (world.opened, world.closed) == (3, 3)


async def test_a_token_that_was_revoked_gets_nothing_more():
    async with initialised(world := World()) as socket:
        await subscribe(socket, "subscription { events }")
        assert (await hear(socket))["payload"] == {"data": {"events": "now"}}
        world.tokens.clear()
        await world.note("secret")
        assert await closing(socket) == (4403, "Forbidden")


async def test_a_token_that_was_revoked_begins_nothing_more():
    async with initialised(world := World()) as socket:
        world.tokens.clear()
        await subscribe(socket, "{ hello }")
        assert await closing(socket) == (4403, "Forbidden")


async def test_what_is_out_of_reach_for_now_is_told():
    async with initialised(world := World()) as socket:
        world.available = False
        await subscribe(socket, "{ hello }")
        assert (await hear(socket))["payload"][0]["extensions"] == {"code": "UNAVAILABLE"}


async def test_a_connection_has_ten_operations_at_most():
    async with initialised(world := World()) as socket:
        for number in range(10):
            await subscribe(socket, "subscription { silent }", id=f"{number}")
        await world.until(lambda: world.events.count("silent began") == 10)
        await subscribe(socket, "{ hello }", id="10")
        assert await hear(socket) == {
            "id": "10",
            "type": "error",
            "payload": [
                {
                    "message": "The connection has 10 operations: complete one, or open another connection.",
                    "extensions": {"code": "LIMIT_OPERATIONS_PER_CONNECTION"},
                }
            ],
        }
        await say(socket, type="complete", id="0")
        await subscribe(socket, "{ hello }", id="10")
        assert (await hear(socket))["payload"] == {"data": {"hello": "Hello, world!"}}


async def test_an_id_stands_for_one_operation_at_a_time():
    async with initialised(World()) as socket:
        await subscribe(socket, "subscription { silent }")
        await subscribe(socket, "subscription { silent }")
        assert await closing(socket) == (4409, "Subscriber for 1 already exists")


async def test_a_ping_is_answered():
    async with initialised(World()) as socket:
        await say(socket, type="ping")
        assert await hear(socket) == {"type": "pong"}


# ---------------------------------------------------------------- what is no message
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "WebSocket message must be valid JSON"),
        ("{", "WebSocket message must be valid JSON"),
        ('{"type": NaN}', "WebSocket message must be valid JSON"),
        ('{"type": "ping", "payload": "\\ud800"}', "WebSocket message must be valid JSON"),
        ('{"type": "ping", "payload": "\\u0000"}', "WebSocket message must be valid JSON"),
        ("[" * 60_000, "WebSocket message must be valid JSON"),
        ("5", "A message is a JSON object with a type"),
        ("[]", "A message is a JSON object with a type"),
        ("{}", "A message is a JSON object with a type"),
        ('{"type": ["ping"]}', "A message is a JSON object with a type"),
        ('{"type": "start"}', "Unknown message type: start"),
        ('{"type": "%s"}' % ("ö" * 200), "Unknown message type: " + "ö" * 50),
        ('{"type": "subscribe"}', "Object missing required field `id`"),
        ('{"type": "subscribe", "id": ""}', "Expected `str` of length >= 1 - at `$.id`"),
        ('{"type": "subscribe", "id": ["1"]}', "Expected `str`, got `array` - at `$.id`"),
        ('{"type": "subscribe", "id": "1"}', "Object missing required field `payload`"),
        ('{"type": "subscribe", "id": "1", "payload": []}', "Expected `object`, got `array` - at `$.payload`"),
        ('{"type": "subscribe", "id": "1", "payload": {}}', "Object missing required field `query` - at `$.payload`"),
        ('{"type": "subscribe", "id": "1", "payload": {"query": 5}}', "Expected `str`, got `int` - at `$.payload.query`"),
        (
            '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": "{}"}}',
            "Expected `object | null`, got `str` - at `$.payload.variables`",
        ),
        ('{"type": "complete"}', "Failed to parse message"),
    ],
)
async def test_what_is_no_message_closes_the_connection(text, reason):
    with capture_logs() as logs:
        async with initialised(World()) as socket:
            await socket.send(text)
            assert await closing(socket) == (4400, reason)
    assert logs == []


async def test_a_binary_frame_is_no_message():
    async with initialised(World()) as socket:
        await socket.send(b'{"type": "ping"}')
        assert await closing(socket) == (4400, "WebSocket message type must be text")


async def test_a_message_that_is_too_long_closes_the_connection():
    async with initialised(World()) as socket:
        await say(socket, type="ping", payload={"text": " " * 64 * 1024})
        assert await closing(socket) == (1009, "More than 65,536 characters")


@pytest.mark.parametrize("payload", ["text", 5, []])
async def test_a_payload_of_connection_init_is_an_object(payload):
    async with connected(World()) as socket:
        await say(socket, type="connection_init", payload=payload)
        assert await closing(socket) == (4400, "Invalid connection init payload")

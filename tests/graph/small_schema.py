"""A schema with one field for each thing that the transport has to deal with, and an endpoint that serves it to one token."""

import asyncio
import itertools
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import strawberry
import uvicorn
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graph.bearer import bearer_token
from graph.deadline import Deadline
from graph.endpoint import Endpoint
from graph.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from graph.prepare import preparing
from graph.scalars import JSON, SCALARS, BigInt, Position

TOKEN = "open sesame"
AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}


@dataclass
class World:
    """What tests look at and change while the endpoint serves."""

    introspection: bool = True
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    available: bool = True
    opened: int = 0
    released: int = 0
    closed: int = 0
    events: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def note(self, event: str) -> None:
        async with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    async def event(self, number: int) -> str:
        """The event of that number, from 0; waits for it."""
        await self.until(lambda: len(self.events) > number)
        return self.events[number]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(true)


@dataclass
class Context:
    world: World
    token: str

    @property
    def introspection(self) -> bool:
        return self.world.introspection

    @property
    def account(self) -> str:
        return self.token

    async def recheck(self) -> None:
        if self.token not in self.world.tokens:
            raise UnauthenticatedError("The token was revoked: use another one.")

    async def release(self) -> None:
        self.world.released += 1

    async def renewed(self) -> bool:
        return False

    async def aclose(self) -> None:
        self.world.closed += 1
        await self.world.note("closed")


@strawberry.input(one_of=True)
class OneOf:
    number: BigInt | None = strawberry.UNSET
    text: str | None = strawberry.UNSET


@strawberry.type
class Scalars:
    big: BigInt = 2**63 - 1
    decimal: Decimal = Decimal("1E-7")
    time: datetime = datetime(2026, 3, 29, 2, 30, 0, 120_000, tzinfo=ZoneInfo("Asia/Kathmandu"))
    zone: ZoneInfo = ZoneInfo("Asia/Kathmandu")
    position: Position = "p1"
    anything: JSON = strawberry.field(default_factory=lambda: {"a": [1, 2.5, None, "x"]})


@strawberry.type
class Deep:
    @strawberry.field
    def deeper(self) -> "Deep":
        return Deep()

    leaf: int = 1


@strawberry.type
class Query:
    @strawberry.field
    def scalars(self) -> Scalars:
        return Scalars()

    @strawberry.field
    def deep(self) -> Deep:
        return Deep()

    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"Hello, {name}!"

    @strawberry.field
    def echo(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def one(self, of: OneOf) -> BigInt:
        return of.number or 0

    @strawberry.field
    def number(self, value: BigInt) -> BigInt:
        return value

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("the password is swordfish")

    @strawberry.field
    def broken_entirely(self) -> str:
        raise RuntimeError("the password is swordfish")

    @strawberry.field
    def plain_graphql_error(self) -> str | None:
        raise GraphQLError("the password is swordfish")

    @strawberry.field
    def too_big(self) -> BigInt | None:
        return 2**63

    @strawberry.field
    def forbidden(self) -> str | None:
        raise ForbiddenError("The token lacks the scope OPERATE: ask for one that has it.", field=("forbidden",))

    @strawberry.field
    def not_json(self) -> JSON | None:
        return object()

    @strawberry.field
    async def slow(self, info: strawberry.Info[Context, None]) -> str:
        world = info.context.world
        await world.note("slow began")
        try:
            await asyncio.Event().wait()
        finally:
            await world.note("slow ended")
        return "never"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def change(self, info: strawberry.Info[Context, None]) -> str:
        await info.context.world.note("change")
        return "changed"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int, info: strawberry.Info[Context, None]) -> AsyncGenerator[int, None]:
        try:
            for number in range(1, to + 1):
                yield number
        finally:
            await info.context.world.note("count ended")

    @strawberry.subscription
    async def scalars(self) -> AsyncGenerator[Scalars, None]:
        yield Scalars()

    @strawberry.subscription
    async def events(self, info: strawberry.Info[Context, None]) -> AsyncGenerator[str, None]:
        """Now, and then whatever the test notes."""
        world, seen = info.context.world, len(info.context.world.events)
        try:
            yield "now"
            for number in itertools.count(seen):
                yield await world.event(number)
        finally:
            await world.note("events ended")

    @strawberry.subscription
    async def silent(self, info: strawberry.Info[Context, None]) -> AsyncGenerator[int, None]:
        await info.context.world.note("silent began")
        try:
            await asyncio.Event().wait()
            yield 0
        finally:
            await info.context.world.note("silent ended")

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("the password is swordfish")


class SmallSchema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """The endpoint logs what is worth it."""


def small_schema(deadline_seconds: float = 10.0) -> strawberry.Schema:
    return SmallSchema(
        Query,
        Mutation,
        Subscription,
        extensions=[preparing(), lambda: Deadline(deadline_seconds)],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


SCHEMA = small_schema()


def endpoint(world: World, schema: strawberry.Schema = SCHEMA, **options: Any) -> Endpoint:
    async def open_context(connection: HTTPConnection, params: Mapping[str, object]) -> Context:
        token = bearer_token(connection, params)
        if not world.available:
            raise UnavailableError("The database cannot be reached now: try again in a moment.")
        if token not in world.tokens:
            raise UnauthenticatedError("The token is unknown, has expired or was revoked: use another one.")
        if token == "banned":
            raise RuntimeError("the password is swordfish")
        world.opened += 1
        return Context(world, token)

    return Endpoint(schema, open_context, **options)


def application(world: World, schema: strawberry.Schema = SCHEMA, **options: Any) -> Starlette:
    graphql = endpoint(world, schema, **options)
    return Starlette(routes=[Route("/graphql", graphql), WebSocketRoute("/graphql", graphql)])


@asynccontextmanager
async def client(world: World, schema: strawberry.Schema = SCHEMA, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks HTTP with the endpoint, with the token; there is no socket between them."""
    transport = httpx.ASGITransport(application(world, schema, **options))
    async with httpx.AsyncClient(transport=transport, base_url="http://tallygraph.test/", headers=AUTHORIZED) as http:
        yield http


@asynccontextmanager
async def served(world: World, schema: strawberry.Schema = SCHEMA, **options: Any) -> AsyncIterator[str]:
    """The host and port of a server on the loopback interface."""
    async with on_loopback(application(world, schema, **options)) as address:
        yield address


@asynccontextmanager
async def on_loopback(app: Starlette) -> AsyncIterator[str]:
    """The host and port where `app` is served."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, lifespan="off", log_level="error", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"  # who connects too early waits in the listener's queue
        finally:
            server.should_exit = True
            await serving

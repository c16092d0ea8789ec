"""Those who follow something over a WebSocket of the service."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from graph.at_least import HEADER
from tests.graph.conftest import READER, Service
from tests.graph.small_schema import on_loopback

BOUND_SECONDS = 20


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[str]:
    """The host and port where the service's endpoint is served."""
    app = Starlette(routes=[Route("/graphql", service.endpoint), WebSocketRoute("/graphql", service.endpoint)])
    async with on_loopback(app) as address:
        yield address


class Follower:
    """A subscription on a WebSocket of its own."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def heard(self) -> Any:
        """The payload of the next message."""
        async with asyncio.timeout(BOUND_SECONDS):
            message = json.loads(await self.socket.recv())
        assert message["type"] in ("next", "error"), message
        return message["payload"]

    async def usage(self) -> Any:
        """What the next message tells."""
        payload = await self.heard()
        assert "errors" not in payload, payload
        return payload["data"]["routerUsageChanged"]

    async def job(self) -> Any:
        """The export or audit that the next message tells of."""
        payload = await self.heard()
        assert "errors" not in payload, payload
        [job] = payload["data"].values()
        return job

    async def ended(self) -> None:
        """There is no message but the end."""
        async with asyncio.timeout(BOUND_SECONDS):
            assert json.loads(await self.socket.recv()) == {"type": "complete", "id": "1"}

    async def requests(self) -> int:
        return (await self.usage())["totalRequests"]

    async def refusal(self) -> Any:
        """The code and field of the one error."""
        payload = await self.heard()
        [error] = payload if isinstance(payload, list) else payload["errors"]
        return error["extensions"]


@asynccontextmanager
async def following(address: str, query: str, token: str = READER, header: str | None = None, **variables: Any) -> AsyncIterator[Follower]:
    headers = None if header is None else {HEADER: header}
    async with connect(f"ws://{address}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], additional_headers=headers) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query, "variables": variables}}))
        yield Follower(socket)

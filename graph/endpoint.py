"""GraphQL over HTTP, WebSocket and server-sent events, at one address.

Why it answers as it does: docs/decisions/0003-graphql-over-http.md.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta
from types import CoroutineType
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.base import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from graph import parameters
from graph.documents import Documents
from graph.errors import ApiError, MethodNotAllowedError, internal_error
from graph.event_stream import HEARTBEAT_SECONDS, EventStream
from graph.media_types import EVENT_STREAM, GRAPHQL_RESPONSE, JSON, STREAMS, negotiate, wants_page
from graph.multipart import Multipart
from graph.operation import OpenContext, is_request_error, payload, result_of, results
from graph.revalidation import revalidated
from graph.websocket import Connection, Conversation, TextSocket
from graph.wire import encode

CONNECTION_INIT_SECONDS = 10.0

QUESTIONS = {"query", "extensions"}  # parameters of a GET, of which one that asks has either
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Endpoint(GraphQL[Connection, None]):
    """An ASGI application that answers for `schema`.

    `open_context` is called for every operation, and what it opens is closed when the operation has ended, however it ended;
    on a WebSocket it is called for connection_init as well. It decides who the viewer is; see `bearer_token`. `documents` are those
    that requests may name; none at first, where it is not given. `page` is what a browser gets that is pointed here.
    """

    websocket_adapter_class = TextSocket
    graphql_transport_ws_handler_class = Conversation

    def __init__(
        self,
        schema: BaseSchema,
        open_context: OpenContext,
        *,
        documents: Documents | None = None,
        page: Callable[[Request], Response] | None = None,
        connection_init_seconds: float = CONNECTION_INIT_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        super().__init__(
            schema,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=connection_init_seconds),
            max_subscriptions_per_connection=None,  # Conversation has the limit
        )
        self.open_context = open_context
        self.documents = documents or Documents()
        self.page = page
        self.heartbeat_seconds = heartbeat_seconds

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> "CoroutineType[Any, Any, Any]":
        """Not a coroutine itself: an idle WebSocket does not keep it."""
        if scope["type"] == "http":
            return self._answer(scope, receive, send)
        return self.run(WebSocket(scope, receive, send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as held:
            try:
                response = await self._respond(Request(scope, receive), held)
            except ClientDisconnect:
                return
            if not isinstance(response, EventStream):
                await held.aclose()  # A client that reads slowly does not hold what the operation held.
            await response(scope, receive, send)

    async def _respond(self, request: Request, held: AsyncExitStack) -> ASGIApp:
        accept = ",".join(request.headers.getlist("accept"))
        media = JSON
        try:
            _require_method(request)
            if self.page is not None and request.method == "GET" and not QUESTIONS & request.query_params.keys() and wants_page(accept):
                return self.page(request)
            media = negotiate(accept)
            asked = await parameters.read(request)
            context = await held.enter_async_context(aclosing(await self.open_context(request, {})))
            operation = parameters.parse(asked, self.documents, context.account)
            allowed = ALLOWED[request.method]
            if media in STREAMS:
                answers = results(self.schema, operation, context, allowed | {OperationType.SUBSCRIPTION})
                return (EventStream if media == EVENT_STREAM else Multipart)(answers, self.heartbeat_seconds)
            result = await result_of(self.schema, operation, context, allowed)
            response = _json(payload(result), _status(result, media), media)
            is_kept = request.method == "GET" and operation.names_document and not result.errors
            return revalidated(response, request, encode(result.data)) if is_kept else response
        except ApiError as error:
            return _refusal(error, media)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - the last place to tell the client
            return _refusal(internal_error(error), media)

    async def get_context(self, request: Request | WebSocket, response: object) -> Connection:  # noqa: ARG002 - Strawberry gives it
        """Of the connection: each operation on it opens its own."""
        assert isinstance(request, WebSocket)  # HTTP does not come by here
        return Connection(request, self.open_context)

    async def on_ws_connect(self, context: Connection) -> UnsetType:
        """Find out whether the viewer may ask at all. Conversation closes the connection where not."""
        await (await context.context()).aclose()
        return UNSET


ALLOWED = {
    "GET": frozenset({OperationType.QUERY}),
    "POST": frozenset({OperationType.QUERY, OperationType.MUTATION}),
}


def _require_method(request: Request) -> None:
    if request.method not in ALLOWED:
        raise MethodNotAllowedError(f"GraphQL is not spoken with {request.method}: use POST.", allow=", ".join(ALLOWED))


def _status(result: ExecutionResult, media: str) -> int:
    """400 where nothing was executed, through the client's fault; in application/json that was always 200, and clients count on it."""
    if not (result.errors and is_request_error(result)):
        return 200
    first = result.errors[0]
    if isinstance(first, ApiError) and first.status != 400:
        return first.status
    return 400 if media == GRAPHQL_RESPONSE else 200


def _refusal(error: ApiError, media: str) -> Response:
    media = JSON if media in STREAMS else media
    status = error.status_in_json if media == JSON and error.status_in_json else error.status
    response = _json({"errors": [error.formatted]}, status, media)
    response.headers.update(error.headers)
    return response


def _json(content: object, status: int, media: str) -> Response:
    return Response(encode(content), status, HEADERS, f"{media}; charset=utf-8")

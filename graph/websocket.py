"""Operations over a WebSocket, in the graphql-transport-ws protocol. Strawberry speaks it; here is where we differ.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated, cast

import msgspec
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from starlette.websockets import WebSocketDisconnected as AlreadyClosed
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import Operation as Subscribed
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage, Message, SubscribeMessage
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graph.errors import ApiError, BadInputError, ForbiddenError, LimitError, UnauthenticatedError, internal_error
from graph.operation import OpenContext, Operation, OperationContext, results
from graph.wire import decode, encode

MAX_MESSAGE_CHARACTERS = 64 * 1024
MAX_OPERATIONS_PER_CONNECTION = 10
MAX_CLOSE_REASON_BYTES = 123  # RFC 6455: a control frame holds 125, and two are the code

FORBIDDEN = 4403  # of the protocol
MESSAGE_TOO_BIG, INTERNAL_ERROR, TRY_AGAIN_LATER = 1009, 1011, 1013  # of RFC 6455


@dataclass(slots=True)
class Connection:
    """A WebSocket, with what its client sent to initialise it: Strawberry sets `connection_params`."""

    socket: WebSocket
    open_context: OpenContext
    connection_params: dict[str, object] = field(default_factory=dict)

    async def context(self) -> OperationContext:
        """For one operation. Raises UnauthenticatedError, also when the token was good once."""
        return await self.open_context(self.socket, self.connection_params)


class Conversation(BaseGraphQLTransportWSHandler[Connection, None]):
    """Every operation has a context of its own, every error a code, and no message of a client is a surprise."""

    async def handle_message(self, message: Message) -> None:
        if isinstance(message, dict) and isinstance(message.get("type"), str):
            await super().handle_message(message)
            cast("dict[str, object]", message).clear()  # which would be kept until the next one comes
        else:
            await self.handle_invalid_message("A message is a JSON object with a type")

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        try:
            await super().handle_connection_init(message)
        except (UnauthenticatedError, ForbiddenError):
            await self.websocket.close(FORBIDDEN, "Forbidden")
        except WebSocketDisconnected:
            raise
        except BadInputError as error:
            await self.handle_invalid_message(error.message)
        except ApiError as error:
            await self.websocket.close(TRY_AGAIN_LATER, error.message)
        except Exception as error:  # noqa: BLE001 - the last place to tell the client
            await self.websocket.close(INTERNAL_ERROR, f"Internal error {internal_error(error).request_id}")
        self.connection_init_timeout_task = None  # which is over, and would be kept with the connection

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        try:
            msgspec.convert(message, Subscribe)
        except msgspec.ValidationError as error:
            await self.handle_invalid_message(str(error))
            return
        if len(self.operations) < MAX_OPERATIONS_PER_CONNECTION:
            await super().handle_subscribe(message)
            return
        refusal = LimitError(
            "OPERATIONS_PER_CONNECTION",
            f"The connection has {MAX_OPERATIONS_PER_CONNECTION} operations: complete one, or open another connection.",
        )
        await self.send_message({"id": message["id"], "type": "error", "payload": [refusal.formatted]})

    async def run_operation(self, operation: Subscribed[Connection, None]) -> None:
        try:
            async with aclosing(await self.context.context()) as context:
                errors = await self._send_results(operation, context)
            # By now the context is closed: who hears of the end may count on it.
            if errors:
                await operation.send_initial_errors(errors)
            else:
                await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except (UnauthenticatedError, ForbiddenError):
            await self.websocket.close(FORBIDDEN, "Forbidden")
        except WebSocketDisconnected:
            pass
        except ApiError as error:
            await operation.send_initial_errors([error])
        except Exception as error:  # noqa: BLE001 - the last place to tell the client
            await operation.send_initial_errors([internal_error(error)])

    async def _send_results(self, operation: Subscribed[Connection, None], context: OperationContext) -> list[GraphQLError] | None:
        """The errors, where the operation was not executed at all."""
        asked = Operation(operation.query, operation.operation_name, operation.variables)
        async with aclosing(results(self.schema, asked, context, frozenset(OperationType))) as answers:
            async for result in answers:
                if isinstance(result, PreExecutionError):
                    return result.errors
                await operation.send_next(result)
                del result  # which an idle subscription would keep
        return None


class Subscribe(msgspec.Struct):
    """The shape of a message that begins an operation."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    payload: Operation


class TextSocket(ASGIWebSocketAdapter):
    """JSON in text frames, both ways: clients do not read binary ones."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:  # noqa: ARG002 - of another protocol
        while self.ws.application_state is WebSocketState.CONNECTED:
            frame = await self.ws.receive()
            if frame["type"] == "websocket.disconnect":
                return
            text = frame.get("text")
            if text is None:
                raise NonTextMessageReceived
            if len(text) > MAX_MESSAGE_CHARACTERS:
                await self.close(MESSAGE_TOO_BIG, f"More than {MAX_MESSAGE_CHARACTERS:,} characters")
                return
            try:
                message = decode(text)
            except BadInputError as error:
                raise NonJsonMessageReceived from error
            del frame, text
            yield message

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await self.ws.send_text(encode(message).decode())
        except (WebSocketDisconnect, AlreadyClosed) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state is WebSocketState.CONNECTED:
            await self.ws.close(code, reason.encode()[:MAX_CLOSE_REASON_BYTES].decode(errors="ignore"))

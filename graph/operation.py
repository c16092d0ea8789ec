"""What a client asks for, and how it becomes results: the same over HTTP, WebSocket and server-sent events."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import aclosing
from typing import Annotated, Any, Protocol

import msgspec
from graphql import GraphQLError
from starlette.requests import HTTPConnection
from strawberry.schema.base import BaseSchema
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graph.errors import BadInputError, MethodNotAllowedError, presentable


class Operation(msgspec.Struct, frozen=True, rename="camel"):
    """The parameters of a GraphQL request."""

    query: Annotated[str, msgspec.Meta(min_length=1)]
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None

    @property
    def names_document(self) -> bool:
        """Whether its client names documents, so that it can ask by GET and have a cache."""
        return bool(self.extensions and self.extensions.get("persistedQuery"))


class OperationContext(Protocol):
    """What is asked of a context; beyond this, it is between whoever opens it and the resolvers."""

    @property
    def introspection(self) -> bool:
        """Whether the viewer may see the schema."""
        ...

    @property
    def account(self) -> str | None:
        """The key of the account that the viewer speaks for, whose persisted documents they may name; null: for all."""
        ...

    async def recheck(self) -> None:
        """Raise UnauthenticatedError once the viewer's token is good no more: asked before each further message of a stream."""

    async def release(self) -> None:
        """Give back what one result was made with: asked before it is sent, which takes as long as its reader likes."""

    def renewed(self) -> Awaitable[bool]:
        """Whether the operation, having ended, is to be executed anew for more results; waits until it is."""
        ...

    async def aclose(self) -> None:
        """Give back what the operation held, such as a snapshot of the database. Called once, however the operation ended."""


OpenContext = Callable[[HTTPConnection, Mapping[str, object]], Awaitable[OperationContext]]
"""Opens the context of one operation, of a request or a WebSocket and the payload that initialised it (of a request: empty).

Raises UnauthenticatedError or ForbiddenError where the viewer may not ask, BadInputError where a header cannot be used.
"""


Planned = Callable[[Operation, Any], Awaitable[ExecutionResult | None]]
"""Of a schema that makes plans: the result of a query that has one; null where Strawberry is to execute the operation."""


async def result_of(
    schema: BaseSchema, operation: Operation, context: OperationContext, allowed: Collection[OperationType]
) -> ExecutionResult:
    """That of a query or mutation: what `results` gives, of which there is one."""
    planned = _planned(schema)
    result = None if planned is None else await planned(operation, context)
    if result is None:
        [result] = [each async for each in _run(schema, None, operation, context, allowed)]
    await context.release()
    return _presentable(result)


async def results(
    schema: BaseSchema, operation: Operation, context: OperationContext, allowed: Collection[OperationType]
) -> AsyncGenerator[ExecutionResult, None]:
    """One result of a query or mutation, any number of a subscription, with errors as the client may see them.

    Raises BadInputError or MethodNotAllowedError where the operation's type is not `allowed`, and what `recheck` raises.
    """
    told = False
    while True:
        async with aclosing(_run(schema, _planned(schema), operation, context, allowed)) as run:
            async for result in run:
                await context.release()
                if told:
                    await context.recheck()
                told = True
                yield _presentable(result)
                del result  # which an idle subscription would keep
        del run
        await context.release()  # there may have been no result
        if not await context.renewed():
            return


async def _run(
    schema: BaseSchema, planned: Planned | None, operation: Operation, context: OperationContext, allowed: Collection[OperationType]
) -> AsyncGenerator[Any, None]:
    if planned is not None and (result := await planned(operation, context)) is not None:
        yield result
        return
    stream = await schema.stream(
        operation.query,
        variable_values=operation.variables,
        context_value=context,
        operation_name=operation.operation_name or None,
        operation_extensions=operation.extensions,
        allowed_operation_types=allowed,
    )
    async with aclosing(stream):
        try:
            first = await anext(stream, None)
        except GraphQLError as error:  # the document could not be prepared
            first = PreExecutionError(data=None, errors=[error])
        if first is not None:
            yield first
        async for result in stream:
            yield result


def _planned(schema: BaseSchema) -> Planned | None:
    return getattr(schema, "planned", None)


def payload(result: ExecutionResult) -> dict[str, Any]:
    """The response's JSON. One that failed before any field was executed has no data, not even null, and nothing to tell beside it."""
    response: dict[str, Any] = {}
    if result.errors:
        response["errors"] = [error.formatted for error in result.errors]
    if not is_request_error(result):
        response["data"] = result.data
        if result.extensions:
            response["extensions"] = result.extensions
    return response


def is_request_error(result: ExecutionResult) -> bool:
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def _presentable(result: Any) -> ExecutionResult:
    cause = result.errors[0].original_error if result.errors else None
    if isinstance(cause, InvalidOperationTypeError):
        raise _misplaced(cause.operation_type)
    if result.errors:
        result.errors = [presentable(error) for error in result.errors]
    return result


def _misplaced(type: OperationType) -> GraphQLError:
    if type is OperationType.SUBSCRIPTION:
        return BadInputError("A subscription is a stream: use a WebSocket (graphql-transport-ws), or accept text/event-stream.")
    return MethodNotAllowedError("A mutation changes something, and GET does not: use POST.", allow="POST")

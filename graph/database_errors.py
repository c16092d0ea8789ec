"""When the database is away or slow, a client is told that, and not that we have a fault to mend."""

from collections.abc import Iterator

import psycopg
import structlog
from eventsourcing import persistence
from graphql import GraphQLError
from psycopg.errors import InFailedSqlTransaction, QueryCanceled
from strawberry.extensions import SchemaExtension
from strawberry.types import StreamExecutionResult

from graph.errors import ApiError, OperationTimeoutError, UnavailableError
from projections.beginning import NotReadyError

log = structlog.get_logger(__name__)


class DatabaseErrors(SchemaExtension):
    """Puts what clients can act upon in place of errors of the database's availability."""

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        """Every result, of whatever operation, comes by here before it is sent."""
        errors = getattr(result, "errors", None)
        if errors:
            result.errors = [told(error) for error in errors]  # pyright: ignore[reportAttributeAccessIssue] - it has errors
        yield


AWAY = (psycopg.OperationalError, persistence.OperationalError, persistence.InterfaceError)


def told(error: GraphQLError) -> GraphQLError:
    """What is told of it: the same, unless the database was away or slow."""
    said = _said_of(error.original_error)
    if said is None:
        return error
    log.warning("the database did not answer", error=" ".join(str(error.original_error).split()))
    return GraphQLError(said.message, nodes=error.nodes, path=error.path, extensions=said.extensions)


def _said_of(cause: Exception | None) -> ApiError | None:
    if isinstance(cause, QueryCanceled):
        return OperationTimeoutError("The database took too long over this: ask for a shorter range, a smaller page or fewer fields.")
    if isinstance(cause, InFailedSqlTransaction):  # all fields of an operation read from one transaction
        return UnavailableError("Another field of this operation failed in the database, and this one with it: ask for this one again.")
    if isinstance(cause, NotReadyError):
        return UnavailableError("The read models are not set up yet: try again in a moment.")
    if isinstance(cause, AWAY):
        return UnavailableError("The database cannot be reached now: try again in a moment.")
    return None

"""What a client is told when something cannot be done, and what it is not told.

Every error of an answer has `extensions.code`. Errors that clients can act upon are classes here; anything else that is raised is
ours to mend: it is logged, and the client gets INTERNAL with the id to find it by.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import uuid4

import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import CannotGetOperationTypeError

log = structlog.get_logger(__name__)

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"


class ApiError(GraphQLError):
    """Raised to tell the client what happened, to which thing, and what to do."""

    code: str = "BAD_INPUT"
    status: int = 400  # of the HTTP response, where the error is the whole answer
    status_in_json: int | None = None  # the same, where application/json has another one
    headers: Mapping[str, str] = MappingProxyType({})  # of that response

    def __init__(self, message: str, *, field: Sequence[str] = ()) -> None:
        """`field` is the path of the argument or input field at fault, such as ("range", "from")."""
        super().__init__(message, extensions={"code": self.code, **({"field": [*field]} if field else {})})


class BadInputError(ApiError):
    """Raised when an argument, a variable or a parameter of the request cannot be used."""


class RangeTooLargeError(ApiError):
    """Raised when a range of time is wider than a field takes."""

    code = "RANGE_TOO_LARGE"


class LimitError(ApiError):
    """Raised when a request passes a named limit; the code is LIMIT_ and the name."""

    def __init__(self, limit: str, message: str) -> None:
        self.code = f"LIMIT_{limit}"
        super().__init__(message)


class UnauthenticatedError(ApiError):
    """Raised when the token is missing, unknown, expired or revoked."""

    code = "UNAUTHENTICATED"
    status = 401
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class SessionEndedError(UnauthenticatedError):
    """Raised when a browser presents a session that was good once, or never: another tab has signed out, it has expired, its token has."""

    code = "SESSION_ENDED"


class ForbiddenError(ApiError):
    """Raised when the token is good, and lacks the scope for this."""

    code = "FORBIDDEN"
    status = 403


class NotFoundError(ApiError):
    """Raised where an answer cannot be null, and what was asked for is not there or not the viewer's: the two look alike."""

    code = "NOT_FOUND"


class PersistedQueryNotFoundError(ApiError):
    """Raised when a request names a document that is not known. Clients look for this message, and send the document."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    status_in_json = 200

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class PersistedQueryNotSupportedError(ApiError):
    """Raised when a document is named otherwise than we know. Clients look for this message, and send documents from then on."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    status_in_json = 200

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported")


class ConflictError(ApiError):
    """Raised when a change was made of what does not stand any more, or bears the name of another one. Nothing was changed."""

    code = "CONFLICT"


class OperationTimeoutError(ApiError):
    """Raised when an operation took longer than it may."""

    code = "TIMEOUT"
    status = 504


class UnavailableError(ApiError):
    """Raised when what an answer needs, such as the database, cannot be reached now."""

    code = "UNAVAILABLE"
    status = 503
    headers = MappingProxyType({"Retry-After": "1"})


class InternalError(ApiError):
    """Raised in place of what we did not expect."""

    code = "INTERNAL"
    status = 500

    def __init__(self, request_id: str) -> None:
        super().__init__("Something went wrong on our side, and was logged. Try again; if it stays, report it with the requestId.")
        self.request_id = request_id
        self.extensions = {"code": self.code, "requestId": request_id}


class MethodNotAllowedError(ApiError):
    """Raised when the HTTP method does not do what is asked."""

    status = 405

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.headers = {"Allow": allow}


class NotAcceptableError(ApiError):
    """Raised when the client takes none of the media types that we answer in."""

    status = 406


class BodyTooLargeError(ApiError):
    """Raised when a request has more bytes than we read."""

    code = "LIMIT_BODY"
    status = 413


class UnsupportedMediaTypeError(ApiError):
    """Raised when a body is not declared to be JSON in UTF-8."""

    status = 415


def presentable(error: GraphQLError) -> GraphQLError:
    """`error` as the client may see it: with a code, and without what it tells about our insides."""
    if error.extensions and "code" in error.extensions:
        return error
    if code := _code_of_document_error(error):
        error.extensions = {"code": code, **(error.extensions or {})}
        return error
    masked = internal_error(error.original_error or error, path=error.path)
    masked.path, masked.locations = error.path, error.locations
    return masked


def internal_error(unexpected: BaseException, **details: object) -> InternalError:
    """Log what was not expected, with `details`; the error to give in its place has the id that is in the log."""
    request_id = structlog.contextvars.get_contextvars().get("request_id") or uuid4().hex
    log.error("graphql operation failed", request_id=request_id, exc_info=unexpected, **details)
    return InternalError(request_id)


def _code_of_document_error(error: GraphQLError) -> str | None:
    """The code of an error that graphql-core made of the client's document or variables; null where it made it of ours."""
    if isinstance(error, GraphQLSyntaxError):
        return PARSE_FAILED
    cause = error.original_error
    if isinstance(cause, CannotGetOperationTypeError):
        return VALIDATION_FAILED
    if cause is not None and not isinstance(cause, GraphQLError):
        return None
    if error.path is None:
        return BadInputError.code  # a variable that cannot be coerced
    # While fields are executed, graphql-core gives an argument's error the argument as its node. An error without one comes from
    # a resolver, or from a value of ours that its scalar refused.
    return BadInputError.code if isinstance(cause, GraphQLError) and cause.nodes else None

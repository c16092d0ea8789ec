"""What an HTTP request asks for.

https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters
"""

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request

from graph.documents import Documents
from graph.errors import BadInputError, BodyTooLargeError, UnsupportedMediaTypeError
from graph.media_types import JSON
from graph.operation import Operation
from graph.persisted_queries import completed
from graph.wire import decode

MAX_BODY_BYTES = 1024 * 1024

Parameters = bytes | dict[str, str]
"""Of a POST, of a GET; as they came."""


async def read(request: Request) -> Parameters:
    """Raises UnsupportedMediaTypeError, or BodyTooLargeError as soon as too much has come."""
    if request.method == "GET":
        if len(request.scope["query_string"]) > MAX_BODY_BYTES:
            raise _too_large()
        return dict(request.query_params)
    _require_json(request.headers)
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return bytes(body)


def parse(parameters: Parameters, documents: Documents, account: str | None) -> Operation:
    """Raises BadInputError, and what `completed` raises for a document that is named."""
    if isinstance(parameters, bytes):
        return _operation(decode(parameters), documents, account)
    objects = {name: decode(text) if (text := parameters[name]) else None for name in ("variables", "extensions") if name in parameters}
    return _operation({**parameters, **objects}, documents, account)


def _require_json(headers: Headers) -> None:
    """A browser asks before it sends JSON to another origin; that is what keeps forged requests out."""
    media, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    charsets = [parameter[8:].strip('"') for parameter in parameters if parameter.startswith("charset=")]
    if media != JSON or charsets not in ([], ["utf-8"]):
        stated = headers.get("content-type", "of no stated type")
        raise UnsupportedMediaTypeError(f"The body is {stated}: send {JSON}, in UTF-8, and say so in Content-Type.")


def _operation(parameters: object, documents: Documents, account: str | None) -> Operation:
    try:
        return msgspec.convert(completed(parameters, documents, account), Operation)
    except msgspec.ValidationError as error:
        advice = 'send an object such as {"query": "{ viewer { tokenName } }"}'
        raise BadInputError(f"The request is not one of GraphQL: {error}. Instead, {advice}.") from None


def _too_large() -> BodyTooLargeError:
    return BodyTooLargeError(f"The request has more than {MAX_BODY_BYTES:,} bytes (MAX_BODY_BYTES): send it in parts.")

"""Where a client puts its token."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection

from graph.errors import UnauthenticatedError

ADVICE = 'in the header "Authorization: Bearer …", or on a WebSocket in the payload of connection_init as {"authorization": "Bearer …"}'


def bearer_token(connection: HTTPConnection, connection_params: Mapping[str, object]) -> str:
    """The token of a request, or of a WebSocket initialised with `connection_params`. Raises UnauthenticatedError.

    A browser cannot set headers of a WebSocket. GraphiQL sends those of its editor as the payload, written as its user wrote them.
    """
    said = {name.lower(): value for name, value in connection_params.items()}.get("authorization")
    if said is None:
        said = connection.headers.get("authorization")
    if said is None:
        raise UnauthenticatedError(f"The request has no token: send one {ADVICE}.")
    scheme, _, token = said.strip().partition(" ") if isinstance(said, str) else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(f"The authorization is not a bearer token: send one {ADVICE}.")
    return token.strip()

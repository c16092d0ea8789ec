"""Read your own writes by a header, for clients whose queries are somebody else's: what `atLeast` does for all of an operation."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection

from graph.context import Context
from graph.errors import BadInputError

HEADER = "Tallygraph-At-Least"


def heed_header(context: Context, connection: HTTPConnection, connection_params: Mapping[str, object]) -> None:
    """Let the operation read what the header asks for, or the same name in the payload of connection_init. Raises BadInputError."""
    said = {name.lower(): value for name, value in connection_params.items()}.get(HEADER.lower())
    if said is None:
        said = connection.headers.get(HEADER)
    if said is None:
        return
    if not isinstance(said, str):
        raise BadInputError(f"{HEADER}: this is no position: pass one on from a receipt, unchanged.", field=(HEADER,))
    context.read_at_least(said, HEADER)

"""Answers that a client's own cache may keep, and has to ask about before each use.

They are of one viewer and of one moment: shared caches may not have them, and nobody is shown one without our saying that it would
be the same now. What is saved is the way, not the work.
"""

from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

HEADERS = {"cache-control": "private, no-cache", "vary": "Accept, Authorization, Cookie"}


def revalidated(response: Response, request: Request, data: bytes) -> Response:
    """`response`, which tells `data`, or 304 where the client says that it has the same.

    Beside its data an answer tells what it cost, which is never the same: so the tag is a weak one.
    """
    tag = f'"{blake2b(data + response.headers["content-type"].encode(), digest_size=16).hexdigest()}"'
    held = ",".join(request.headers.getlist("if-none-match")).split(",")
    if {tag, "*"} & {each.strip().removeprefix("W/") for each in held}:
        return Response(status_code=304, headers={**HEADERS, "etag": f"W/{tag}"})
    response.headers.update({**HEADERS, "etag": f"W/{tag}"})
    return response

"""`POST /v1/events`: usage events in, a receipt out."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from eventsourcing.persistence import PersistenceError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from domain.access import Scope, Viewer
from ingest import bodies
from ingest.appender import OverloadedError
from ingest.outcomes import Sender
from ingest.reception import Reception

TELLING = (Scope.INGEST, Scope.BILLING, Scope.OPERATE)  # which of them an event needs depends on its type, and is checked one by one
RETRY_LATER = {"Retry-After": "5"}  # seconds
UNWRITABLE = "the log cannot be written at the moment: send this batch again later; what was recorded already counts once"

Authenticate = Callable[[str | None], Awaitable[Viewer | None]]
"""From the Authorization header to the viewer; null where it is missing or not valid."""


class EventsEndpoint:
    """Answers 200 with a receipt if anything of the batch stands; 422 with one if nothing does; else an error in JSON."""

    def __init__(self, reception: Reception, authenticate: Authenticate) -> None:
        self._reception = reception
        self._authenticate = authenticate

    async def respond(self, request: Request) -> Response:
        """Take one batch."""
        viewer = await self._authenticate(request.headers.get("authorization"))
        if viewer is None:
            return _error(401, "a valid token is needed: send Authorization: Bearer …", {"WWW-Authenticate": "Bearer"})
        if not any(map(viewer.may, TELLING)):
            scopes = " or ".join(scope.value for scope in TELLING)
            return _error(403, f"the token {viewer.token_name!r} may not report anything: use one with the scope {scopes}")
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = request.headers.get("content-encoding", "").strip().lower()
        try:
            body = await bodies.read(request.stream())
            reports = await asyncio.to_thread(lambda: bodies.reports(bodies.expanded(body, encoding), media_type))
            receipt = await self._reception.receive(reports, Sender.of(viewer), media_type)
        except bodies.BodyError as error:
            return _error(error.status, str(error))
        except (OverloadedError, PersistenceError) as error:
            return _error(503, str(error) if isinstance(error, OverloadedError) else UNWRITABLE, RETRY_LATER)
        except ClientDisconnect:
            return _error(400, "the sender hung up")  # nobody reads this; nothing was recorded
        return Response(msgspec.json.encode(receipt), 200 if receipt.accepted else 422, media_type="application/json")


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"error": {"code": HTTPStatus(status).name, "message": message}}
    return Response(msgspec.json.encode(body), status, headers, "application/json")

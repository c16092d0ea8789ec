"""Usage events in, a receipt out: `POST /v1/events`, and its like for other dialects."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from eventsourcing.persistence import PersistenceError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from domain import limits
from domain.access import Scope, Viewer
from ingest import bodies, metrics
from ingest.admission import Admission, Held
from ingest.backlog import OverloadedError
from ingest.bodies import Body
from ingest.dialects import Dialect
from ingest.outcomes import Sender
from ingest.reception import Reception

TELLING = (Scope.INGEST, Scope.BILLING, Scope.OPERATE)  # which of them an event needs depends on its type, and is checked one by one
AT_ONCE_BYTES = 16 * 1024  # of a body that is taken apart in less time than a thread takes to be woken
RETRY_SECONDS = range(3, 8)  # one of them, so that those who are sent back together do not come back together
CLOSE = {"Connection": "close"}
UNWRITABLE = "the log cannot be written at the moment: send this batch again later; what was recorded already counts once"
ACCOUNT_HEADER = "tallygraph-account"

Authenticate = Callable[[str | None], Awaitable[Viewer | None]]
"""From the Authorization header to the viewer; null where it is missing or not valid."""


class NotAdmittedError(Exception):
    """Raised when a sender may not tell anything, or not for that account. Carries the HTTP status that says so."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class Intake:
    """The endpoint of one dialect."""

    def __init__(self, dialect: Dialect, reception: Reception, authenticate: Authenticate, admission: Admission | None = None) -> None:
        """`admission` is the gate that this endpoint has to itself; else it shares that of the reception."""
        self._dialect = dialect
        self._admission = admission or reception.admission
        self._reception = reception
        self._authenticate = authenticate

    async def respond(self, request: Request) -> Response:
        """Take one batch."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            sender = await self._sender(request)
            return await self.take(request, sender, media_type)
        except NotAdmittedError as error:
            status, reason, headers = error.status, str(error), error.headers
            metrics.refused(status, "not_admitted")
        except bodies.BodyError as error:
            status, reason, headers = error.status, str(error), CLOSE if error.status == 408 else {}
            metrics.refused(status, "body")
        except OverloadedError as error:
            status, reason, headers = 503, str(error), retry_later()
            metrics.refused(status, "overloaded")
        except PersistenceError:
            status, reason, headers = 503, UNWRITABLE, retry_later()
            metrics.refused(status, "unwritable")
        except ClientDisconnect:
            status, reason, headers = 400, "the sender hung up", {}  # nobody reads this; nothing was recorded
        if "expect" in request.headers:  # a body that was waiting for our word does not come: nor can the next request behind it
            headers = headers | CLOSE
        return self._dialect.error(status, reason, media_type, headers)

    async def take(self, request: Request, sender: Sender, media_type: str) -> Response:
        """The answer to a body of somebody who may report."""
        async with self.taken(request, sender, media_type) as (_, reports):
            return self._dialect.answer(await self._reception.receive(reports, sender, self._dialect.reading(media_type)), media_type)

    @asynccontextmanager
    async def taken(self, request: Request, sender: Sender, media_type: str) -> AsyncIterator[tuple[Body, list[bytes]]]:
        """The body and its reports, which count as held as long as this is open. Raises BodyError and OverloadedError."""
        bodies.check_length(request.headers.get("content-length"))
        with self._admission.body(sender) as held:
            content = await bodies.read(request.stream(), held.grow)
            body = Body(content, media_type, request.headers.get("content-encoding", "").strip().lower())
            yield body, await self._reports(body, held)

    async def _reports(self, body: Body, held: Held) -> list[bytes]:
        try:
            if not body.encoding and len(body.content) <= AT_ONCE_BYTES:
                return self.taken_apart(body, limits.SMALL_BODY_BYTES)
            return await asyncio.to_thread(self.taken_apart, body, limits.SMALL_BODY_BYTES)
        except bodies.TooLargeError:  # to begin again costs milliseconds, and who is small never waits
            await held.expand()
            reports = await asyncio.to_thread(self.taken_apart, body, limits.MAX_EXPANDED_BODY_BYTES)
            held.expanded_to(sum(map(len, reports)))
            return reports

    def taken_apart(self, body: Body, limit: int) -> list[bytes]:
        """The reports of a body. Raises BodyError, TooLargeError where it expands past `limit` bytes, or its reports do."""
        return self._dialect.reports(bodies.expanded(body.content, body.encoding, limit), body.media_type, limit)

    async def _sender(self, request: Request) -> Sender:
        viewer = await self._authenticate(request.headers.get("authorization"))
        if viewer is None:
            raise NotAdmittedError(401, "a valid token is needed: send Authorization: Bearer …", {"WWW-Authenticate": "Bearer"})
        if not any(map(viewer.may, TELLING)):
            scopes = " or ".join(scope.value for scope in TELLING)
            raise NotAdmittedError(403, f"the token {viewer.token_name!r} may not report anything: use one with the scope {scopes}")
        sender = Sender.of(viewer)
        return sender if self._dialect.names_accounts else _for_account(sender, request.headers.get(ACCOUNT_HEADER))


def retry_later() -> dict[str, str]:
    """The header that says when."""
    return {"Retry-After": f"{random.choice(RETRY_SECONDS)}"}  # noqa: S311 - no secret


def _for_account(sender: Sender, named: str | None) -> Sender:
    """The sender, speaking for the account that a header names: gateways' own formats have no place for it."""
    if sender.account is None and not named:
        raise NotAdmittedError(
            400,
            "the token speaks for all accounts: say whose usage this is in the header Tallygraph-Account, or use a token of one account",
        )
    try:
        named = named and named.encode("latin-1").decode()  # headers are bytes, which the framework takes for Latin-1
    except UnicodeDecodeError:
        raise NotAdmittedError(400, "the header Tallygraph-Account is not UTF-8") from None
    if named and (not named.isprintable() or len(named.encode()) > limits.MAX_STRING_BYTES):
        raise NotAdmittedError(400, f"the header Tallygraph-Account is no account: up to {limits.MAX_STRING_BYTES} printable bytes are")
    if sender.account is not None and named not in (None, "", sender.account):
        raise NotAdmittedError(403, f"the header Tallygraph-Account must be {sender.account!r}, the account of the token, or absent")
    return replace(sender, account=sender.account or named)

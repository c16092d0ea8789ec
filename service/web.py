"""The web application: every endpoint, and what they share."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from domain.access import Viewer
from domain.sealing import Seal
from graph.bearer import bearer_token
from graph.context import Context, Services
from graph.endpoint import Endpoint
from graph.errors import UnauthenticatedError, UnavailableError
from graph.schema import schema
from ingest.appender import OverloadedError
from ingest.endpoint import EventsEndpoint
from ingest.outcomes import Receipt, Sender
from ingest.reception import Reception
from jobs.application import JobsLog
from jobs.audits import Audits
from jobs.brokers import Doorbell
from jobs.desk import AuditDesk, ExportDesk
from jobs.exports import ExportRules, Exports
from jobs.files import FileStore
from jobs.jobs import JobRules
from jobs.news import JobNews
from jobs.office import Office
from ledger.application import CELL, Ledger
from projections import rebuilds
from projections.snapshot import Snapshots
from service import unavailable
from service.audit_downloads import AuditDownloads
from service.broker import broker_of
from service.downloads import Downloads
from service.health import Readiness, live
from service.linked import Links
from service.pools import pool
from service.settings import Settings
from service.sign_in import SESSION_COOKIE, SignIn
from service.tokens import Gatekeeper

POOL_SIZE = 10
DOOR_POOL_SIZE = 4


class Parts:
    """What the endpoints of one process share. `database_url` stands for all three of the settings that are not set."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        direct = settings.database_direct_url or database_url
        self.seal = Seal(settings.secret())
        self.ledger = Ledger(direct)
        self.reception = Reception(self.ledger, self.seal)
        self.pool = pool(settings.database_read_url or database_url, POOL_SIZE)
        self.door_pool = pool(database_url, DOOR_POOL_SIZE)  # of the primary: codes are used up there, and tokens revoked
        self.gatekeeper = Gatekeeper(self.door_pool)
        self.broker = broker_of(settings)
        self.jobs_log = JobsLog(direct)
        self.store = FileStore(settings.export_folder)
        self.exports = Exports(self.jobs_log, ExportRules())
        self.audits = Audits(self.jobs_log, JobRules())
        self.office = Office(Doorbell(self.broker), JobNews(direct))
        self.desk = ExportDesk(self.exports, self.office, self.store)
        self.audit_desk = AuditDesk(self.audits, self.office)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Connected inside; when it ends, what was accepted is written first."""
        async with AsyncExitStack() as stack:
            stack.callback(self.ledger.close)
            stack.callback(self.jobs_log.close)
            await stack.enter_async_context(self.pool)
            await stack.enter_async_context(self.door_pool)
            await stack.enter_async_context(self.office.open())
            stack.push_async_callback(self.reception.close)
            yield


def application(parts: Parts) -> Starlette:
    """The ASGI application over `parts`."""
    graphql = Endpoint(schema, Access(parts).open_context)
    sign_in = SignIn(parts.gatekeeper)
    links = Links(parts.gatekeeper, parts.seal)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with parts.open():
            yield

    return Starlette(
        lifespan=lifespan,
        exception_handlers=unavailable.HANDLERS,
        routes=[
            Route("/", _start_page),
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", graphql),
            Route("/v1/events", EventsEndpoint(parts.reception, parts.gatekeeper.viewer).respond, methods=["POST"]),
            Route("/v1/exports/{id:uuid}/{name:path}", Downloads(parts.desk, links).respond),
            Route("/v1/audits/{id:uuid}/{name:path}", AuditDownloads(parts.audit_desk, links, parts.seal).respond),
            Route("/sign-in", sign_in.enter),
            Route("/sign-out", sign_in.leave, methods=["POST"]),
            Route("/livez", live),
            Route("/readyz", Readiness(parts.door_pool, parts.pool).respond),
        ],
    )


class Access:
    """Who the viewer of an operation is, and what they report."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._services = partial(
            Services,
            snapshots=Snapshots(parts.pool),
            seal=parts.seal,
            exports=parts.desk,
            audits=parts.audit_desk,
            record_usage=self.record_usage,
            ask_for_rebuild=self.ask_for_rebuild,
        )

    async def open_context(self, connection: HTTPConnection, params: Mapping[str, object]) -> Context:
        """For the token of the header or of connection_init, or the session of the cookie. Raises Unauthenticated- or UnavailableError."""
        session = connection.cookies.get(SESSION_COOKIE)
        try:
            authorization = f"Bearer {bearer_token(connection, params)}"
        except UnauthenticatedError:
            if session is None:
                raise
            authorization = None
        try:
            viewer = await self._parts.gatekeeper.viewer(authorization, session)
        except unavailable.AWAY:
            raise UnavailableError(unavailable.MESSAGE) from None
        if viewer is None:
            raise UnauthenticatedError("The token or session is unknown, has expired or was revoked: use another, or sign in again.")

        async def is_good(_: Viewer) -> bool:
            """Whether what let the viewer in, token or session, still does."""
            return await self._parts.gatekeeper.viewer(authorization, session) is not None

        return Context(viewer, self._services(is_good=is_good))

    async def record_usage(self, events: Sequence[dict[str, Any]], viewer: Viewer) -> Receipt:
        """The same as a POST of these events."""
        reports = [msgspec.json.encode(event) for event in events]
        try:
            return await self._parts.reception.receive(reports, Sender.of(viewer), "graphql")
        except OverloadedError as error:
            raise UnavailableError(str(error)) from None

    async def ask_for_rebuild(self) -> None:
        """For the projections, whichever process they run in, to look after."""
        async with self._parts.door_pool.connection() as connection:
            await rebuilds.ask(connection, CELL)


async def _start_page(_: Request) -> Response:
    """The address that people type; GraphiQL is what there is for them to see."""
    return RedirectResponse("/graphql", 307)

"""The web application: every endpoint, and what they share."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.access import Viewer
from domain.sealing import Seal
from graph.at_least import heed_header
from graph.bearer import bearer_token
from graph.context import Context, Services
from graph.documents import Documents
from graph.endpoint import Endpoint
from graph.errors import SessionEndedError, UnauthenticatedError, UnavailableError
from graph.schema import schema, schema_with
from ingest import metrics
from ingest.backlog import OverloadedError
from ingest.dialects import Dialect, in_cloudevents
from ingest.endpoint import Intake
from ingest.litellm.dialect import LiteLLM
from ingest.otlp.dialect import Traces
from ingest.outcomes import Receipt, Sender
from ingest.reception import Reception
from ingest.spool import Spool
from ingest.spooling import SpoolingIntake
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
from ledger.listening import Listener
from projections import rebuilds
from projections.snapshot import Snapshots
from projections.usage_news import UsageNews
from service import unavailable
from service.audit_downloads import AuditDownloads
from service.broker import broker_of
from service.dashboard import Dashboard
from service.downloads import Downloads
from service.health import Readiness, live
from service.linked import Links
from service.metrics import Metrics
from service.pools import pool
from service.remembering import RememberingGate
from service.settings import Settings
from service.sign_in import SESSION_COOKIE, SignIn
from service.tokens import Gatekeeper
from service.tracing import traced
from service.trusted_documents import trusted_documents
from service.watching import Watched

GRAPHQL = "/graphql"
POOL_SIZE = 10
DOOR_POOL_SIZE = 4


class Parts:
    """What the endpoints of one process share. `database_url` stands for all three of the settings that are not set."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        direct = settings.database_direct_url or database_url
        self.access_log = settings.access_log
        self.schema = schema if settings.compiled_answers else schema_with(executor=None)
        self.seal = Seal(settings.secret())
        self.ledger = Ledger(direct)
        self.reception = Reception(self.ledger, self.seal)
        self.pool = pool(settings.database_read_url or database_url, POOL_SIZE, for_snapshots=True)
        self.door_pool = pool(database_url, DOOR_POOL_SIZE)  # of the primary: codes are used up there, and tokens revoked
        self.gatekeeper = Gatekeeper(self.door_pool)
        known = RememberingGate(self.gatekeeper.viewer)
        self.spool_folder = settings.data_dir / "spool" / "litellm"
        self.litellm = SpoolingIntake(LiteLLM(), self.reception, known.viewer, Spool(self.spool_folder))
        self.broker = broker_of(settings)
        self.jobs_log = JobsLog(direct)
        self.store = FileStore(settings.export_folder)
        self.exports = Exports(self.jobs_log, ExportRules())
        self.audits = Audits(self.jobs_log, JobRules())
        self.listener = Listener(direct)
        self.usage_news = UsageNews(self.listener)
        self.office = Office(Doorbell(self.broker), JobNews(self.listener))
        self.documents = Documents(trusted_documents(settings.trusted_documents))
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
            await stack.enter_async_context(self.listener.open())
            stack.push_async_callback(self.reception.close)
            await stack.enter_async_context(self.litellm.open())
            yield


def application(parts: Parts) -> ASGIApp:
    """The ASGI application over `parts`."""
    dashboard = Dashboard()
    graphql = Endpoint(parts.schema, Access(parts).open_context, documents=parts.documents, page=dashboard.graphiql)
    sign_in = SignIn(parts.gatekeeper, dashboard)
    links = Links(parts.gatekeeper, parts.seal)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with parts.open():
            yield

    starlette = Starlette(
        lifespan=lifespan,
        exception_handlers=unavailable.HANDLERS,
        routes=[
            Route("/v1/events", Intake(Dialect(), parts.reception, parts.gatekeeper.viewer).respond, methods=["POST"]),
            Route("/v1/traces", Intake(Traces(), parts.reception, parts.gatekeeper.viewer).respond, methods=["POST"]),
            Route("/v1/litellm", parts.litellm.respond, methods=["POST"]),
            *dashboard.routes,  # behind what is asked for most: they are looked at one after the other
            Route("/v1/exports/{id:uuid}/{name:path}", Downloads(parts.desk, links).respond),
            Route("/v1/audits/{id:uuid}/{name:path}", AuditDownloads(parts.audit_desk, links, parts.seal).respond),
            Route("/sign-in", sign_in.enter),
            Route("/sign-in", sign_in.enter_with_token, methods=["POST"]),
            Route("/sign-out", sign_in.leave, methods=["POST"]),
            Route("/livez", live),
            Route("/readyz", Readiness(parts.door_pool, parts.pool).respond),
            Route(GRAPHQL, graphql),  # for who asks with a slash at the end
            Route("/metrics", Metrics(parts.gatekeeper, parts.door_pool, parts.reception.backlog, parts.spool_folder).respond),
        ],
    )
    return traced(Watched(_GraphQLPast(starlette, graphql), access_log=parts.access_log))


class _GraphQLPast:
    """Starlette, but GraphQL goes past it: of an idle WebSocket it would keep a frame of everything in between, and each request would go
    through its routes and handlers of errors, of which none is left to handle.
    """

    def __init__(self, starlette: ASGIApp, graphql: ASGIApp) -> None:
        self._starlette = starlette
        self._graphql = graphql
        self._routes = {"http": Route(GRAPHQL, graphql), "websocket": WebSocketRoute(GRAPHQL, graphql)}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope.get("path") != GRAPHQL:
            return self._starlette(scope, receive, send)
        scope["route"] = self._routes[scope["type"]]  # by which it is counted
        return self._graphql(scope, receive, send)


class Access:
    """Who the viewer of an operation is, and what they report."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._services = Services(
            snapshots=Snapshots(parts.pool, reached=parts.usage_news.reached),
            usage_news=parts.usage_news,
            seal=parts.seal,
            exports=parts.desk,
            audits=parts.audit_desk,
            record_usage=self.record_usage,
            ask_for_rebuild=self.ask_for_rebuild,
        )

    async def open_context(self, connection: HTTPConnection, params: Mapping[str, object]) -> Context:
        """For the token of the header or of connection_init, or the session of the cookie.

        Raises UnauthenticatedError, SessionEndedError, UnavailableError, BadInputError.
        """
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
        if viewer is None and authorization is None:
            raise SessionEndedError("The session has expired, or was ended: sign in again.")
        if viewer is None:
            raise UnauthenticatedError("The token is unknown, has expired or was revoked: use another.")

        async def is_good() -> bool:
            return await self._parts.gatekeeper.viewer(authorization, session) is not None

        context = Context(viewer, self._services, is_good)
        heed_header(context, connection, params)
        return context

    async def record_usage(self, events: Sequence[dict[str, Any]], viewer: Viewer) -> Receipt:
        """The same as a POST of these events."""
        reports = [msgspec.json.encode(event) for event in events]
        try:
            return await self._parts.reception.receive(reports, Sender.of(viewer), in_cloudevents("graphql"))
        except OverloadedError as error:
            metrics.refused(503, "overloaded")
            raise UnavailableError(str(error)) from None

    async def ask_for_rebuild(self) -> None:
        """For the projections, whichever process they run in, to look after."""
        async with self._parts.door_pool.connection() as connection:
            await rebuilds.ask(connection, CELL)

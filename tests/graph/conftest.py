"""The schema behind its real endpoint: what is recorded is projected by the real runner, and asked for over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import httpx
import msgspec
import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.requests import HTTPConnection

from domain.access import Scope, Viewer
from domain.events import UsageEvent
from domain.sealing import Seal
from graph.at_least import heed_header
from graph.bearer import bearer_token
from graph.context import Context, Services
from graph.endpoint import Endpoint
from graph.schema import schema
from ingest.dialects import in_cloudevents
from ingest.outcomes import Receipt, Sender
from ingest.reception import Reception
from jobs.application import JobsLog
from jobs.audits import Audits
from jobs.brokers import Doorbell, broker_from_url
from jobs.desk import AuditDesk, ExportDesk
from jobs.exports import ExportRules, Exports
from jobs.files import FileStore
from jobs.jobs import JobRules
from jobs.news import JobNews
from jobs.office import Office
from ledger import accounts, aside
from ledger.application import CELL, Ledger
from ledger.listening import Listener
from ledger.position import Position
from projections import rebuilds
from projections.generations import Generation
from projections.reached import Reached
from projections.runner import Runner
from projections.snapshot import Snapshot, Snapshots
from projections.together import Parameters, Rows
from projections.usage_news import UsageNews

P = ParamSpec("P")
T = TypeVar("T")
NOW = datetime(2026, 4, 22, 9, 0, tzinfo=UTC)
BOUND_SECONDS = 9.0  # what a test waits for comes within this time, or never
MAX_CONNECTIONS = 4
READER = "acme:read"
OPERATOR = "*:ingest+read+billing+operate"


def viewer_of(token: str) -> Viewer:
    """Tokens of tests say what they are: "acme:read+ingest", and "*:read" for all accounts."""
    account, _, scopes = token.partition(":")
    return Viewer(UUID(int=0), token, frozenset(Scope(scope) for scope in scopes.split("+") if scope), None if account == "*" else account)


class AskedSnapshot(Snapshot):
    """Keeps the statements that it sent."""

    def __init__(
        self, pool: AsyncConnectionPool[AsyncConnection[Any]], cell: str, turns: Any, asked: list[str], closed: asyncio.Semaphore
    ) -> None:
        super().__init__(pool, cell, turns)
        self._asked = asked
        self._closed = closed

    async def send(self, text: str, parameters: Parameters) -> Rows:
        self._asked.append(text)
        return await super().send(text, parameters)

    async def close(self) -> None:
        await super().close()
        self._closed.release()


class AskedSnapshots(Snapshots):
    """Keeps the statements of all its snapshots, and how many snapshots there were."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], reached: Reached) -> None:
        super().__init__(pool, reached=reached)
        self.asked: list[str] = []
        self.opened: list[Snapshot] = []
        self._closed = asyncio.Semaphore(0)

    def open(self, *, follows: bool = False) -> Snapshot:
        self.opened.append(AskedSnapshot(self._pool, self._cell, self._turns if follows else None, self.asked, self._closed))
        return self.opened[-1]

    async def closed(self, number: int) -> None:
        """Once so many of them are closed, beside those of which it was asked before."""
        async with asyncio.timeout(BOUND_SECONDS):
            for _ in range(number):
                await self._closed.acquire()


class AskedOffice(Office):
    """Keeps what was asked of the jobs' log."""

    def __init__(self, doorbell: Doorbell, news: JobNews) -> None:
        super().__init__(doorbell, news)
        self.asked: list[str] = []

    async def blocking(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.asked.append(getattr(call, "__qualname__", repr(call)))
        return await super().blocking(call, *args, **kwargs)


@dataclass(kw_only=True)
class Service:
    """Tallygraph with nothing running beside it: the log, the read models when they are told to follow, and the schema."""

    ledger: Ledger
    runner: Runner
    projecting: psycopg.Connection[Any]
    live: Generation
    snapshots: AskedSnapshots
    office: AskedOffice
    exports: Exports
    audits: Audits
    services: Services
    client: httpx.AsyncClient
    endpoint: Endpoint
    revoked: set[str]
    follows: bool = False  # whether the read models include what is told over GraphQL before anybody waits for it

    @property
    def seal(self) -> Seal:
        return self.services.seal

    def record(self, *events: UsageEvent, project: bool = True) -> str:
        """Record events in one batch, and the position that covers them, sealed."""
        with self.ledger.connection() as connection:
            accounts.ensure(connection, {event.account for event in events}, CELL)
        recording = self.ledger.record(events)
        if project:
            self.project()
        return Position(CELL, recording.position).sealed(self.seal)

    def reject(self, account: str | None, *bodies: bytes) -> None:
        """Keep reports aside as not understood."""
        rejected = [aside.Rejected(account, "application/json", "data.model", "is required", body) for body in bodies]
        with self.ledger.connection() as connection:
            aside.keep(connection, rejected, [])

    def project(self) -> None:
        """Let the read models include all that is recorded."""
        self.live = self.runner.catch_up(self.projecting, self.live)

    async def answer(self, query: str, token: str = READER, **variables: Any) -> dict[str, Any]:
        """The whole response of one operation."""
        response = await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers={"authorization": f"Bearer {token}"}
        )
        return msgspec.json.decode(response.content)

    async def ask(self, query: str, token: str = READER, **variables: Any) -> Any:
        """The data of a response without errors."""
        answer = await self.answer(query, token, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def refusal(self, query: str, token: str = READER, **variables: Any) -> dict[str, Any]:
        """The one error of a response, as code, message and field."""
        answer = await self.answer(query, token, **variables)
        [error] = answer["errors"]
        return {"message": error["message"], **error["extensions"]}


@asynccontextmanager
async def serving(database_url: str, seal: Seal, folder: Path, *, statement_timeout_ms: int = 8_000) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        options = f"-c TimeZone=UTC -c statement_timeout={statement_timeout_ms}"
        pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            database_url, min_size=1, max_size=MAX_CONNECTIONS, open=False, kwargs={"options": options}
        )
        await stack.enter_async_context(pool)
        ledger, runner = Ledger(database_url), Runner(database_url)
        stack.callback(ledger.close)
        projecting = stack.enter_context(runner.connect())
        jobs_log = JobsLog(database_url)
        stack.callback(jobs_log.close)
        exports = Exports(jobs_log, ExportRules())
        audits = Audits(jobs_log, JobRules())
        listener = Listener(database_url)
        usage_news = UsageNews(listener)
        office = AskedOffice(Doorbell(broker_from_url(None)), JobNews(listener))
        await stack.enter_async_context(office.open())
        await stack.enter_async_context(listener.open())
        reception = Reception(ledger, seal)
        stack.push_async_callback(reception.close)
        snapshots, revoked, turn = AskedSnapshots(pool, usage_news.reached), set[str](), asyncio.Lock()

        async def record_usage(events: Sequence[dict[str, Any]], viewer: Viewer) -> Receipt:
            reports = [msgspec.json.encode(event) for event in events]
            receipt = await reception.receive(reports, Sender.of(viewer), in_cloudevents("graphql"))
            if service.follows:
                async with turn:
                    await asyncio.to_thread(service.project)
            return receipt

        async def ask_for_rebuild() -> None:
            async with pool.connection() as connection:
                await rebuilds.ask(connection, CELL)

        services = Services(
            snapshots=snapshots,
            usage_news=usage_news,
            seal=seal,
            exports=ExportDesk(exports, office, FileStore(folder)),
            audits=AuditDesk(audits, office),
            record_usage=record_usage,
            ask_for_rebuild=ask_for_rebuild,
            at_least_seconds=BOUND_SECONDS,
            clock=lambda: NOW,
        )

        async def open_context(connection: HTTPConnection, params: Mapping[str, object]) -> Context:
            viewer = viewer_of(bearer_token(connection, params))

            async def is_good() -> bool:
                return viewer.token_name not in revoked

            context = Context(viewer, service.services, is_good)
            heed_header(context, connection, params)
            return context

        endpoint = Endpoint(schema, open_context)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://tallygraph")
        await stack.enter_async_context(client)
        service = Service(
            ledger=ledger,
            runner=runner,
            projecting=projecting,
            live=runner.ensure_live(projecting),
            snapshots=snapshots,
            office=office,
            exports=exports,
            audits=audits,
            services=services,
            client=client,
            endpoint=endpoint,
            revoked=revoked,
        )
        yield service


@pytest.fixture
async def service(database_url: str, seal: Seal, tmp_path: Path) -> AsyncIterator[Service]:
    """Empty."""
    async with serving(database_url, seal, tmp_path) as service:
        yield service

"""`tallygraph serve`: everything on one machine, in the order in which it has to start, and stopped in the reverse."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import uvicorn

from domain.access import Scope
from jobs.actors import Workshop
from jobs.usage_source import RouterUsageSource
from jobs.worker import run_worker
from service import demo, tokens
from service.embedded_postgres import EmbeddedPostgres
from service.place import Place, listening
from service.processes import Companion
from service.set_up import prepare
from service.settings import Settings
from service.web import Parts, application

GRACE_SECONDS = 10  # for answers under way when the service is stopped; a second Ctrl-C does not wait
WEBSOCKET_BYTES = 64 * 1024
EXPORT_THREADS = 1
INTERRUPTED = 130  # the exit code that shells know


def serve(settings: Settings, place: Place, *, with_demo: bool, only_web: bool) -> None:
    """Serve until told to stop: once to finish what is under way, twice to end at once. Raises StartError."""
    with ExitStack() as stack:
        listener = stack.enter_context(listening(place))
        settings.secret()  # finds out early whether the data directory can be used
        database_url = stack.enter_context(database(settings))
        direct_url = settings.database_direct_url or database_url
        prepare(direct_url)
        parts = Parts(settings, database_url)
        if not only_web:
            environment = {"DATABASE_URL": database_url, "TALLYGRAPH_DATA_DIR": str(settings.data_dir)}
            stack.enter_context(Companion(["project", "--companion"], environment))
            stack.enter_context(_exports_written(parts, direct_url))

        async def started() -> None:
            if with_demo:
                await demo.load(parts.ledger, parts.reception)
            print(await asyncio.to_thread(_greeting, settings, direct_url, place, with_demo=with_demo), flush=True)  # noqa: T201

        config = uvicorn.Config(
            application(parts),
            log_level="warning",
            timeout_graceful_shutdown=GRACE_SECONDS,
            ws_max_size=WEBSOCKET_BYTES,
            server_header=False,
        )
        asyncio.run(_Server(config, started).serve([listener]))
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: os._exit(INTERRUPTED))


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the database: DATABASE_URL, or a private Postgres in the data directory. Raises DatabaseUnavailableError."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedPostgres(settings.data_dir / "postgres") as postgres:
        yield postgres.url


class _Server(uvicorn.Server):
    """Says when it has started, and treats signals our way: the library's would end the process before the rest is stopped."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            await self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, self._stop)
        yield

    def _stop(self) -> None:
        if self.should_exit:  # for the second time: Postgres and the other processes notice that we are gone, and end
            os._exit(INTERRUPTED)
        self.should_exit = True


@contextmanager
def _exports_written(parts: Parts, database_url: str) -> Iterator[None]:
    """A worker for exports in a thread; it renders in processes of their own."""
    workshop = Workshop(parts.exports, parts.store, RouterUsageSource(database_url, parts.secret))
    worker = threading.Thread(
        target=run_worker, args=(parts.broker, workshop), kwargs={"threads": EXPORT_THREADS}, name="exports", daemon=True
    )
    worker.start()
    try:
        yield
    finally:
        workshop.stopping.set()
        worker.join()


def _greeting(settings: Settings, database_url: str, place: Place, *, with_demo: bool) -> str:
    """What a person needs to begin with. The tokens are made of the secret, so they are the same at every start."""
    admin = settings.admin_token or tokens.derived(settings.secret(), "admin")
    with psycopg.connect(database_url) as connection:
        tokens.create(connection, "admin", Scope, None, token=admin)
        lines = [("operator", f"{admin}   (every account, every scope)")]
        person = admin
        if with_demo:
            person = tokens.derived(settings.secret(), "sample account")
            scopes = (Scope.INGEST, Scope.READ, Scope.BILLING)
            tokens.create(connection, "sample account", scopes, demo.ACCOUNT, token=person)
            lines.insert(0, ("token", f"{person}   (the sample account, {demo.ACCOUNT})"))
        lines.insert(0, ("sign in", f"{place.url}/sign-in?code={tokens.sign_in_code(connection, person)}   (works once)"))
    lines.append(("data", "DATABASE_URL" if settings.database_url else str(settings.data_dir)))
    return "\n".join([f"\nTallygraph serves at {place.url}", *(f"  {name:<9} {text}" for name, text in lines), "Ctrl-C stops it.\n"])

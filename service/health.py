"""`GET /livez`: the process answers. `GET /readyz`: it can do its work, or the reasons why not."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from domain.events import EPOCH
from projections import directory
from projections.beginning import NotReadyError
from projections.snapshot import Snapshots
from service.unavailable import AWAY

CHECK_SECONDS = 1.0
MAX_LAG = 1_000_000  # events: past it, figures are too old to serve
MAX_STANDSTILL = timedelta(minutes=10)  # with events to project: a projection that runs commits, or says that it is done, every second
OK = "ok"

Pool = AsyncConnectionPool[AsyncConnection[Any]]


async def live(_: Request) -> Response:
    """Never touches the database."""
    return PlainTextResponse(OK)


class Readiness:
    """Ready while the database answers and the read models, which may be on a standby of it, are not far behind."""

    def __init__(self, primary: Pool, reading: Pool) -> None:
        self._primary = primary
        self._snapshots = Snapshots(reading)

    async def respond(self, _: Request) -> Response:
        """The checks by name, each `ok` or a reason."""
        database, read_models = await asyncio.gather(self._database(), self._read_models())
        ready = database == read_models == OK
        content = {"ready": ready, "checks": {"database": database, "read_models": read_models}}
        return JSONResponse(content, 200 if ready else 503, {"Cache-Control": "no-store"})

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS), self._primary.connection() as connection:
                await connection.execute("SELECT 1")
        except (TimeoutError, *AWAY) as error:
            return _away(error)
        return OK

    async def _read_models(self) -> str:
        snapshot = self._snapshots.open()
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                _, read_models = await directory.read_models(snapshot)
                state = await snapshot.state()
        except NotReadyError as error:
            return str(error)
        except (TimeoutError, *AWAY) as error:
            return _away(error)
        finally:
            await snapshot.close()
        lag = max(each.lag for each in read_models)
        still = datetime.now(UTC) - state.complete_through
        if lag > MAX_LAG:
            return f"{lag} events behind: more than {MAX_LAG} (MAX_LAG)"
        if lag and state.complete_through > EPOCH and still > MAX_STANDSTILL:
            return f"{lag} events behind, and not moving since {state.complete_through:%Y-%m-%d %H:%M}Z (MAX_STANDSTILL)"
        return OK


def _away(error: Exception) -> str:
    return f"does not answer: {type(error).__name__}"

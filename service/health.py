"""`GET /livez`: the process answers. `GET /readyz`: it can do its work, or the reasons why not."""

import asyncio
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from projections import directory
from projections.snapshot import NotReadyError, Snapshots

CHECK_SECONDS = 1.0
MAX_LAG = 1_000_000  # events: past it, figures are too old to serve


async def live(_: Request) -> Response:
    """Never touches the database."""
    return PlainTextResponse("ok")


class Readiness:
    """Ready while the database answers and the read models are not far behind."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._snapshots = Snapshots(pool)

    async def respond(self, _: Request) -> Response:
        """The checks by name, each `ok` or a reason."""
        checks = await self._checks()
        ready = all(reason == "ok" for reason in checks.values())
        return JSONResponse({"ready": ready, "checks": checks}, 200 if ready else 503, {"Cache-Control": "no-store"})

    async def _checks(self) -> dict[str, str]:
        snapshot = self._snapshots.open()
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                _, read_models = await directory.read_models(snapshot)
        except NotReadyError as error:
            return {"database": "ok", "read_models": str(error)}
        except (TimeoutError, PoolTimeout, psycopg.Error) as error:
            return {"database": f"does not answer: {type(error).__name__}"}
        finally:
            await snapshot.close()
        lag = max(each.lag for each in read_models)
        return {"database": "ok", "read_models": "ok" if lag <= MAX_LAG else f"{lag} events behind: more than {MAX_LAG} (MAX_LAG)"}

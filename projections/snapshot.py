"""What one operation reads from: one transaction that sees one state of log and read models. What stands together was true together."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import tuple_row
from psycopg.sql import Composed
from psycopg_pool import AsyncConnectionPool

from ledger.application import CELL
from projections import generations
from projections.generations import Generation
from projections.read_model import GROUP

WAIT_STEP_SECONDS = 0.02


class NotReadyError(Exception):
    """Raised when the read models have never been set up: start the projections."""


class Snapshot:
    """Opened by the first question, closed by the operation. Questions are answered one after the other."""

    as_of: int | None = None  # the position that answers are of; null for as far as the read models are

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], cell: str) -> None:
        self.cell = cell
        self.pool = pool
        self._stack = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._connection: AsyncConnection[Any] | None = None
        self._state: Generation | None = None
        self.statements = 0  # how many were sent, beyond what opens the snapshot

    async def state(self) -> Generation:
        """The live read models, and how much of the log they include. Raises NotReadyError."""
        async with self._turn:
            return await self._opened()

    async def rows(self, text: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query whose `{names}` are tables of the live read models, of the log, or of the service."""
        async with self._turn:
            generation = await self._opened()
            assert self._connection is not None
            self.statements += 1
            cursor = await self._connection.execute(self._sql(text, generation), parameters, binary=True)
            return await cursor.fetchall()

    async def stream(self, text: str, parameters: Mapping[str, Any] | Sequence[Any], size: int = 2_000) -> AsyncIterator[tuple[Any, ...]]:
        """The rows of a query of any size, `size` at a time in memory. Nothing else is asked until it ends."""
        async with self._turn:
            generation = await self._opened()
            assert self._connection is not None
            self.statements += 1
            async with self._connection.cursor("stream", binary=True) as cursor:
                cursor.itersize = size
                await cursor.execute(self._sql(text, generation), parameters)
                async for row in cursor:
                    yield row

    async def close(self) -> None:
        """End the transaction and give the connection back; a broken one has ended its transaction itself."""
        with suppress(psycopg.OperationalError):
            await self._stack.aclose()
        self._connection = None

    async def _opened(self) -> Generation:
        if self._state is None:
            connection = await self._stack.enter_async_context(self.pool.connection())
            await connection.set_autocommit(True)
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._stack.push_async_callback(connection.execute, "ROLLBACK")
            self._connection = connection
            self._state = await _live(connection, self.cell)
        return self._state

    def _sql(self, text: str, generation: Generation) -> Composed:
        return generation.tables(self.cell).sql(text)


class Snapshots:
    """Gives out snapshots of one cell."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], cell: str = CELL) -> None:
        self._pool = pool
        self._cell = cell

    def open(self) -> Snapshot:
        """A snapshot of the state at its first question."""
        return Snapshot(self._pool, self._cell)

    async def wait_for(self, position: int, timeout_seconds: float) -> bool:
        """Wait until the live read models include `position`; false when they do not within the time."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        while True:
            async with self._pool.connection() as connection:
                if (await _live(connection, self._cell)).position >= position:
                    return True
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(WAIT_STEP_SECONDS)


async def _live(connection: AsyncConnection[Any], cell: str) -> Generation:
    cursor = connection.cursor(row_factory=tuple_row)
    await cursor.execute(generations.sql(generations.SELECT_LIVE, cell), [GROUP])
    row = await cursor.fetchone()
    if row is None:
        raise NotReadyError("there are no read models yet: start `tallygraph project`, or `tallygraph serve`, which runs it")
    return Generation(*row)

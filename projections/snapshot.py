"""What one operation reads from: one transaction that sees one state of log and read models. What stands together was true together."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, LiteralString, NamedTuple, cast

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.application import CELL
from projections.beginning import begun
from projections.generations import Generation
from projections.one_question import AGAIN, MisjudgedError, answered, guarded
from projections.reached import Reached
from projections.together import MAX_TOGETHER, NONE, Parameters, Rows, joined, likeness, separated

WAIT_STEP_SECONDS = 0.02  # between two looks for a position of which nobody tells
HINT_SECONDS = 0.5  # that a hint is waited for: it may be lost
FOLLOWERS_AT_A_TIME = 4  # who read, of those who follow: when all are told at once, the pool has connections left for others


@dataclass(slots=True)
class Use:
    """What was asked of the database, beyond what opens a snapshot."""

    statements: int = 0
    rows: int = 0  # that came back
    seconds: float = 0.0  # from sending statements to having their rows

    def taken(self) -> "Use":
        """What it was so far; it begins anew."""
        use = Use(self.statements, self.rows, self.seconds)
        self.statements, self.rows, self.seconds = 0, 0, 0.0
        return use


class Question(NamedTuple):
    """One that waits to be asked together with others."""

    parameters: Parameters
    answer: asyncio.Future[Rows]


class Snapshot:
    """Opened by the first question, closed by the operation. Statements are sent one after the other.

    Questions that are asked at the same moment and differ in nothing but their parameters are one statement.
    """

    as_of: int | None = None  # the position that answers are of; null for as far as the read models are
    is_misjudged = False  # more was asked than it was opened for, or of other tables: what it gave is to be forgotten
    _presumed: Generation | None = None

    def __init__(
        self, pool: AsyncConnectionPool[AsyncConnection[Any]], cell: str, turns: AbstractAsyncContextManager[Any] | None = None
    ) -> None:
        """With `turns`, it is opened within them."""
        self.cell = cell
        self.pool = pool
        self._turns = turns
        self._stack = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._connection: AsyncConnection[Any] | None = None
        self._state: Generation | None = None
        self._waiting: dict[Hashable, list[Question]] = {}  # by their likeness
        self._asking: set[asyncio.Task[Rows]] = set()
        self._questions = self._found = 0  # questions, and rows of their answers
        self._told_state = False
        self.use = Use()

    def presume(self, live: Generation) -> None:
        """Let the first question be the only one, asked of what is thought to be `live`: one round trip in place of three.

        Where that does not do, MisjudgedError is raised.
        """
        self._presumed = live

    @property
    def of_one_question(self) -> Generation | None:
        """What was live, where one question was asked and had an answer, and no more of the state was told than the generation."""
        return (self._presumed or self._state) if self._questions == 1 and self._found and not self._told_state else None

    async def generation(self) -> int:
        """The number of the live read models. Raises NotReadyError."""
        return (self._presumed or await self._live()).number

    async def state(self) -> Generation:
        """The live read models, and how much of the log they include. Raises NotReadyError."""
        self._told_state = True
        return await self._live()

    async def _live(self) -> Generation:
        if self._state is not None:  # nobody waits for a turn, or they would ask one by one what they ask together
            return self._state
        async with self._turn:
            return await self._opened()

    async def rows(self, text: str, parameters: Parameters = NONE) -> Rows:
        """The rows of a query whose `{names}` are tables of the live read models, of the log, or of the service.

        A list among the parameters has its type in the query, such as `%(keys)s::text[]`.
        """
        self._questions += 1
        if self._presumed is not None:
            return await self.send(text, parameters)
        like, question = likeness(text, parameters), Question(parameters, asyncio.get_running_loop().create_future())
        waiting = self._waiting.get(like)
        if waiting is not None and len(waiting) < MAX_TOGETHER:
            waiting.append(question)
            try:
                return await question.answer
            except _AskAgain:
                return await self.rows(text, parameters)
        self._waiting[like] = together = [question]
        asking = asyncio.create_task(self._ask(text, like, together))
        self._asking.add(asking)
        asking.add_done_callback(self._seen)
        return await asyncio.shield(asking)  # to cancel a statement would end the transaction that others read from

    def _seen(self, asking: "asyncio.Task[Rows]") -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # seen, also where nobody waits any more

    async def _ask(self, text: str, like: Hashable, together: list[Question]) -> Rows:
        """The answer to the first; the others have theirs, too. Who is asked for is not left alone when the first is cancelled."""
        try:
            await asyncio.sleep(0)  # those that are asked in the same breath come in
            async with self._turn:
                if self._waiting.get(like) is together:
                    del self._waiting[like]
                asked = [each.parameters for each in together]
                if all(each == asked[0] for each in asked):
                    answers = [await self.send(text, asked[0])] * len(asked)
                else:
                    answers = separated(await self.send(*joined(text, asked)), len(asked))
        except BaseException as error:
            if self._waiting.get(like) is together:
                del self._waiting[like]
            for each in together[1:]:
                if not each.answer.done():
                    each.answer.set_exception(error if isinstance(error, Exception) else _AskAgain())
            raise
        for each, answer in zip(together, answers, strict=True):
            if not each.answer.done():
                each.answer.set_result(answer)
        return answers[0]

    async def send(self, text: str, parameters: Parameters) -> Rows:
        """One statement, in the caller's turn."""
        if self._presumed is not None:
            return await self._sent_alone(text, parameters, self._presumed)
        live = await self._opened()
        assert self._connection is not None
        return await self._executed(self._connection, self._sql(text, live), parameters)

    async def _sent_alone(self, text: str, parameters: Parameters, live: Generation) -> Rows:
        if self._questions > 1:
            raise self._misjudged()
        only = self._sql(guarded(text, live), live)
        try:
            return await answered(self.pool, lambda connection: self._executed(connection, only, parameters))
        except MisjudgedError:
            self.is_misjudged = True
            raise

    async def _executed(self, connection: AsyncConnection[Any], statement: LiteralString, parameters: Parameters) -> Rows:
        started = perf_counter()
        cursor = await connection.execute(statement, parameters, binary=True)
        rows = await cursor.fetchall()
        self._found += len(rows)
        self.use.statements += 1
        self.use.rows += len(rows)
        self.use.seconds += perf_counter() - started
        return rows

    def _misjudged(self) -> MisjudgedError:
        self.is_misjudged = True
        return MisjudgedError(AGAIN)

    async def stream(self, text: str, parameters: Parameters = NONE, size: int = 2_000) -> AsyncIterator[tuple[Any, ...]]:
        """The rows of a query of any size, `size` at a time in memory. Nothing else is asked until it ends."""
        async with self._turn:
            generation = await self._opened()
            assert self._connection is not None
            self.use.statements += 1
            async with self._connection.cursor("stream", binary=True) as cursor:
                cursor.itersize = size
                await cursor.execute(self._sql(text, generation), parameters)
                async for row in cursor:
                    yield row

    async def close(self) -> None:
        """End the transaction and give the connection back."""
        if asking := [*self._asking]:
            for each in asking:
                each.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        await self._let_go()

    async def _let_go(self) -> None:
        """A broken connection has ended its transaction itself."""
        with suppress(psycopg.OperationalError):
            await self._stack.aclose()
        self._connection = None

    async def _opened(self) -> Generation:
        if self._presumed is not None:
            raise self._misjudged()
        for left in reversed(range(self.pool.max_size + 1)):
            if self._state is not None:
                break
            if self._turns is not None:
                await self._stack.enter_async_context(self._turns)
            connection = await self._stack.enter_async_context(self.pool.connection())
            try:
                self._state = await begun(connection, self.cell)
            except psycopg.OperationalError:  # it may have broken while it lay in the pool, and so may the others there
                if not (connection.closed and left):
                    raise
                await self._let_go()
            else:
                self._stack.push_async_callback(connection.rollback)
                self._connection = connection
        assert self._state is not None
        return self._state

    def _sql(self, text: str, generation: Generation) -> LiteralString:
        return cast("LiteralString", generation.tables(self.cell).text(text))  # our own constants only


class _AskAgain(Exception):  # noqa: N818 - nothing is wrong
    """Told to those that were to be asked with a question that is not asked any more."""


class Snapshots:
    """Gives out snapshots of one cell. A connection that broke while it lay in the pool is found out when one is opened."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], cell: str = CELL, reached: Reached | None = None) -> None:
        """Where a listener tells how far the read models are, `reached` passes it on."""
        self._pool = pool
        self._cell = cell
        self._reached = reached
        self._turns = asyncio.Semaphore(FOLLOWERS_AT_A_TIME)

    def open(self, *, follows: bool = False) -> Snapshot:
        """A snapshot of the state at its first question; for those who follow, once it is their turn."""
        return Snapshot(self._pool, self._cell, self._turns if follows else None)

    async def wait_for(self, position: int, timeout_seconds: float) -> bool:
        """Wait until the live read models include `position`; false when they do not within the time."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        while True:
            snapshot = self.open()
            try:
                if (await snapshot.state()).position >= position:
                    return True
            finally:
                await snapshot.close()
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            if self._reached is None or self._reached.position >= position:  # nobody tells; or a standby is behind what was told
                await asyncio.sleep(min(left, WAIT_STEP_SECONDS))
            else:
                await self._reached.wait(position, min(left, HINT_SECONDS))

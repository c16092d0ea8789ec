"""Exports for the asynchronous web process: ask for one, follow it, cancel it, fetch it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from jobs.application import POOL_SIZE
from jobs.brokers import Doorbell
from jobs.errors import ExportNotFoundError
from jobs.export import ExportStatus
from jobs.export_states import ExportKey, ExportState
from jobs.exports import Exports
from jobs.files import FileStore
from jobs.news import ExportNews
from jobs.request import ExportRequest

LOOK_SECONDS = 5.0  # how often a follower looks at its export even without news
MAX_RINGING = 100  # messages on their way to a broker that is slow; for more exports the timer rings

P = ParamSpec("P")
T = TypeVar("T")


class ExportDesk:
    """Open it with `async with`. The library below blocks, so its work is done by as many threads as it has connections."""

    def __init__(self, exports: Exports, doorbell: Doorbell, news: ExportNews, store: FileStore, *, threads: int = POOL_SIZE) -> None:
        self._exports = exports
        self._doorbell = doorbell
        self._news = news
        self._store = store
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="exports")
        self._ringer = ThreadPoolExecutor(1, thread_name_prefix="doorbell")  # a broker that hangs holds up nothing else
        self._ringing: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listens for news meanwhile, and waits for its threads at the end."""
        listening = asyncio.create_task(self._news.run())
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            self._ringer.shutdown(wait=False, cancel_futures=True)
            await asyncio.to_thread(self._threads.shutdown)

    async def request(self, request: ExportRequest) -> ExportState:
        """Answers once the wish is in the log. Raises InvalidExportRequestError, TooManyExportsError."""
        state = await self._blocking(self._exports.request, request)
        self._ring(state.id)
        return state

    async def cancel(self, export_id: UUID, account_id: UUID | None) -> ExportState:
        """Raises ExportNotFoundError, ExportFinishedError. `account_id` None is for those who may see every account's."""
        return await self._blocking(self._exports.cancel, export_id, account_id)

    async def get(self, export_id: UUID, account_id: UUID | None) -> ExportState | None:
        """None where there is no such export, and where it is another account's."""
        try:
            return await self._blocking(self._exports.state, export_id, account_id)
        except ExportNotFoundError:
            return None

    async def page(self, account_id: UUID, *, first: int, after: ExportKey | None = None) -> Sequence[ExportState]:
        """Up to `first` exports, newest first; ask for one more than is shown to know whether there are more."""
        return await self._blocking(self._exports.page, account_id, first=first, after=after)

    async def count(self, account_id: UUID) -> int:
        """All exports of an account."""
        return await self._blocking(self._exports.count, account_id)

    async def follow(self, export_id: UUID, account_id: UUID | None) -> AsyncGenerator[ExportState, None]:
        """The present state, then each change, ending with the state in which the work is over.

        Changes that come faster than they are taken are told as one. Raises ExportNotFoundError, TooManyFollowersError.
        """
        owner = (await self._blocking(self._exports.state, export_id, account_id)).account_id
        with self._news.about(export_id, owner) as changed:
            told: ExportState | None = None
            while True:
                changed.clear()
                state = await self._blocking(self._exports.state, export_id, account_id)
                if state != told:
                    yield state
                    told = state
                if state.status.is_final:
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), LOOK_SECONDS)

    def file(self, state: ExportState) -> Path | None:
        """The file of a completed export, to be sent to its owner; None where there is none (any more)."""
        path = self._store.path(state.id, state.attempt)
        return path if state.status is ExportStatus.COMPLETED and path.is_file() else None

    def _ring(self, export_id: UUID) -> None:
        if len(self._ringing) < MAX_RINGING:
            ringing = asyncio.get_running_loop().run_in_executor(self._ringer, self._doorbell.ring, export_id)
            self._ringing.add(ringing)
            ringing.add_done_callback(self._ringing.discard)

    async def _blocking(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def work() -> Any:
            return call(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

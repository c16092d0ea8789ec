"""What the desks of an asynchronous web process share: threads for what blocks, a doorbell, and news."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from jobs.application import POOL_SIZE
from jobs.brokers import Doorbell
from jobs.news import JobNews

MAX_RINGING = 100  # messages on their way to a broker that is slow; for more jobs the timer rings

P = ParamSpec("P")
T = TypeVar("T")


class Office:
    """Open it with `async with`. The library below blocks, so its work is done by as many threads as it has connections."""

    def __init__(self, doorbell: Doorbell, news: JobNews, *, threads: int = POOL_SIZE) -> None:
        self.news = news
        self._doorbell = doorbell
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="jobs")
        self._ringer = ThreadPoolExecutor(1, thread_name_prefix="doorbell")  # a broker that hangs holds up nothing else
        self._ringing: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Waits for its threads at the end."""
        try:
            yield
        finally:
            self._ringer.shutdown(wait=False, cancel_futures=True)
            await asyncio.to_thread(self._threads.shutdown)

    def ring(self, job_id: UUID, noun: str) -> None:
        """Tell a worker, without waiting for the broker."""
        if len(self._ringing) < MAX_RINGING:
            ringing = asyncio.get_running_loop().run_in_executor(self._ringer, self._doorbell.ring, job_id, noun)
            self._ringing.add(ringing)
            ringing.add_done_callback(self._ringing.discard)

    async def blocking(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call what blocks."""

        def work() -> Any:
            return call(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

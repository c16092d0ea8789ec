"""Processes for large batches: Python takes longer over these than Postgres does."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from ingest import metrics, worker
from ingest.preparing import Prepared, latest_time, prepare
from ingest.taking import Batch, Taken
from ledger.apart import executor, give_up
from ledger.application import Ledger

PART = 1_250  # reports at a time, of a batch that all of them prepare
PROCESSES = min((os.cpu_count() or 1) + 1, 4)  # one more than processors, where these are few: mostly one of them waits for the log

T = TypeVar("T")
Parts = Sequence[Future[Prepared]]


class Workers:
    """They are started by the first batches that are large enough for them.

    Who asks for something must not be cancelled, or others may get no answer: Python 3.11 cannot tell them, when a process is killed, once
    one of them has gone away. Each method raises BrokenProcessPool where processes are killed as often as they are started.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._place = ledger.database_url, ledger.cell
        self._processes: ProcessPoolExecutor | None = None

    async def prepare(self, batch: Batch, use: Callable[[Parts], Awaitable[T]]) -> T:
        """Done soonest: by all of them together, part by part. To send what they make costs a fifth more.

        What `use` makes of the parts, which are under way. It has to be safe to repeat.
        """
        return await self._persistently(lambda processes: use(_parts(processes, batch)))

    async def take(self, batch: Batch) -> Taken:
        """Done with least: by one of them, from reports to the log. Durable when it returns; raises what Postgres raised."""
        return await self._persistently(lambda processes: _taken(processes, batch))

    async def close(self) -> None:
        """Return when all that was given to them is done."""
        if self._processes is not None:
            await asyncio.to_thread(self._processes.shutdown)

    async def _persistently(self, work: Callable[[ProcessPoolExecutor], Awaitable[T]]) -> T:
        """Once more, by new processes, where one was killed. Whatever it had recorded is known when it is told again."""
        used = self._processes = self._processes or self._new()
        try:
            return await work(used)
        except BrokenProcessPool:
            give_up(used)
            if self._processes is used:  # else somebody else has new ones already
                self._processes = self._new()
            return await work(self._processes)

    def _new(self) -> ProcessPoolExecutor:
        return executor(PROCESSES, worker.begin, *self._place)


async def joined(parts: Parts) -> Prepared:
    """The whole of a batch, once its parts are prepared."""
    whole, *rest = [await asyncio.wrap_future(part) for part in parts]
    for part in rest:
        whole.extend(part)
    return whole


def _parts(processes: ProcessPoolExecutor, batch: Batch) -> Parts:
    (reports, sender, reading), latest = batch, latest_time()
    starts = range(0, len(reports), PART)
    return [processes.submit(prepare, reports[start : start + PART], sender, reading, latest, start) for start in starts]


async def _taken(processes: ProcessPoolExecutor, batch: Batch) -> Taken:
    with metrics.failures_of_appends():
        done = await asyncio.wrap_future(processes.submit(worker.take, batch, latest_time()))
    if done.events:
        metrics.appended(done.events, done.seconds)
    return done.taken

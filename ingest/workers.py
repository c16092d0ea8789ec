"""Processes for large batches: Python takes longer over these than Postgres does."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from opentelemetry import trace

from ingest import metrics, worker
from ingest.backlog import Backlog
from ingest.preparing import Prepared, latest_time, prepare
from ingest.taking import Batch, Taken
from ledger.apart import executor, give_up
from ledger.application import Ledger

APART_FROM = 500  # reports: to send fewer to another process is not worth it
PART = 1_250  # reports at a time, of a batch that all of them prepare
PROCESSES = min((os.cpu_count() or 1) + 1, 4)  # one more than processors: mostly one of them waits for the log
TRACER = trace.get_tracer(__name__)

T = TypeVar("T")


class Workers:
    """They are started by the first batches that are large enough for them.

    Each method raises BrokenProcessPool where processes are killed as often as they are started.
    """

    def __init__(self, ledger: Ledger, backlog: Backlog) -> None:
        self._place = ledger.database_url, ledger.cell
        self._backlog = backlog
        self._processes: ProcessPoolExecutor | None = None

    async def prepare(self, batch: Batch, use: Callable[[Iterator[Prepared]], T]) -> T:
        """Done soonest: by all of them together, part by part. To send what they make costs a fifth more.

        What `use` makes of the parts, in a thread. It has to be safe to repeat.
        """
        return await self._persistently(lambda processes: asyncio.to_thread(use, _parts(processes, batch)))

    async def take(self, batch: Batch) -> Taken:
        """Done with least: by one of them, from reports to the log. Durable when it returns.

        Raises OverloadedError, or what Postgres raised.
        """
        with TRACER.start_as_current_span("prepare and append"):
            return await self._persistently(lambda processes: self._taken(processes, batch))

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

    async def _taken(self, processes: ProcessPoolExecutor, batch: Batch) -> Taken:
        loop, events = asyncio.get_running_loop(), len(batch.reports)
        self._backlog.take(events)
        try:
            work = processes.submit(worker.take, batch, latest_time())
        except BrokenProcessPool:
            self._backlog.let_go(events)
            raise
        work.add_done_callback(lambda _: loop.call_soon_threadsafe(self._backlog.let_go, events))  # not before, if the caller goes away
        with metrics.failures_of_appends():
            done = await asyncio.wrap_future(work)
        if done.events:
            metrics.appended(done.events, done.seconds)
        return done.taken


def _parts(processes: ProcessPoolExecutor, batch: Batch) -> Iterator[Prepared]:
    (reports, sender, reading), latest = batch, latest_time()
    parts = [
        processes.submit(prepare, reports[start : start + PART], sender, reading, latest, start) for start in range(0, len(reports), PART)
    ]
    return (part.result() for part in parts)

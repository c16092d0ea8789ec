"""Processes that take in large batches, each one after the other: Python takes longer over these than Postgres does."""

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from opentelemetry import trace

from ingest import metrics, worker
from ingest.backlog import Backlog
from ingest.preparing import latest_time
from ingest.taking import Batch, Taken
from ledger.apart import executor, give_up
from ledger.application import Ledger

APART_FROM = 500  # reports: to send fewer to another process is not worth it
PROCESSES = min((os.cpu_count() or 1) + 1, 4)  # one more than processors: mostly one of them waits for the log
TRACER = trace.get_tracer(__name__)


class Workers:
    """They are started by the first batches that are large enough for them."""

    def __init__(self, ledger: Ledger, backlog: Backlog) -> None:
        self._place = ledger.database_url, ledger.cell
        self._backlog = backlog
        self._processes: ProcessPoolExecutor | None = None

    async def take(self, batch: Batch) -> Taken:
        """From reports to the log. Durable when it returns.

        Raises OverloadedError, what Postgres raised, or BrokenProcessPool where processes are killed as often as they are started.
        """
        used = self._processes = self._processes or self._new()
        with TRACER.start_as_current_span("prepare and append"):
            try:
                return await self._taken(used, batch)
            except BrokenProcessPool:  # whatever it had recorded is known when it is told again
                give_up(used)
                if self._processes is used:  # else somebody else has new ones already
                    self._processes = self._new()
                return await self._taken(self._processes, batch)

    async def close(self) -> None:
        """Return when all that was given to them is done."""
        if self._processes is not None:
            await asyncio.to_thread(self._processes.shutdown)

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

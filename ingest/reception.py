"""From reports to a receipt: small batches here, in appends that they share, and large ones with the help of workers."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from opentelemetry import trace

from domain import limits
from domain.sealing import Seal
from ingest import metrics
from ingest.admission import Admission
from ingest.appender import Appender
from ingest.backlog import Backlog
from ingest.dialects import Reading
from ingest.lone import MAX_BYTES_AS_MADE, LoneAppender
from ingest.outcomes import Receipt, Sender
from ingest.preparing import Prepared, latest_time, prepare
from ingest.taking import Batch, Taken, is_whole, kept_and_told
from ingest.workers import PART, Parts, Workers, joined
from ledger.application import Ledger, Recording
from ledger.entries import Entries
from ledger.position import Position

APART_FROM = 500  # reports: to send fewer to another process is not worth it
AT_ONCE = 32  # reports, which take less than a thread takes to be woken
TRACER = trace.get_tracer(__name__)


class Reception:
    """Takes reports for one cell's ledger."""

    def __init__(self, ledger: Ledger, seal: Seal) -> None:
        self._ledger = ledger
        self._seal = seal
        self.admission = Admission()
        self.backlog = Backlog()
        self._appender = Appender(ledger, self.backlog)
        self._workers = Workers(ledger)
        self._lone = LoneAppender(ledger)
        self._large = 0  # how many large batches are under way
        self._under_way: set[asyncio.Task[Taken]] = set()  # these

    async def receive(self, reports: Sequence[bytes], sender: Sender, reading: Reading) -> Receipt:
        """Record what is good of `reports`, as `reading` understands them, and say what became of them. Durable when it returns."""
        batch = Batch(reports, sender, reading)
        attributes = {"tallygraph.dialect": reading.name, "tallygraph.events": len(reports)}
        with TRACER.start_as_current_span("receive batch", attributes=attributes) as span:
            found = await (self._taken(batch) if len(reports) < APART_FROM else self._taken_large(batch))
            position = None if found.position is None else Position(self._ledger.cell, found.position).sealed(self._seal)
            receipt = Receipt(found.recorded, found.duplicates, found.conflicts, found.rejected, position)
            for outcome, events in metrics.count(reading.name, receipt).items():
                span.set_attribute(f"tallygraph.{outcome}", events)
        return receipt

    async def close(self) -> None:
        """Return when nothing is under way any more."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._workers.close()
        await self._appender.close()

    async def _taken_large(self, batch: Batch) -> Taken:
        """By all workers together, where it comes alone; else each by one of them, whole. It goes on when its caller goes away."""
        alone = not self._large and len(batch.reports) > PART
        task = asyncio.create_task(self._taken_alone(batch) if alone else self._taken_beside(batch))
        self._large += 1
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: "asyncio.Task[Taken]") -> None:
        self._large -= 1
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # seen: a caller who went away does not look

    @contextmanager
    def _with_workers(self, batch: Batch) -> Iterator[None]:
        """Counted as waiting, and with a span of what workers do."""
        events = len(batch.reports)
        with self.backlog.held(events), TRACER.start_as_current_span("prepare and append", attributes={"tallygraph.events": events}):
            yield

    async def _taken_beside(self, batch: Batch) -> Taken:
        with self._with_workers(batch):
            return await self._workers.take(batch)

    async def _taken_alone(self, batch: Batch) -> Taken:
        with self._with_workers(batch):
            prepared, recording = await self._workers.prepare(batch, partial(self._copied, sum(map(len, batch.reports))))
        return await self._told(batch, prepared, recording)

    async def _copied(self, size: int, parts: Parts) -> tuple[Prepared, Recording | None]:
        """All of a batch of so many bytes, and what became of its events: null where they are not appended yet."""
        recording = await asyncio.to_thread(self._lone.append, parts) if size <= MAX_BYTES_AS_MADE else None
        return await joined(parts), recording

    async def _taken(self, batch: Batch) -> Taken:
        if len(batch.reports) <= AT_ONCE and sum(map(len, batch.reports)) <= AT_ONCE * limits.MAX_STRING_BYTES:
            return await self._told(batch, prepare(*batch, latest_time()))
        return await self._told(batch, await asyncio.to_thread(prepare, *batch, latest_time()))

    async def _told(self, batch: Batch, prepared: Prepared, recording: Recording | None = None) -> Taken:
        """What became of a batch, of which the events are appended now if they are not yet."""
        if recording is None and prepared.entries:
            recording = await self._appended(prepared.entries)
        if is_whole(prepared, recording):
            return kept_and_told(self._ledger, batch, prepared, recording)
        return await asyncio.to_thread(kept_and_told, self._ledger, batch, prepared, recording)

    async def _appended(self, entries: Entries) -> Recording:
        """With a span of what this sender waits for: the commit is shared with others."""
        with TRACER.start_as_current_span("append", attributes={"tallygraph.events": len(entries)}):
            return await self._appender.record(entries)

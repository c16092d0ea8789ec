"""From reports to a receipt: large batches by workers, small ones here, in appends that they share."""

import asyncio
from collections.abc import Sequence

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
from ingest.preparing import Prepared, joined, latest_time, prepare
from ingest.taking import Batch, Taken, is_whole, taken
from ingest.workers import APART_FROM, Workers
from ledger.application import Ledger, Recording
from ledger.entries import Entries
from ledger.position import Position

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
        self._workers = Workers(ledger, self.backlog)
        self._lone = LoneAppender(ledger)
        self._large = 0  # batches under way

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
        await self._appender.close()
        await self._workers.close()

    async def _taken_large(self, batch: Batch) -> Taken:
        """By all workers together, where it comes alone; else each by one of them, whole."""
        alone = not self._large
        self._large += 1
        try:
            return await (self._taken_alone(batch) if alone else self._workers.take(batch))
        finally:
            self._large -= 1

    async def _taken_alone(self, batch: Batch) -> Taken:
        if sum(map(len, batch.reports)) > MAX_BYTES_AS_MADE:
            return await self._told(batch, await self._workers.prepare(batch, joined))
        with self.backlog.held(len(batch.reports)), TRACER.start_as_current_span("prepare and append"):
            prepared, recording = await self._workers.prepare(batch, self._lone.append)
        return await self._told(batch, prepared, recording)

    async def _taken(self, batch: Batch) -> Taken:
        if len(batch.reports) <= AT_ONCE and sum(map(len, batch.reports)) <= AT_ONCE * limits.MAX_STRING_BYTES:
            return await self._told(batch, prepare(*batch, latest_time()))
        return await self._told(batch, await asyncio.to_thread(prepare, *batch, latest_time()))

    async def _told(self, batch: Batch, prepared: Prepared, recording: Recording | None = None) -> Taken:
        """What became of a batch, of which the events are appended now if they are not yet."""
        if recording is None and prepared.entries:
            recording = await self._appended(prepared.entries)
        if is_whole(prepared, recording):
            return taken(self._ledger, batch, prepared, recording)
        return await asyncio.to_thread(taken, self._ledger, batch, prepared, recording)

    async def _appended(self, entries: Entries) -> Recording:
        """With a span of what this sender waits for: the commit is shared with others."""
        with TRACER.start_as_current_span("append", attributes={"tallygraph.events": len(entries)}):
            return await self._appender.record(entries)

"""From reports to a receipt: prepare them, record what is good, keep aside what is not."""

import asyncio
from collections.abc import Sequence

import msgspec
from opentelemetry import trace

from domain import limits
from domain.names import account_id
from domain.sealing import Seal
from ingest import metrics
from ingest.admission import Admission
from ingest.appender import Appender
from ingest.dialects import Reading
from ingest.outcomes import Receipt, Refused, Sender
from ingest.preparing import Prepared, Preparers
from ledger import aside
from ledger.application import Ledger, Outcome, Recording
from ledger.entries import Entries
from ledger.position import Position

TRACER = trace.get_tracer(__name__)


class Reception:
    """Takes reports for one cell's ledger."""

    def __init__(self, ledger: Ledger, seal: Seal) -> None:
        self._ledger = ledger
        self._seal = seal
        self._preparers = Preparers()
        self.admission = Admission()
        self.appender = Appender(ledger)

    async def receive(self, reports: Sequence[bytes], sender: Sender, reading: Reading) -> Receipt:
        """Record what is good of `reports`, as `reading` understands them, and say what became of them. Durable when it returns."""
        attributes = {"tallygraph.dialect": reading.name, "tallygraph.events": len(reports)}
        with TRACER.start_as_current_span("receive batch", attributes=attributes) as span:
            receipt = await self._received(reports, sender, reading)
            for outcome, events in metrics.count(reading.name, receipt).items():
                span.set_attribute(f"tallygraph.{outcome}", events)
        return receipt

    async def _received(self, reports: Sequence[bytes], sender: Sender, reading: Reading) -> Receipt:
        prepared = await self._preparers.prepare(reports, sender, reading)
        recording = await self._appended(prepared.entries) if prepared.entries else None
        not_kept = aside.NotKept(set(), set())
        if prepared.refused or (recording and recording.conflicts):
            not_kept = await asyncio.to_thread(self._keep, reports, prepared, recording, sender, reading)
        return self._receipt(prepared, recording, not_kept)

    async def _appended(self, entries: Entries) -> Recording:
        """With a span of what this sender waits for: the commit is shared with others."""
        with TRACER.start_as_current_span("append", attributes={"tallygraph.events": len(entries)}):
            return await self.appender.record(entries)

    async def close(self) -> None:
        """Return when nothing is under way any more."""
        await self.appender.close()
        await self._preparers.close()

    def _keep(
        self, reports: Sequence[bytes], prepared: Prepared, recording: Recording | None, sender: Sender, reading: Reading
    ) -> aside.NotKept:
        rejected = [
            aside.Rejected(sender.account, reading.name, each.field, each.message, body)
            for each in prepared.refused
            for body in (reading.kept(reports[each.index])[: limits.MAX_EVENT_BYTES],)  # a longer one is no event, whatever its rest says
        ]
        conflicting = [
            aside.Conflicting(account_id(event.account), event.originator_id, each.standing_topic, each.standing, event.TOPIC, each.refused)
            for each in (recording.conflicts if recording else ())
            for event in (prepared.entries.event(each.index),)
        ]
        return self._ledger.beside(lambda connection: aside.keep(connection, rejected, conflicting))

    def _receipt(self, prepared: Prepared, recording: Recording | None, not_kept: aside.NotKept) -> Receipt:
        rejected = _told(prepared.refused, not_kept.rejected, "MAX_REJECTED_BYTES_PER_ACCOUNT")
        if recording is None:
            return Receipt(0, 0, [], rejected, None)
        conflicts = [
            Refused(prepared.indexes[each.index], prepared.entries.event(each.index).id, None, SAME_NAME) for each in recording.conflicts
        ]
        return Receipt(
            recording.outcomes.count(Outcome.RECORDED),
            recording.outcomes.count(Outcome.DUPLICATE),
            _told(conflicts, not_kept.conflicting, "MAX_CONFLICT_BYTES_PER_ACCOUNT"),
            rejected,
            Position(self._ledger.cell, recording.position).sealed(self._seal),
        )


SAME_NAME = "this source and id already stand for another content: the first report stands"


def _told(refused: Sequence[Refused], not_kept: set[int], limit: str) -> list[Refused]:
    """The same, but those that are not kept aside say so: then it is the sender's to keep them."""
    reason = f"; not kept aside, for {getattr(limits, limit)} bytes of this account are already ({limit}): keep it yourself"
    return [msgspec.structs.replace(each, message=each.message + reason) if i in not_kept else each for i, each in enumerate(refused)]

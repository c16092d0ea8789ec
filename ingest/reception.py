"""From reports to a receipt: prepare them, record what is good, keep aside what is not."""

import asyncio
from collections.abc import Sequence

from domain.names import account_id
from domain.sealing import Seal
from ingest.appender import Appender
from ingest.outcomes import Receipt, Refused, Sender
from ingest.preparing import Prepared, Preparers
from ledger import aside
from ledger.application import Ledger, Outcome, Recording
from ledger.position import Position


class Reception:
    """Takes reports for one cell's ledger."""

    def __init__(self, ledger: Ledger, seal: Seal) -> None:
        self._ledger = ledger
        self._seal = seal
        self._preparers = Preparers()
        self.appender = Appender(ledger)

    async def receive(self, reports: Sequence[bytes], sender: Sender, dialect: str) -> Receipt:
        """Record what is good of `reports`, each one CloudEvent in JSON, and say what became of them. Durable when it returns."""
        prepared = await self._preparers.prepare(reports, sender)
        recording = await self.appender.record(prepared.entries) if prepared.entries else None
        if prepared.refused or (recording and recording.conflicts):
            await asyncio.to_thread(self._keep, prepared, recording, sender, dialect)
        return self._receipt(prepared, recording)

    async def close(self) -> None:
        """Return when nothing is under way any more."""
        await self.appender.close()
        await self._preparers.close()

    def _keep(self, prepared: Prepared, recording: Recording | None, sender: Sender, dialect: str) -> None:
        rejected = [
            aside.Rejected(sender.account, dialect, each.field, each.message, body)
            for each, body in zip(prepared.refused, prepared.bodies, strict=True)
        ]
        conflicting = [
            aside.Conflicting(account_id(event.account), event.originator_id, each.standing_topic, each.standing, event.TOPIC, each.refused)
            for each in (recording.conflicts if recording else ())
            for event in (prepared.entries.event(each.index),)
        ]
        self._ledger.beside(lambda connection: aside.keep(connection, rejected, conflicting))

    def _receipt(self, prepared: Prepared, recording: Recording | None) -> Receipt:
        if recording is None:
            return Receipt(0, 0, [], prepared.refused, None)
        conflicts = [
            Refused(prepared.indexes[each.index], prepared.entries.event(each.index).id, None, SAME_NAME) for each in recording.conflicts
        ]
        return Receipt(
            recording.outcomes.count(Outcome.RECORDED),
            recording.outcomes.count(Outcome.DUPLICATE),
            conflicts,
            prepared.refused,
            Position(self._ledger.cell, recording.position).sealed(self._seal),
        )


SAME_NAME = "this source and id already stand for another content: the first report stands"

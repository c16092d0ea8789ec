"""From reports to a receipt: parse each, record what is good, keep aside what is not."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from domain import limits
from domain.events import UsageEvent, microseconds
from domain.names import account_id
from domain.sealing import Seal
from ingest import cloudevents
from ingest.appender import Appender
from ingest.outcomes import Receipt, Refused, Sender, UnacceptableError
from ledger import aside
from ledger.application import Ledger, Outcome, Recording
from ledger.position import Position


class Reception:
    """Takes reports for one cell's ledger."""

    def __init__(self, ledger: Ledger, seal: Seal) -> None:
        self._ledger = ledger
        self._seal = seal
        self.appender = Appender(ledger)

    async def receive(self, reports: Sequence[bytes], sender: Sender, dialect: str) -> Receipt:
        """Record what is good of `reports`, each one CloudEvent in JSON, and say what became of them. Durable when it returns."""
        events, refused, bodies = await asyncio.to_thread(self._parse, reports, sender)
        return await self.record(events, refused, bodies, sender, dialect)

    async def record(
        self,
        events: Sequence[tuple[int, UsageEvent]],
        refused: Sequence[Refused],
        bodies: Sequence[bytes],
        sender: Sender,
        dialect: str,
    ) -> Receipt:
        """Record `events`, which have their index in the batch; keep `bodies`, which are those of `refused`, aside."""
        recording = await self.appender.record([event for _, event in events]) if events else None
        conflicts = recording.conflicts if recording else []
        if refused or conflicts:
            rejected = [
                aside.Rejected(sender.account, dialect, each.field, each.message, body) for each, body in zip(refused, bodies, strict=True)
            ]
            conflicting = [
                aside.Conflicting(
                    account_id(event.account), event.originator_id, each.standing_topic, each.standing, event.TOPIC, each.refused
                )
                for each in conflicts
                for event in (events[each.index][1],)
            ]
            await asyncio.to_thread(self._keep, rejected, conflicting)
        return self._receipt(events, recording, refused)

    def _parse(self, reports: Iterable[bytes], sender: Sender) -> tuple[list[tuple[int, UsageEvent]], list[Refused], list[bytes]]:
        latest = microseconds(datetime.now(UTC) + limits.MAX_CLOCK_LEAD)
        events: list[tuple[int, UsageEvent]] = []
        refused: list[Refused] = []
        bodies: list[bytes] = []
        for i, report in enumerate(reports):
            try:
                events.append((i, cloudevents.parse(report, sender, latest)))
            except UnacceptableError as error:
                refused.append(Refused(i, cloudevents.reported_id(report), error.field, str(error)))
                bodies.append(report[: limits.MAX_EVENT_BYTES])  # a longer one is no event, whatever its rest may say
        return events, refused, bodies

    def _keep(self, rejected: Sequence[aside.Rejected], conflicting: Sequence[aside.Conflicting]) -> None:
        self._ledger.beside(lambda connection: aside.keep(connection, rejected, conflicting))

    def _receipt(self, events: Sequence[tuple[int, UsageEvent]], recording: Recording | None, refused: Sequence[Refused]) -> Receipt:
        if recording is None:
            return Receipt(0, 0, [], list(refused), None)
        conflicts = [
            Refused(index, event.id, None, "this source and id already stand for another content: the first report stands")
            for index, event in (events[each.index] for each in recording.conflicts)
        ]
        return Receipt(
            recording.outcomes.count(Outcome.RECORDED),
            recording.outcomes.count(Outcome.DUPLICATE),
            conflicts,
            list(refused),
            Position(self._ledger.cell, recording.position).sealed(self._seal),
        )

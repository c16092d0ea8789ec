"""Events in the form in which they are appended: made before the log is locked, and light enough to be sent between processes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from domain.events import UsageEvent
from ledger.binary import event_row, topic_and_state
from ledger.shapes import READERS, to_state

Place = bytes
"""Where an event stands: the 16 bytes of its stream, and behind them, for a version past the first, 8 bytes of that."""

ID = slice(0, 16)


def place_of(originator_id: bytes, version: int) -> Place:
    """The place of that version of a stream."""
    return originator_id if version == 1 else originator_id + version.to_bytes(8)


@dataclass(slots=True)
class Entries:
    """Events in the order in which they were told."""

    places: list[Place] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)  # of a COPY, without the position
    accounts: set[str] = field(default_factory=set)  # whose events they are

    @classmethod
    def of(cls, events: Iterable[UsageEvent]) -> Self:
        """Those of `events`."""
        entries = cls()
        for event in events:
            entries.append(event)
        return entries

    def __len__(self) -> int:
        return len(self.rows)

    def append(self, event: UsageEvent) -> None:
        """Add one."""
        originator_id, version = event.originator_id, event.originator_version
        self.places.append(originator_id if version == 1 else place_of(originator_id, version))
        self.rows.append(event_row(originator_id, version, event.TOPIC, to_state(event)))
        self.accounts.add(event.account)

    def extend(self, others: Self) -> None:
        """Add others."""
        self.places += others.places
        self.rows += others.rows
        self.accounts |= others.accounts

    def state(self, index: int) -> bytes:
        """What would be stored of one."""
        return topic_and_state(self.rows[index])[1]

    def event(self, index: int) -> UsageEvent:
        """One of them, as it was."""
        topic, state = topic_and_state(self.rows[index])
        return READERS[topic](state)

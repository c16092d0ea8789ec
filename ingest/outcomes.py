"""What became of a report: outcomes are data, because half of a batch may be good."""

from dataclasses import dataclass, field
from functools import cache
from typing import Self

import msgspec

from domain.access import Scope, Viewer, needed_to_report
from domain.event_types import EVENT_TYPES


class Refused(msgspec.Struct, frozen=True, omit_defaults=False):
    """One report that is not in the log: where it stood in its batch, which field is at fault, and why."""

    index: int
    id: str | None
    field: str | None
    message: str


MAX_MESSAGE_CHARACTERS = 2_000


class UnacceptableError(Exception):
    """Raised when a report cannot become an event. Says which field, and why."""

    def __init__(self, field: str | None, message: str) -> None:
        """A message that quotes what was sent is cut, and freed of NUL, which Postgres cannot hold."""
        super().__init__(message[:MAX_MESSAGE_CHARACTERS].replace("\0", "\\0"))
        self.field = field


class Receipt(msgspec.Struct, frozen=True):
    """The answer to a batch. `position` covers every event recorded or found to be a duplicate."""

    recorded: int
    duplicates: int
    conflicts: list[Refused]
    rejected: list[Refused]
    position: str | None

    @property
    def accepted(self) -> bool:
        """Whether anything of the batch stands, or there was nothing to refuse."""
        return bool(self.recorded or self.duplicates or not (self.conflicts or self.rejected))


@dataclass(frozen=True, slots=True)
class Sender:
    """Who reports, for which account (null speaks for all of them), and what they may tell."""

    account: str | None
    name: str = ""
    scopes: frozenset[Scope] = frozenset({Scope.INGEST})
    tells: frozenset[str] = field(init=False, repr=False, compare=False)  # types of events: asked of every one of them

    def __post_init__(self) -> None:
        object.__setattr__(self, "tells", _told_by(self.scopes, self.account is None))

    @classmethod
    def of(cls, viewer: Viewer) -> Self:
        """The bearer of a token."""
        return cls(viewer.account, viewer.token_name, viewer.scopes)

    def require(self, topic: str) -> None:
        """Raises UnacceptableError where the sender may not tell events of this type."""
        if topic in self.tells:
            return
        needed = needed_to_report(topic)
        if needed not in self.scopes:
            raise UnacceptableError("type", f"needs a token with the scope {needed.value}, which {self.name!r} lacks")
        raise UnacceptableError("type", f"needs a token of all accounts, and {self.name!r} is of one")


@cache
def _told_by(scopes: frozenset[Scope], for_all: bool) -> frozenset[str]:
    """Types of events that a token may tell: worked out once for every kind of token, not for every batch."""
    needed = {topic: needed_to_report(topic) for topic in EVENT_TYPES}
    return frozenset(topic for topic, scope in needed.items() if scope in scopes and (for_all or scope is not Scope.OPERATE))

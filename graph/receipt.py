"""What becomes of events that are told over GraphQL, as whoever records them says."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from domain.access import Viewer


class Refused(Protocol):
    """A report that is not in the log."""

    @property
    def index(self) -> int: ...
    @property
    def id(self) -> str | None: ...
    @property
    def field(self) -> str | None: ...
    @property
    def message(self) -> str: ...


class Receipt(Protocol):
    """What became of a batch of reports."""

    @property
    def recorded(self) -> int: ...
    @property
    def duplicates(self) -> int: ...
    @property
    def conflicts(self) -> Sequence[Refused]: ...
    @property
    def rejected(self) -> Sequence[Refused]: ...
    @property
    def position(self) -> str | None: ...


RecordUsage = Callable[[Sequence[dict[str, Any]], Viewer], Awaitable[Receipt]]
"""Records reports, each one CloudEvent, as told by the viewer, whose scopes decide of which types they may be. The receipt's position is
sealed. Raises UnavailableError of graph.errors where too many wait to be recorded.
"""

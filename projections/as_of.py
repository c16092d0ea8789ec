"""As of a position: a snapshot in which the log ends there, for what was believed then, before late events and corrections came."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from domain.events import EPOCH
from projections.generations import Generation
from projections.snapshot import Snapshot
from projections.together import NONE, Parameters, Rows


class NotIncludedError(ValueError):
    """Raised when the read models do not include all of the past that is asked about."""


class PastSnapshot(Snapshot):
    """Sees what `present` sees, and says that it ends at a position. What is asked of it leaves out what came later, as `as_of` says."""

    def __init__(self, present: Snapshot, state: Generation) -> None:
        super().__init__(present.pool, present.cell)
        self.present = present
        self.as_of = state.position
        self._past = state

    async def state(self) -> Generation:
        """The live read models, as far as they count."""
        return self._past

    async def generation(self) -> int:
        """As the present snapshot: to look would take a connection of its own."""
        return self._past.number

    async def rows(self, text: str, parameters: Parameters = NONE) -> Rows:
        """As the present snapshot."""
        return await self.present.rows(text, parameters)

    async def stream(self, text: str, parameters: Parameters = NONE, size: int = 2_000) -> AsyncIterator[tuple[Any, ...]]:
        """As the present snapshot."""
        async for row in self.present.stream(text, parameters, size):
            yield row

    async def close(self) -> None:
        """Whoever has opened the present snapshot closes it."""


async def as_of(snapshot: Snapshot, position: int) -> PastSnapshot:
    """As if the log ended at `position`. "Now" is when the event there was recorded, so one position has one answer, for ever.

    Raises NotIncludedError.
    """
    state = await snapshot.state()
    if position > state.position:
        raise NotIncludedError("it is ahead of what the read models include: give it as atLeast, too, and it is waited for")
    rows = await snapshot.rows(RECORDED_AT, {"position": position}) if position else [(EPOCH,)]
    ((recorded_at,),) = rows
    return PastSnapshot(snapshot, state._replace(position=position, complete_through=recorded_at))


async def recorded_before(snapshot: Snapshot, instant: datetime) -> PastSnapshot:
    """As if nothing had been recorded at `instant` or later, and it were that instant. Raises NotIncludedError."""
    state = await snapshot.state()
    if instant > state.complete_through:
        raise NotIncludedError(
            f"it is later than {state.complete_through:%Y-%m-%dT%H:%M:%S.%fZ}, and what is recorded after that is not known yet"
        )
    ((position,),) = await snapshot.rows(LAST_BEFORE, {"instant": instant})
    return PastSnapshot(snapshot, state._replace(position=position, complete_through=instant))


# A position may lie within an append: then not all of its instant is included.
RECORDED_AT = "SELECT recorded_at FROM {appends} WHERE position >= %(position)s ORDER BY position LIMIT 1"
LAST_BEFORE = """
    SELECT coalesce(max(position), 0) FROM {appends}
    WHERE recorded_at = (SELECT max(recorded_at) FROM {appends} WHERE recorded_at < %(instant)s)"""

"""As of: figures as they were believed at an earlier place in the log, or before an instant."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from graph.context import Context
from graph.errors import BadInputError
from graph.inputs import given
from graph.scalars import Position
from ledger import position
from ledger.position import PositionUnknownError
from projections import as_of
from projections.as_of import NotIncludedError
from projections.snapshot import Snapshot

AsOf: TypeAlias = Annotated[
    Position | None,
    strawberry.argument(
        description="What was believed when the log ended there: without the events, the corrections and the ratings that came later. The"
        ' "now" of the answer is when the last of those events was recorded, so it stays the same for ever. Names of API keys are'
        " those of today."
    ),
]
RecordedBefore: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="What was believed at this instant, in place of `asOf`: of all that was recorded before it, with it as the"
        ' "now" of the answer. Not after `completeThrough`.'
    ),
]


async def snapshot_of(context: Context, position: str | None, instant: datetime | None) -> Snapshot:
    """The operation's snapshot; as of one of the two arguments, where one is given. Raises BadInputError."""
    snapshot = await context.snapshot()
    position, instant = given(position), given(instant)
    if position is not None and instant is not None:
        raise BadInputError("asOf and recordedBefore both say when: give one of them.", field=("recordedBefore",))
    if position is not None:
        return await _as_of(context, snapshot, position)
    if instant is not None:
        return await _recorded_before(snapshot, instant)
    return snapshot


async def _as_of(context: Context, snapshot: Snapshot, text: str) -> Snapshot:
    try:
        place = position.opened(text, context.services.seal)
        if place.cell != snapshot.cell:
            raise BadInputError("asOf: this position is of another part of the service than the account.", field=("asOf",))
        return await as_of.as_of(snapshot, place.id)
    except (PositionUnknownError, NotIncludedError) as error:
        raise BadInputError(f"asOf: {error}.", field=("asOf",)) from None


async def _recorded_before(snapshot: Snapshot, instant: datetime) -> Snapshot:
    try:
        return await as_of.recorded_before(snapshot, instant)
    except NotIncludedError as error:
        raise BadInputError(f"recordedBefore: {error}.", field=("recordedBefore",)) from None

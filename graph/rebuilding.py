"""Building read models anew: asked for here, and done beside whoever follows the log."""

from dataclasses import replace
from typing import Annotated

import strawberry

from graph.context import Info
from graph.errors import NotFoundError
from graph.event_log import ReadModelState, read_model_state
from graph.user_error import UserError, user_error
from projections import directory, rebuilds
from projections.read_model import GROUP

Name = Annotated[
    str,
    strawberry.argument(
        description='One of `eventLog.readModels`, or "usage" for all. Those that agree are built together, so any is all.'
    ),
]


@strawberry.type(description="The read model that is to be built anew, or why it is not.")
class RebuildPayload:
    read_model: ReadModelState | None = strawberry.field(
        description="How far it is. It answers as before until another one takes its place: see its `rebuilding`. Null with errors."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where nothing was.")


async def rebuild_read_model(info: Info, name: Name) -> RebuildPayload:
    """The wish is durable when this returns."""
    context = info.context
    context.require_operator("rebuildReadModel")
    if name not in rebuilds.NAMES:
        unknown = NotFoundError(f"There is no read model {name!r}: there are {', '.join(rebuilds.NAMES)}.", field=("name",))
        return RebuildPayload(read_model=None, errors=[user_error(unknown)])
    await context.services.ask_for_rebuild()
    _, states = await directory.read_models(await context.snapshot())
    state = next(each for each in states if name in {each.name, GROUP})
    # It is asked for, also where a standby that is read from has not heard of that yet.
    state = replace(state, name=name, rebuilding=state.rebuilding or 0.0)
    return RebuildPayload(read_model=read_model_state(context, state), errors=[])

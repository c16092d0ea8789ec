"""The log itself: how far it is, how far the read models are behind, and single events of it."""

from datetime import datetime

import strawberry

from graph.context import Context, Info
from graph.scalars import JSON, BigInt, Position
from projections import directory
from projections.log_streams import LoggedEvent


@strawberry.type(description="One event, as it was recorded.")
class Event:
    position: Position = strawberry.field(description="Its place in the log.")
    type: str = strawberry.field(description='What it says, such as "request.completed".')
    version: int = strawberry.field(description="Its place among the events of the same thing, from 1.")
    recorded_at: datetime = strawberry.field(description="When it was recorded: by our clock, not the reporter's.")
    time: datetime = strawberry.field(description="When it happened, by its reporter's clock.")
    source: str = strawberry.field(description="Who reported it.")
    event_id: str = strawberry.field(description="The event's id: with `source`, its name.")
    data: JSON = strawberry.field(description="What was reported. Fields that we do not know are kept.")


@strawberry.type(description="How far a read model is.")
class ReadModelState:
    name: str = strawberry.field(description="The read model's name.")
    position: Position = strawberry.field(description="The place in the log up to which it includes every event.")
    lag: BigInt = strawberry.field(description="How many recorded events it does not include yet.")
    rebuilding: float | None = strawberry.field(
        description="From 0 to 1: how far another one is, which is built anew beside it to take its place; null where none is to be."
    )


@strawberry.type(description="The log: every fact, in the order in which it was recorded.")
class EventLog:
    position: Position = strawberry.field(description="The place of the last event.")
    read_models: list[ReadModelState] = strawberry.field(description="The read models, by name.")


def event(context: Context, logged: LoggedEvent) -> Event:
    """The event as the answer shows it."""
    return Event(
        position=context.sealed(logged.position),
        type=logged.type,
        version=logged.version,
        recorded_at=logged.recorded_at,
        time=logged.occurred_at,
        source=logged.source,
        event_id=logged.event_id,
        data=logged.data,
    )


async def event_log(info: Info) -> EventLog:
    """For operators."""
    context = info.context
    context.require_operator("eventLog")
    position, states = await directory.read_models(await context.snapshot())
    return EventLog(position=context.sealed(position), read_models=[read_model_state(context, each) for each in states])


def read_model_state(context: Context, state: directory.ReadModelState) -> ReadModelState:
    """How far it is, as the answer shows it."""
    return ReadModelState(name=state.name, position=context.sealed(state.position), lag=state.lag, rebuilding=state.rebuilding)

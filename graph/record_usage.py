"""Usage reported over GraphQL: the same events as those of `POST /v1/events`, with the same receipt."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from domain.access import Scope
from domain.limits import MAX_EVENTS_PER_BATCH
from graph.context import Info
from graph.errors import LimitError
from graph.receipt import Receipt, Refused
from graph.scalars import Position
from graph.usage_event_input import UsageEventInput, cloudevent_of, field_of


@strawberry.type(description="A report that is not in the log.")
class RejectedEvent:
    index: int = strawberry.field(description="Its place among the events of the mutation, from 0.")
    id: str | None = strawberry.field(description="The id that it gave itself.")
    field: str | None = strawberry.field(description="The field at fault; null where it is the whole.")
    message: str = strawberry.field(description="What is wrong with it.")


@strawberry.type(description="What became of the events. Half of them may be good: that half is recorded.")
class RecordUsagePayload:
    recorded: int = strawberry.field(description="How many are new in the log.")
    duplicates: int = strawberry.field(description="How many were in the log already, with the same content. They count nothing.")
    conflicts: list[RejectedEvent] = strawberry.field(
        description="Those whose source and id already stand for another content: the first one stands."
    )
    rejected: list[RejectedEvent] = strawberry.field(
        description="Those that could not be understood. They are kept aside; nothing is lost."
    )
    position: Position | None = strawberry.field(
        description="Covers every event recorded or found to be a duplicate: pass it on as `atLeast` to read your own writes."
    )


async def record_usage(
    info: Info,
    events: Annotated[list[UsageEventInput], strawberry.argument(description="The events: 10,000 at most (MAX_EVENTS_PER_BATCH).")],
) -> RecordUsagePayload:
    """Durable when it returns."""
    context = info.context
    context.require(Scope.INGEST, "recordUsage")
    if len(events) > MAX_EVENTS_PER_BATCH:
        raise LimitError(
            "EVENTS_PER_BATCH",
            f"{len(events):,} events are more than {MAX_EVENTS_PER_BATCH:,} at a time (MAX_EVENTS_PER_BATCH): send them in parts.",
        )
    return _payload(await context.services.record_usage([cloudevent_of(event) for event in events], context.viewer))


def _payload(receipt: Receipt) -> RecordUsagePayload:
    return RecordUsagePayload(
        recorded=receipt.recorded,
        duplicates=receipt.duplicates,
        conflicts=_rejected(receipt.conflicts),
        rejected=_rejected(receipt.rejected),
        position=receipt.position,
    )


def _rejected(refused: Sequence[Refused]) -> list[RejectedEvent]:
    return [RejectedEvent(index=each.index, id=each.id, field=field_of(each.field), message=each.message) for each in refused]

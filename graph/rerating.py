"""Rating again: requests of a range take the prices known now."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID, uuid4

import strawberry

from domain.names import event_originator_id
from domain.notation import instant
from domain.price_events import PLATFORM, RatingRenewed
from graph.context import Context, Info
from graph.errors import ApiError, NotFoundError
from graph.inputs import TimeRange, given
from graph.reach import account_by_id
from graph.scalars import BigInt, Position
from graph.user_error import UserError, bad_input, user_error
from projections import log_streams, reratings
from projections.reratings import Rerating

SOURCE = "graphql/rerate"


@strawberry.input(description="Which requests to rate again, and why.")
class RerateInput:
    account_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The account whose requests are rated again; those of all accounts where absent."
    )
    range: TimeRange = strawberry.field(description="When the requests happened, [from, to).")
    models: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Only requests to these models: 1,000 at most (MAX_MODELS_PER_RENEWAL); all where absent."
    )
    reason: str = strawberry.field(description="Why: it is kept in the log.")


@strawberry.type(description="What rating again has changed. Numbers are null as long as the figures do not include it.")
class ReratePayload:
    requests: BigInt | None = strawberry.field(description="How many requests were rated again.")
    changed_requests: BigInt | None = strawberry.field(description="How many of them have another fee than before.")
    fee_before: Decimal | None = strawberry.field(description="What those that were rated again cost before, in USD, as far as was known.")
    fee_after: Decimal | None = strawberry.field(description="What they cost now, in USD, as far as is known.")
    position: Position | None = strawberry.field(
        description="Covers it: pass it on as `atLeast` to read figures that include it. Null where nothing was recorded."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where nothing was.")


async def rerate(info: Info, input: Annotated[RerateInput, strawberry.argument(description="What to rate again.")]) -> ReratePayload:
    """Recorded when it returns; what it changes is told where that is known in time."""
    context = info.context
    context.require_operator("rerate")
    try:
        event = await _cloudevent(context, input)
        receipt = await context.services.record_usage([event], context.viewer)
        if receipt.rejected:
            raise bad_input(receipt.rejected[0], "input")
    except ApiError as error:
        return _payload(None, None, [user_error(error)])
    assert receipt.position is not None, "what is not rejected has a position"
    return _payload(await _result(context, event["id"], receipt.position), receipt.position, [])


async def _cloudevent(context: Context, input: RerateInput) -> dict[str, Any]:
    """Raises BadInputError, NotFoundError."""
    range = input.range.checked("input", "range")
    subject = None
    if (account_id := given(input.account_id)) is not None:
        account = await account_by_id(context, account_id)
        if account is None:
            raise NotFoundError("There is no such account: give the id of one that you see.", field=("input", "accountId"))
        subject = account.key
    return {
        "specversion": "1.0",
        "type": RatingRenewed.TOPIC,
        "source": SOURCE,
        "id": str(uuid4()),
        "subject": subject,
        "time": instant(context.services.clock()),
        "data": {
            "range": {"from": instant(range.start), "to": instant(range.end)},
            "models": given(input.models),
            "reason": input.reason,
        },
    }


async def _result(context: Context, id: str, position: str) -> Rerating | None:
    """Null where the read models do not include it in time."""
    if not await context.read_on(position):
        return None
    snapshot = await context.snapshot()
    [told] = await log_streams.told_of(snapshot, UUID(bytes=event_originator_id(PLATFORM, SOURCE, id)))
    return await reratings.result(snapshot, told.position)


def _payload(result: Rerating | None, position: str | None, errors: list[UserError]) -> ReratePayload:
    return ReratePayload(
        requests=None if result is None else result.requests,
        changed_requests=None if result is None else result.changed,
        fee_before=None if result is None else result.fee_before,
        fee_after=None if result is None else result.fee_after,
        position=position,
        errors=errors,
    )

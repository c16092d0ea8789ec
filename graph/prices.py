"""Setting prices."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

import msgspec
import strawberry

from domain.events import microseconds
from domain.notation import amount, cloudevent
from domain.price_events import PLATFORM, PriceSet
from domain.prices import Price
from graph.context import Context, Info
from graph.errors import ApiError
from graph.price_inputs import PriceInput, to_prices
from graph.receipt import Receipt
from graph.scalars import Position
from graph.user_error import UserError, bad_input, user_error
from projections.price_records import recorded_before

SOURCE = "graphql/prices"


@strawberry.input(description="Which prices to set.")
class SetPricesInput:
    prices: list[PriceInput] = strawberry.field(
        description="The prices: 1,000 at most (MAX_PRICES). All of them are set, or none where one is wrong."
    )


@strawberry.type(description="What became of the prices.")
class SetPricesPayload:
    recorded: int = strawberry.field(description="How many are new. One that holds already, from the same instant, is not set again.")
    position: Position | None = strawberry.field(
        description="Covers the prices: requests recorded after it are rated with them. Null where none was given."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where nothing was.")


async def set_prices(
    info: Info, input: Annotated[SetPricesInput, strawberry.argument(description="Which prices to set.")]
) -> SetPricesPayload:
    """Durable when it returns."""
    context = info.context
    context.require_operator("setPrices")
    try:
        prices = to_prices(input.prices, ("input", "prices"))
        receipt = await _told(context, prices)
        recorded, position = receipt.recorded, receipt.position
        # Known already, perhaps since before another one took its place: then it is told once more.
        if recorded < len({*prices}) and position is not None and await context.read_on(position):
            again = await _told(context, prices)
            recorded, position = recorded + again.recorded, again.position
    except ApiError as error:
        return SetPricesPayload(recorded=0, position=None, errors=[user_error(error)])
    return SetPricesPayload(recorded=recorded, position=position, errors=[])


async def _told(context: Context, prices: Sequence[Price]) -> Receipt:
    """Raises BadInputError."""
    snapshot, now = await context.snapshot(), context.services.clock()
    held = await recorded_before(snapshot, prices)
    # An id stands for the whole price, so what conflicts is the same price, told when it was not in force yet: at another time.
    receipt = await context.services.record_usage([_cloudevent(price, held[price], now) for price in prices], context.viewer)
    if receipt.rejected:
        refused = receipt.rejected[0]
        raise bad_input(refused, "input", "prices", str(refused.index))
    return receipt


def _cloudevent(price: Price, before: int, now: datetime) -> dict[str, Any]:
    """The event that sets `price`, which was set so often `before`, and then took another one's place.

    Of the time from which the price is in force, so that it is the same event when it is told again; of now, where that is to come.
    """
    time = min(price.effective_from, microseconds(now))
    event = PriceSet(
        PLATFORM,
        SOURCE,
        "",
        time,
        price.model,
        price.direction,
        price.category,
        price.unit,
        amount(price.unit_price),
        price.effective_from,
        price.provider,
        price.above_prompt_tokens,
        price.service_tier,
    )
    told = cloudevent(event)
    id = blake2b(msgspec.json.encode(told["data"], order="sorted"), digest_size=16).hexdigest()
    return {**told, "id": f"{id}-{before}" if before else id}

"""Setting prices."""

from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

import msgspec
import strawberry

from domain.events import microseconds
from domain.notation import cloudevent
from domain.price_events import PLATFORM, PriceSet
from domain.prices import Price
from graph.context import Info
from graph.errors import ApiError
from graph.price_inputs import PriceInput, to_prices
from graph.scalars import Position, serialize_decimal
from graph.user_error import UserError, bad_input, user_error

SOURCE = "graphql/prices"


@strawberry.input(description="Which prices to set.")
class SetPricesInput:
    prices: list[PriceInput] = strawberry.field(
        description="The prices: 1,000 at most (MAX_PRICES). All of them are set, or none where one is wrong."
    )


@strawberry.type(description="What became of the prices.")
class SetPricesPayload:
    recorded: int = strawberry.field(
        description="How many are new. One that was set before, from the same instant, is not set again, also if another one took its"
        " place since: to return to it, set it from a later instant."
    )
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
        now = context.services.clock()
        receipt = await context.services.record_usage([_cloudevent(price, now) for price in prices], context.viewer)
        if receipt.rejected:
            refused = receipt.rejected[0]
            raise bad_input(refused, "input", "prices", str(refused.index))
    except ApiError as error:
        return SetPricesPayload(recorded=0, position=None, errors=[user_error(error)])
    # An id stands for the whole price, so what conflicts is the same price, told when it was not in force yet: at another time.
    return SetPricesPayload(recorded=receipt.recorded, position=receipt.position, errors=[])


def _cloudevent(price: Price, now: datetime) -> dict[str, Any]:
    """Of the time from which the price is in force, so that it is the same event when it is told again; of now, where that is to come."""
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
        serialize_decimal(price.unit_price),
        price.effective_from,
        price.provider,
        price.above_prompt_tokens,
        price.service_tier,
    )
    told = cloudevent(event)
    return {**told, "id": blake2b(msgspec.json.encode(told["data"], order="sorted"), digest_size=16).hexdigest()}

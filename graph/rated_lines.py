"""How a request's fee came about, line by line, down to the events that set the prices."""

from decimal import Decimal

import strawberry

from domain.prices import Price
from domain.quantities import label
from domain.rating import Explained
from domain.rating import RatedLine as Line
from graph.context import Context, Info
from graph.event_log import Event, event
from graph.price_inputs import PriceDirection
from graph.scalars import BigInt
from projections import explanations, log_streams
from projections.history_pages import Request
from projections.log_streams import LoggedEvent


@strawberry.type(description="One line of a request and the price that it took: quantity times unitPrice is fee, exactly.")
class RatedLine:
    direction: PriceDirection = strawberry.field(description="Which side of the request it is of.")
    category: str = strawberry.field(description='The kind of usage, as it was reported, such as "prompt" or "cached".')
    label: str = strawberry.field(description='What people call it, such as "Cached tokens".')
    quantity: BigInt = strawberry.field(description="How much of it, in its unit.")
    unit: str = strawberry.field(description='What is counted: "token", or another unit such as "image".')
    unit_price: Decimal | None = strawberry.field(description="The price of one unit; null where none was found, and where none is needed.")
    fee: Decimal | None = strawberry.field(description="What the line costs; null where it has no price.")
    taken: strawberry.Private[Price | None]

    @strawberry.field(description="The event that set the price; null where there is none.")
    async def price(self, info: Info) -> Event | None:
        return None if self.taken is None else await event_at(info.context, self.taken.position)


async def rated_lines(context: Context, request: Request) -> list[RatedLine]:
    """Requests that are asked for together are worked out together."""

    async def load(requests: list[Request]) -> list[Explained]:
        return await explanations.explained(await context.snapshot(), requests)

    return [_rated_line(each) for each in (await context.loader(RatedLine, load).load(request)).lines]


async def event_at(context: Context, position: int) -> Event | None:
    """The event at that place in the log, which the caller knows to be for the viewer's eyes: those of the platform are for all."""

    async def load(positions: list[int]) -> list[LoggedEvent | None]:
        found = await log_streams.events_at(await context.snapshot(), positions)
        return [found.get(each) for each in positions]

    found = await context.loader(Event, load).load(position)
    return None if found is None else event(context, found)


def _rated_line(line: Line) -> RatedLine:
    return RatedLine(
        direction=PriceDirection[line.direction.upper()],
        category=line.category,
        label=label(line.direction, line.category, line.unit),
        quantity=line.quantity,
        unit=line.unit,
        unit_price=None if line.price is None else line.price.unit_price,
        fee=line.fee,
        taken=line.price,
    )

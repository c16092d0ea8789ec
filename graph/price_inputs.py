"""A price, as mutations and questions take it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum

import strawberry

from domain.events import microseconds
from domain.limits import EARLIEST_TIME, LATEST_TIME, MAX_QUANTITY, MAX_STRING_BYTES
from domain.notation import amount
from domain.price_events import unfit
from domain.prices import Price
from domain.quantities import TOKEN
from graph.errors import BadInputError, LimitError
from graph.inputs import given
from graph.scalars import BigInt

MAX_PRICES = 1_000  # of one operation; a list of all models is for `tallygraph prices import`


@strawberry.enum(description="Which side of a request is priced.")
class PriceDirection(Enum):
    INPUT = strawberry.enum_value("input", description="What goes in.")
    OUTPUT = strawberry.enum_value("output", description="What comes out.")


@strawberry.input(description="The price of one unit of one category, from an instant on.")
class PriceInput:
    model: str = strawberry.field(description="The model that it is for.")
    provider: str | None = strawberry.field(
        default=strawberry.UNSET, description="Only for requests that this provider served; any where absent."
    )
    direction: PriceDirection = strawberry.field(description="Which side of a request.")
    category: str = strawberry.field(description='The kind of usage, such as "prompt" or "completion".')
    unit: str = strawberry.field(default=TOKEN, description="What is counted.")
    unit_price: Decimal = strawberry.field(description="What one unit costs, in USD: 0 or more.")
    effective_from: datetime = strawberry.field(
        description="From when it is in force, for requests that happen then or later. Of prices for the same thing the latest one counts."
    )
    above_prompt_tokens: BigInt | None = strawberry.field(
        default=strawberry.UNSET, description="Only for requests with more prompt tokens than this; the whole request takes the price."
    )
    service_tier: str | None = strawberry.field(
        default=strawberry.UNSET, description="Only for requests served in this tier: priority, flex, batch."
    )


def to_prices(inputs: Sequence[PriceInput], path: Sequence[str] = ("prices",)) -> list[Price]:
    """The prices in their order, as if recorded in it. Raises BadInputError that names the field at fault below `path`, or LimitError."""
    if len(inputs) > MAX_PRICES:
        raise LimitError("PRICES", f"{len(inputs):,} prices are more than {MAX_PRICES:,} at a time (MAX_PRICES): give them in parts.")
    return [_price(i, input, path) for i, input in enumerate(inputs)]


def _price(i: int, input: PriceInput, path: Sequence[str]) -> Price:
    for field, reason in _faults(input):
        name = ".".join((*path, str(i), field))
        raise BadInputError(f"{name} {reason}.", field=(*path, str(i), field))
    return Price(
        i,
        input.model,
        given(input.provider) or None,  # an empty text says nothing, as in an event
        input.direction.name.lower(),
        input.category,
        input.unit,
        input.unit_price,
        microseconds(input.effective_from),
        given(input.above_prompt_tokens),
        given(input.service_tier) or None,
    )


def _faults(input: PriceInput) -> Iterator[tuple[str, str]]:
    """What an event of this price would be refused for: fields and reasons."""
    named = {"model": input.model, "category": input.category, "unit": input.unit}
    for name, text in named.items():
        if not text:
            yield name, "is empty: give it a name"
    for name, text in {**named, "provider": given(input.provider), "serviceTier": given(input.service_tier)}.items():
        if text and len(text.encode()) > MAX_STRING_BYTES:
            yield name, f"has {len(text.encode()):,} bytes: {MAX_STRING_BYTES:,} are allowed (MAX_STRING_BYTES)"
    if (reason := unfit(amount(input.unit_price))) is not None:
        yield "unitPrice", reason
    if not EARLIEST_TIME <= input.effective_from <= LATEST_TIME:
        yield "effectiveFrom", f"must lie in the years {EARLIEST_TIME.year} to {LATEST_TIME.year}"
    if not 0 <= (given(input.above_prompt_tokens) or 0) <= MAX_QUANTITY:
        yield "abovePromptTokens", f"must lie between 0 and {MAX_QUANTITY:,}"

"""What a request costs: its quantities times the prices in force at its time, exactly, or nothing at all.

Unknown is not zero: where a side of the request is unknown, or a quantity has no price, there is no fee.
"""

from bisect import bisect_left
from collections.abc import Iterator
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import NamedTuple

from domain.events import Quantity, RequestCompleted
from domain.fallbacks import INPUT, OUTPUT
from domain.limits import MAX_CATEGORIES_PER_SIDE, MAX_PRICE_FRACTION_DIGITS, MAX_PRICE_INTEGER_DIGITS, MAX_QUANTITY
from domain.prices import Kinds, Price, PriceBook
from domain.quantities import tokens

MAX_FEE_DIGITS = (  # no sum of that many products of a price and a quantity has more
    MAX_PRICE_INTEGER_DIGITS + MAX_PRICE_FRACTION_DIGITS + len(str(MAX_QUANTITY)) + len(str(2 * MAX_CATEGORIES_PER_SIDE))
)
EXACT = Context(prec=MAX_FEE_DIGITS, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
multiply, add = EXACT.multiply, EXACT.add  # whatever the context of the thread
ZERO = Decimal(0)
DEPLOYMENT = "deployment"


class Rated(NamedTuple):
    """The fee in USD, and that of each line of the request's `input` and `output`, in their order. All null where there is no fee."""

    fee: Decimal | None
    input: tuple[Decimal, ...] | None
    output: tuple[Decimal, ...] | None


class RatedLine(NamedTuple):
    """A line of a request, the price that it took, and what it costs. Price and fee are null where there is no price."""

    direction: str
    category: str
    unit: str
    quantity: int
    price: Price | None
    fee: Decimal | None


class Explained(NamedTuple):
    """The fee with the lines that it is the sum of, input first. Where the fee is null, the lines say which has no price."""

    fee: Decimal | None
    lines: tuple[RatedLine, ...]


UNRATED = Rated(None, None, None)


def rate(book: PriceBook, request: RequestCompleted, position: int) -> Rated:
    """The fee with the prices recorded before `position`. Null for a request that is unpriced, or of a deployment: GPU time pays that."""
    if request.channel == DEPLOYMENT or request.input is None or request.output is None:
        return UNRATED
    inputs, outputs = _kinds(book, request, position)
    if (input := _fees(inputs, request.input)) is None or (output := _fees(outputs, request.output)) is None:
        return UNRATED
    return Rated(_sum(*input, *output), input, output)


def explain(book: PriceBook, request: RequestCompleted, position: int) -> Explained:
    """The same, line by line. Where the input is unknown no line has a price: how long the prompt is decides between them."""
    inputs = outputs = None
    if request.channel != DEPLOYMENT and request.input is not None:
        inputs, outputs = _kinds(book, request, position)
    lines = (*_lines(INPUT, request.input, inputs), *_lines(OUTPUT, request.output, outputs))
    return Explained(rate(book, request, position).fee, lines)


def _kinds(book: PriceBook, request: RequestCompleted, position: int) -> tuple[Kinds, Kinds]:
    """The prices for both sides. A prompt is as long as all its tokens, those read from a cache or written to it included."""
    rates = book.rates(request.model, request.provider, request.service_tier, request.occurred_at, position)
    if not rates.thresholds:
        return rates.bands[0]
    return rates.bands[bisect_left(rates.thresholds, tokens(request.input) or 0)]


def _fees(kinds: Kinds, quantities: tuple[Quantity, ...]) -> tuple[Decimal, ...] | None:
    """One a line; null where one has no price. Nothing of a kind costs nothing, whatever its price."""
    fees = []
    for category, unit, quantity in quantities:
        if quantity:
            price = kinds[category, unit]
            if price is None:
                return None
            fees.append(multiply(quantity, price.unit_price))
        else:
            fees.append(ZERO)
    return tuple(fees)


def _sum(*fees: Decimal) -> Decimal:
    total = ZERO
    for fee in fees:
        total = add(total, fee)
    return total


def _lines(direction: str, quantities: tuple[Quantity, ...] | None, kinds: Kinds | None) -> Iterator[RatedLine]:
    for category, unit, quantity in quantities or ():
        price = None if kinds is None else kinds[category, unit]
        free = not quantity and kinds is not None
        fee = ZERO if free else None if price is None else multiply(quantity, price.unit_price)
        yield RatedLine(direction, category, unit, quantity, price, fee)

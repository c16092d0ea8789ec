"""What if: questions about what a range would cost at other prices."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from domain.prices import Price
from graph.inputs import given
from graph.price_inputs import PriceInput, to_prices
from graph.range_errors import range_errors
from projections.router_facts import Range, Repriced, RouterFilter
from projections.snapshot import Snapshot
from projections.what_if import repriced

Prices: TypeAlias = Annotated[
    list[PriceInput] | None,
    strawberry.argument(
        description="What if: the answer is what it would have cost with these prices, which come before those that are known, for the"
        " same thing, wherever they are in force. Nothing is written. Takes up to 100,000 requests (MAX_WHAT_IF_REQUESTS)."
    ),
]


def hypothetical(prices: Sequence[PriceInput] | None) -> list[Price] | None:
    """The prices of the argument; null where it is not given. Raises BadInputError, LimitError."""
    told = given(prices)
    return None if told is None else to_prices(told)


async def at_prices(snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter, prices: Sequence[Price]) -> Repriced:
    """The range's requests at those prices. Raises RangeTooLargeError."""
    with range_errors():
        return await repriced(snapshot, account_id, range, filter, prices)

"""What usage is broken down by: categories of input and output, and API keys."""

from collections.abc import Sequence
from decimal import Decimal

import strawberry

from graph.scalars import BigInt
from projections.router_usage import Line


@strawberry.type(description="One line of the input or output breakdown. Categories are disjoint: their counts add up to the total.")
class UsageFactor:
    category: str = strawberry.field(description='The kind of usage, as it was reported, such as "prompt" or "cached".')
    label: str = strawberry.field(description='What people call it, such as "Cached tokens".')
    count: BigInt = strawberry.field(description="How much of it, in its unit.")
    unit: str = strawberry.field(description='What is counted: "token", or another unit such as "image".')
    fee: Decimal | None = strawberry.field(description="What it costs, as far as it is priced; null where none of it is.")


@strawberry.type(description="An API key that requests were made with.")
class ApiKey:
    id: strawberry.ID = strawberry.field(description="The key's id, as it was reported: what the filters by API key take.")
    name: str = strawberry.field(description="The name that its latest request gave it; its id where none did.")


def factors(lines: Sequence[Line]) -> list[UsageFactor]:
    """Breakdown lines, in the order they have."""
    return [UsageFactor(category=line.category, label=line.label, count=line.count, unit=line.unit, fee=line.fee) for line in lines]


def api_key(id: str | None, name: str | None) -> ApiKey | None:
    """The key with this id; null where there is none."""
    return None if id is None else ApiKey(id=strawberry.ID(id), name=name or id)

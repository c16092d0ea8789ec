"""What usage is broken down by: categories of input and output, and API keys."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import cast

import strawberry

from graph.scalars import BigInt
from projections.router_usage import Line

MAX_KNOWN_KEYS = 4_096  # that are made once: they stand in many rows


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
    """Breakdown lines, in the order they have. A line has all that a factor shows, by the same names."""
    return cast("list[UsageFactor]", lines)


@lru_cache(MAX_KNOWN_KEYS)
def api_key(id: str | None, name: str | None) -> ApiKey | None:
    """The key with this id; null where there is none."""
    return None if id is None else ApiKey(id=strawberry.ID(id), name=name or id)

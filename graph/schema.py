"""The schema: its roots, scalars and extensions."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from graph.deadline import Deadline
from graph.prepare import preparing
from graph.roots import Mutation, Query, Subscription
from graph.scalars import SCALARS

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[preparing(), Deadline],
)


def sdl() -> str:
    """The schema as clients see it, in GraphQL's own language."""
    return schema.as_str() + "\n"

"""The schema: its roots, scalars and extensions."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from graph.deadline import Deadline
from graph.history import Request
from graph.prepare import preparing
from graph.query import Mutation, Query, Subscription
from graph.rejections import Rejection
from graph.scalars import SCALARS

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Request, Rejection],  # node gives them: none of the roots says so
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[preparing(), Deadline],
)


def sdl() -> str:
    """The schema as clients see it, in GraphQL's own language."""
    return schema.as_str() + "\n"

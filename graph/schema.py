"""The schema: its roots, scalars and extensions."""

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graph.database_errors import DatabaseErrors
from graph.deadline import Deadline
from graph.prepare import preparing
from graph.roots import Mutation, Query, Subscription
from graph.scalars import SCALARS


class Schema(strawberry.Schema):
    """Strawberry's, but errors are logged where they are made presentable: those that are a client's are none of ours."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Strawberry would log each, with a traceback."""


schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[preparing(), Deadline, DatabaseErrors],
)


def sdl() -> str:
    """The schema as clients see it, in GraphQL's own language."""
    return schema.as_str() + "\n"

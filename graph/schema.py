"""The schema: its roots, scalars and extensions."""

from functools import cache, partial
from typing import Any

import strawberry
from graphql import GraphQLError
from graphql.execution import Executor
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.types import ExecutionContext
from strawberry.utils.str_converters import to_camel_case

from graph.cost import Cost
from graph.database_errors import DatabaseErrors
from graph.deadline import Deadline
from graph.executor import CompiledExecutor
from graph.operation import Planned
from graph.planned import planned
from graph.prepare import Prepare, prepare_once
from graph.roots import Mutation, Query, Subscription
from graph.scalars import SCALARS
from graph.steps import Steps
from graph.tracing import Traced


class Names(NameConverter):
    """Strawberry's, which are asked for at each argument of each request."""

    def apply_naming_config(self, name: str) -> str:
        return _in_camel_case(name)


_in_camel_case = cache(to_camel_case)


class Schema(strawberry.Schema):
    """Strawberry's, but errors are logged where they are made presentable: those that are a client's are none of ours."""

    planned: Planned | None = None

    def create_extensions_runner(self, execution_context: ExecutionContext, extensions: list[SchemaExtension]) -> Steps:
        """Strawberry's takes its time to find out which extension does what."""
        return Steps(execution_context, extensions)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Strawberry would log each, with a traceback."""


def schema_with(executor: type[Executor[Any]] | None) -> Schema:
    """The schema, executed by that; null is graphql-core as Strawberry has it, without plans."""
    prepare = prepare_once()
    schema = Schema(
        extensions=[lambda: Prepare(prepare), Cost, Traced, Deadline, DatabaseErrors],
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS, name_converter=Names()),
        execution_context_class=executor,
    )
    if executor is not None and issubclass(executor, CompiledExecutor):
        schema.planned = partial(planned, schema._schema, prepare, executor)  # noqa: SLF001 - Strawberry has no public name for it
    return schema


schema = schema_with(CompiledExecutor)


def sdl() -> str:
    """The schema as clients see it, in GraphQL's own language."""
    return schema.as_str() + "\n"

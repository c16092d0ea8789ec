"""What an operation asked for and what it used, in `extensions.cost` of its answer: docs/graphql.md tells what each number means."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLSchema
from strawberry.extensions import SchemaExtension

from graph.context import MAX_NODES_PER_OPERATION, Context
from graph.requested import Asked, requested_nodes


class Cost(SchemaExtension):
    """Of a subscription, each message tells its own."""

    def get_results(self) -> dict[str, Any]:
        """Nothing where nothing is executed."""
        operation = self.execution_context
        context, document = operation.context, operation.graphql_document
        if not isinstance(context, Context) or document is None or operation.query is None:
            return {}
        schema = operation.schema._schema  # noqa: SLF001 - Strawberry has no public name for it
        return cost_of(schema, Asked(operation.query, operation.operation_name, document), operation.variables, context)


def cost_of(schema: GraphQLSchema, asked: Asked, variables: Mapping[str, Any] | None, context: Context) -> dict[str, Any]:
    """What was asked for, and what was used since this was asked last."""
    nodes, use = context.used()
    used = {"nodes": nodes, "statements": use.statements, "rows": use.rows, "databaseMilliseconds": round(use.seconds * 1_000, 3)}
    requested = {"nodes": requested_nodes(schema, asked, variables)}
    return {"cost": {"requested": requested, "used": used, "limit": {"nodes": MAX_NODES_PER_OPERATION}}}

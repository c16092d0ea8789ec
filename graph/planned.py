"""Queries that have a plan, from their text to their result: past what Strawberry does around every operation, to the same result."""

import asyncio
from collections.abc import Callable
from functools import partial

from graphql import DocumentNode, GraphQLError, GraphQLSchema
from graphql import ExecutionResult as CoreResult
from opentelemetry.trace import StatusCode
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graph.context import Context
from graph.cost import cost_of
from graph.database_errors import told
from graph.deadline import OPERATION_SECONDS, took_too_long
from graph.executor import CompiledExecutor, has_query_plans, repeated_of
from graph.operation import Operation
from graph.prepare import Prepared, PrepareOnce
from graph.repeated import key_of
from graph.requested import Asked
from graph.tracing import operation_span


async def planned(
    schema: GraphQLSchema, prepare: PrepareOnce, executor_class: type[CompiledExecutor], operation: Operation, context: Context
) -> ExecutionResult | None:
    """Null where the operation has no plan (yet), or is not executed at all: Strawberry does it, or says why not."""
    try:
        prepared = _prepared(schema, prepare, operation, context)
    except GraphQLError as error:  # it is no document: to take it apart once more would cost as much again
        return PreExecutionError(data=None, errors=[error])
    if prepared is None:
        return None
    build = partial(_executor, schema, executor_class, prepared.document, operation, context)
    executor = build()
    if executor is None:
        return None
    name = executor.operation.name and executor.operation.name.value
    with operation_span(OperationType.QUERY, name) as span:
        try:
            async with asyncio.timeout(OPERATION_SECONDS):
                done = await _executed(executor, build, context)
            result = ExecutionResult(data=done.data, errors=done.errors)
        except TimeoutError as error:
            late = took_too_long(OPERATION_SECONDS)
            late.__cause__ = error
            result = PreExecutionError(data=None, errors=[late])
        if result.errors:
            span.set_status(StatusCode.ERROR)
    if result.errors:
        result.errors = [told(error) for error in result.errors]
    result.extensions = cost_of(schema, Asked(operation.query, name, prepared.document), operation.variables, context)
    return result


async def _executed(executor: CompiledExecutor, build: Callable[[], CompiledExecutor | None], context: Context) -> CoreResult:
    """What asked one question the last time is expected to do so again. Where that proves wrong, it is executed anew."""
    plan = executor.query_plan
    assert plan is not None
    context.presume(plan.presumed)
    done = await executor.execute_operation()
    if context.is_misjudged:
        await context.begin_anew()
        executor = build() or executor
        done = await executor.execute_operation()
    plan.presumed = context.of_one_question
    return done


def _prepared(schema: GraphQLSchema, prepare: PrepareOnce, operation: Operation, context: Context) -> Prepared | None:
    prepared = prepare(schema, operation.query, context.introspection)
    return None if prepared.errors or prepared.operations != 1 or not has_query_plans(prepared.document) else prepared


def _executor(
    schema: GraphQLSchema, executor_class: type[CompiledExecutor], document: DocumentNode, operation: Operation, context: Context
) -> CompiledExecutor | None:
    repeated, key = repeated_of(document), key_of(operation)
    repeat, own = repeated.find(key), {"context_value": context, "operation_extensions": operation.extensions}
    if repeat is not None:
        built = repeat(document, **own)
    else:
        name, awaitable = operation.operation_name or None, optimized_is_awaitable
        built = executor_class.build(
            schema, document, raw_variable_values=operation.variables, operation_name=name, is_awaitable=awaitable, **own
        )
    if not isinstance(built, CompiledExecutor) or built.query_plan is None:
        return None
    if repeat is None:
        repeated.keep(key, built.repeat())
    return built

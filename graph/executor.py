"""Executes operations as graphql-core does, and completes plain data by plans: see `graph/plans.py`.

Why, and what it is worth: docs/decisions/0021-compiled-answers.md.
"""

import weakref
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Self

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLList,
    GraphQLObjectType,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path
from msgspec import Raw
from prometheus_client import Counter
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.calls import Arguments
from graph.operation_plans import QueryPlan, Run, Told, plan_of_query
from graph.plans import Plan, UnplannedError, plan_of_field, plan_of_list
from graph.repeated import MAX_REPEATED_PER_DOCUMENT, Repeat, Repeated

COMPILE_AFTER = 16  # values that graphql-core has completed at a place of a document: they take about as long as compiling
MAX_SELECTIONS_PER_DOCUMENT = 4  # that its @skip and @include make of it; with one more, all begin anew
NOT_COMPLETED = object()

COMPLETIONS = Counter(
    "tallygraph_graphql_completions_total",
    "Queries, lists, and plain fields that have a plan, by what made their part of an answer: a plan; graphql-core, where there is none"
    " (yet);"
    " or graphql-core after a plan had given up, because of an error or an odd value.",
    ["by"],
)
BY_PLAN, BY_GRAPHQL_CORE, AFTER_A_PLAN = (COMPLETIONS.labels(by) for by in ("plan", "graphql-core", "graphql-core after a plan"))

Places = dict[Hashable, Plan | QueryPlan | int | None]
"""What is selected where in a document: its plan; how many values it was asked for while it has none; null where it can have none."""


# What an execution of an operation takes, whoever asks.
EXECUTION = (
    *("schema", "fragment_definitions", "fragments", "root_value", "operation", "variable_values"),
    *("field_resolver", "type_resolver", "subscribe_field_resolver", "is_awaitable"),
)


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """Of one operation. Where a list or field has no plan, or its plan gives up, graphql-core completes it, as ever."""

    compile_after: ClassVar[int] = COMPILE_AFTER

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.middleware_manager is not None and not self.middleware_manager.middlewares:
            self.middleware_manager = None  # Strawberry gives one that is empty
        self._places: Places | None = None
        self._document: DocumentNode
        self._by_plan = self._by_graphql_core = self._after_a_plan = 0
        self.arguments: Arguments = {}

    @classmethod
    def build(cls, schema: Any, document: DocumentNode, *args: Any, **kwargs: Any) -> list[GraphQLError] | Self:
        """As graphql-core does. What plans it makes are kept as long as the document."""
        executor = super().build(schema, document, *args, **kwargs)
        if isinstance(executor, cls) and executor.middleware_manager is None:  # a middleware wants to see every field
            executor.plan_with(document)
        return executor  # pyright: ignore[reportReturnType] - what the other class builds is of ours

    def repeat(self) -> Repeat:
        """Makes executors for the same operation with the same variables; nothing of them is looked at again."""
        execution = {name: getattr(self, name) for name in EXECUTION}
        return partial(_again, partial(self.__class__, **execution), self.arguments)

    def plan_with(self, document: DocumentNode) -> None:
        """Keep plans with the document."""
        self._document = document
        self._places = _compiled_of(document).places(self.variable_values.coerced)

    def execute_operation(self, serially: bool | None = None) -> Any:
        """A query as a whole, where it has a plan."""
        if self._places is None or self.operation.operation is not OperationType.QUERY or self.abort_signal is not None:
            return super().execute_operation(serially)
        plan = self._plan(self._query, 1, lambda: plan_of_query(self))
        if plan is None:
            return super().execute_operation(serially)
        _compiled_of(self._document).has_queries = True
        return self._planned(plan)

    @property
    def query_plan(self) -> QueryPlan | None:
        """That of the query, where it has one already."""
        plan = None if self._places is None else self._places.get(self._query)
        return plan if isinstance(plan, QueryPlan) else None

    @property
    def _query(self) -> Hashable:
        return "query", id(self.operation)

    async def _planned(self, plan: QueryPlan) -> Any:
        run = Run(self, self.arguments)
        try:
            data = await plan.completed(run)
        except Exception:  # noqa: BLE001 - whatever it is, graphql-core finds it, too, and tells of it
            self._after_a_plan += 1
            self.middleware_manager = Told(run.told)
            done = super().execute_operation()
            return await done if self.is_awaitable(done) else done
        self._by_plan += 1
        return self.build_response(data)

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: list[FieldDetails], path: Path, position_context: Any
    ) -> Any:
        """A field that is a plain attribute, with all that is selected below it."""
        if position_context is None and source is not None:
            done = self._completed(plan_of_field, parent_type, field_details_list, source, 1)
            if done is not NOT_COMPLETED:
                return done
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def complete_value(  # noqa: PLR0917 - graphql-core's
        self, return_type: Any, field_details_list: list[FieldDetails], info: Any, path: Path, result: Any, position_context: Any
    ) -> Any:
        """What is JSON already is its part of the answer."""
        if type(result) is Raw:
            return result
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def complete_list_value(  # noqa: PLR0917 - graphql-core's
        self,
        return_type: GraphQLList[Any],
        field_details_list: list[FieldDetails],
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """A list that a resolver gave, with all that is selected of its items."""
        if position_context is None and isinstance(result, list | tuple):
            done = self._completed(plan_of_list, return_type, field_details_list, result, len(result))
            if done is not NOT_COMPLETED:
                return done
        self._by_graphql_core += 1
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def build_response(self, data: dict[str, Any] | None) -> Any:
        """Count what was done for it."""
        for counter, count in ((BY_PLAN, self._by_plan), (BY_GRAPHQL_CORE, self._by_graphql_core), (AFTER_A_PLAN, self._after_a_plan)):
            if count:
                counter.inc(count)
        self._by_plan = self._by_graphql_core = self._after_a_plan = 0
        return super().build_response(data)

    def _completed(self, compile: Callable[..., Plan], of: Any, details: list[FieldDetails], value: Any, size: int) -> Any:
        """The answer of a list, or of a field of an object; NOT_COMPLETED where graphql-core has to do it."""
        if self._places is None:
            return NOT_COMPLETED
        place = (of, id(details[0].node)) if len(details) == 1 else (of, *(id(each.node) for each in details))
        plan = self._plan(place, size, lambda: compile(self, of, details))
        if plan is None:
            return NOT_COMPLETED
        try:
            done = plan(value)
        except Exception:  # noqa: BLE001 - whatever it is, graphql-core finds it, too, and tells of it
            self._after_a_plan += 1
            return NOT_COMPLETED
        self._by_plan += 1
        return done

    def _plan(self, place: Hashable, size: int, compile: Callable[[], Any]) -> Any:
        """The plan of a place that is asked for `size` values more; null where it has none (yet)."""
        assert self._places is not None
        plan = self._places.get(place, 0)
        if not isinstance(plan, int):
            return plan
        asked, plan = plan + size, None
        if asked >= self.compile_after:
            with suppress(UnplannedError, GraphQLError):
                plan = compile()
        self._places[place] = asked if asked < self.compile_after else plan
        return plan


class _Compiled:
    """The plans of a document. The values of the variables that decide what is selected tell one set of places from another."""

    def __init__(self, document: DocumentNode) -> None:
        self.has_queries = False  # with a plan
        self.repeated = Repeated(0 if _has_large_defaults(document) else MAX_REPEATED_PER_DOCUMENT)
        self._switches = _switches(document)
        self._places: dict[tuple[object, ...], Places] = {}

    def places(self, variables: Mapping[str, object]) -> Places:
        """Those for these values of its variables."""
        found = (variables.get(name) for name in self._switches)  # of the whole document: of another operation, they may be anything
        values = tuple(value if isinstance(value, bool) else None for value in found)
        if values not in self._places and len(self._places) >= MAX_SELECTIONS_PER_DOCUMENT:
            self._places.clear()
            self.repeated.clear()  # what is kept there is of these plans
        return self._places.setdefault(values, {})


def _again(make: Callable[..., CompiledExecutor], arguments: Arguments, document: DocumentNode, **given: Any) -> CompiledExecutor:
    executor = make(**given)
    executor.arguments = arguments
    executor.plan_with(document)
    return executor


def repeated_of(document: DocumentNode) -> Repeated:
    """Its operations that were executed lately."""
    return _compiled_of(document).repeated


def has_query_plans(document: DocumentNode) -> bool:
    """Whether a query of the document has a plan, for some values of its variables."""
    found = _compiled.get(id(document))
    return found is not None and found.has_queries


_compiled: dict[int, _Compiled] = {}  # by the identity of documents: they compare by content, node by node


def _compiled_of(document: DocumentNode) -> _Compiled:
    """Is let go with the document, which whoever prepared it keeps for as long as it is used."""
    found = _compiled.get(id(document))
    if found is None:
        found = _compiled[id(document)] = _Compiled(document)
        weakref.finalize(document, _compiled.pop, id(document)).atexit = False
    return found


def _has_large_defaults(document: DocumentNode) -> bool:
    """Whether variables may have values that nobody has sent, and that hold others: these are not counted with what is sent."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    defaults = [variable.default_value for each in operations for variable in each.variable_definitions or ()]
    return any(isinstance(each, ListValueNode | ObjectValueNode) for each in defaults)


def _switches(document: DocumentNode) -> list[str]:
    """Names of the variables of @skip and @include."""
    names: dict[str, None] = {}

    class Directives(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            if node.name.value in ("skip", "include"):
                names.update((each.value.name.value, None) for each in node.arguments or () if isinstance(each.value, VariableNode))

    visit(document, Directives())
    return [*names]

"""Plans of whole queries: their fields from the root down, as far as there are resolvers; what is plain data below is done by `plans`.

A plan of a query knows no errors either. It calls resolvers as graphql-core does, side by side, and keeps in mind what each gave or
raised. Where anything is odd, graphql-core executes the query from the start, and is given that again in place of calling them again.
Those that were not done by then are cancelled, and called again where they are needed: an error does not wait for its slow siblings.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass, field
from types import CoroutineType
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_object_type,
)
from graphql.execution import Executor, MiddlewareManager
from graphql.execution.collect_fields import FieldDetails, collect_fields
from graphql.pyutils import Path, gather_with_cancel
from strawberry.types.field import StrawberryField

from graph.calls import Arguments, call_of
from graph.plans import DEFINITION, Plan, UnplannedError, admission, plan_of_field, plan_of_value
from projections.generations import Generation

Place = tuple[str | int, ...]
"""The path of a field in the answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a resolver gave or raised, and whether it took its time."""

    value: Any = None
    error: Exception | None = None
    awaited: bool = False

    def again(self) -> Any:
        """The same, in the same way."""
        return self._later() if self.awaited else self._told()

    async def _later(self) -> Any:
        await asyncio.sleep(0)  # so that what is told side by side comes in the order that it would have come in
        return self._told()

    def _told(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


@dataclass(slots=True)
class Run:
    """One execution of a plan."""

    executor: Executor[Any]
    arguments: Arguments
    told: dict[Place, Outcome] = field(default_factory=dict)


class Told(MiddlewareManager):
    """A middleware of graphql-core's: resolvers that have been called are not called again."""

    def __init__(self, told: dict[Place, Outcome]) -> None:
        super().__init__()
        self._told = told

    def get_field_resolver(self, field_resolver: Callable[..., Any]) -> Callable[..., Any]:
        """One that gives what the resolver gave."""
        if getattr(field_resolver, "_is_default", False):  # it reads an attribute
            return field_resolver

        def tell(source: Any, info: Any, **arguments: Any) -> Any:
            found = self._told.get(tuple(info.path.as_list()))
            return field_resolver(source, info, **arguments) if found is None else found.again()

        return tell


@dataclass(slots=True)
class QueryPlan:
    """Makes the data of an answer. Raises whatever there is where graphql-core has to do it."""

    completed: Callable[[Run], Awaitable[dict[str, Any]]]
    presumed: Generation | None = None  # what the one question of its last run was asked of; null where there were others, or none


def plan_of_query(executor: Executor[Any]) -> QueryPlan:
    """The plan of the executor's operation, a query. Raises UnplannedError where it has lists with resolvers in them, or interfaces."""
    schema, operation = executor.schema, executor.operation
    root = schema.get_root_type(operation.operation)
    assert root is not None
    fields, deferred, _ = collect_fields(schema, executor.fragments, executor.variable_values, root, operation, executor.hide_suggestions)
    if deferred:
        raise UnplannedError
    planned = _Object(executor, root, fields, None)
    return QueryPlan(lambda run: planned.completed(run.executor.root_value, run))


class _Object:
    """What is selected of an object, one part of which at least has a resolver."""

    def __init__(self, executor: Executor[Any], type: GraphQLObjectType, fields: dict[str, list[FieldDetails]], path: Path | None) -> None:
        self._parts = [(name, _part(executor, type, details, Path(path, name, type.name))) for name, details in fields.items()]

    async def completed(self, source: Any, run: Run) -> dict[str, Any]:
        data, waiting = dict[str, Any](), list[str]()
        try:
            for name, part in self._parts:
                data[name] = done = part.begun(source, run) if isinstance(part, _Resolved) else part(source)
                if type(done) is CoroutineType or type(done) is _Later:
                    waiting.append(name)
        except Exception:  # as graphql-core, which calls again what is needed of them
            for name in waiting:
                data[name].close()
            raise
        if len(waiting) == 1:
            data[waiting[0]] = await data[waiting[0]]
        elif waiting:
            for name, done in zip(waiting, await gather_with_cancel(*(data[name] for name in waiting)), strict=True):
                data[name] = done
        return data


class _Later:
    """What a resolver will give, completed. Nothing of it has begun before it is awaited."""

    __slots__ = ("_completed", "_value")

    def __init__(self, value: Awaitable[Any], completed: Coroutine[Any, Any, Any]) -> None:
        self._value = value
        self._completed = completed

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._completed.__await__()

    def close(self) -> None:
        """Nobody will wait for it."""
        self._completed.close()
        if isinstance(self._value, CoroutineType):
            self._value.close()


class _Resolved:
    """A field with a resolver."""

    def __init__(self, executor: Executor[Any], parent: GraphQLObjectType, details: list[FieldDetails], path: Path) -> None:
        self._parent = parent
        self._nodes = [each.node for each in details]
        self._definition = cast("GraphQLField", executor.schema.get_field(parent, self._nodes[0].name.value))
        self._path = path
        self._place = tuple(path.as_list())
        self._call = call_of(executor, self._definition, self._nodes[0])
        self._complete = _completion(executor, self._definition.type, details, path)

    def begun(self, source: Any, run: Run) -> Any:
        """Its part of the answer, or a coroutine that gives it."""
        executor = run.executor
        try:
            info = executor.build_resolve_info(self._definition, self._nodes, self._parent, self._path)
            value = self._call(source, executor, info, run.arguments)
        except Exception as error:
            run.told[self._place] = Outcome(error=error)
            raise
        if executor.is_awaitable(value):
            return _Later(value, self._awaited(value, run))
        run.told[self._place] = Outcome(value)
        return self._complete(value, run)

    async def _awaited(self, value: Awaitable[Any], run: Run) -> Any:
        try:
            value = await value
        except Exception as error:
            run.told[self._place] = Outcome(error=error, awaited=True)
            raise
        run.told[self._place] = Outcome(value, awaited=True)
        done = self._complete(value, run)
        return await done if type(done) is CoroutineType else done


def _part(executor: Executor[Any], parent: GraphQLObjectType, details: list[FieldDetails], path: Path) -> "Plan | _Resolved":
    node = details[0].node
    definition = executor.schema.get_field(parent, node.name.value)
    resolver = None if definition is None else definition.extensions.get(DEFINITION)
    if definition is None or not isinstance(resolver, StrawberryField) or resolver.base_resolver is None:
        return plan_of_field(executor, parent, details)
    if any(each.defer_usage or each.fragment_variable_values for each in details):
        raise UnplannedError
    return _Resolved(executor, parent, details, path)


def _completion(executor: Executor[Any], type: GraphQLOutputType, details: list[FieldDetails], path: Path) -> Callable[[Any, Run], Any]:
    """Completes what a resolver gave: at once where all of it is plain, by a coroutine where there are more resolvers."""
    try:
        plan = plan_of_value(executor, type, details)
    except UnplannedError:
        return _completion_of_object(executor, type, details, path)
    return lambda value, _: plan(value)


def _completion_of_object(
    executor: Executor[Any], type: GraphQLOutputType, details: list[FieldDetails], path: Path
) -> Callable[[Any, Run], Any]:
    of = type.of_type if isinstance(type, GraphQLNonNull) else type
    if not is_object_type(of):
        raise UnplannedError
    admit = admission(of, set())
    fields, deferred, _ = executor.collect_subfields(of, details)
    if deferred:
        raise UnplannedError
    planned = _Object(executor, of, fields, path)

    def complete(value: Any, run: Run) -> Coroutine[Any, Any, dict[str, Any]] | None:
        if value is None and of is type:
            return None
        admit(value)
        return planned.completed(value, run)

    return complete

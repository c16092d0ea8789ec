"""Calls of resolvers, as Strawberry makes them, with all that is known beforehand found out once for a place of a document."""

from collections.abc import Callable
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLResolveInfo, VariableNode, Visitor, visit
from graphql.execution import Executor
from graphql.execution.values import get_argument_values
from strawberry import Info
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from graph.plans import DEFINITION, UnplannedError
from graph.selection import RememberingInfo

Arguments = dict["_Call", dict[str, Any]]
"""Those that calls were given, for the same variables."""

Call = Callable[[Any, Executor[Any], GraphQLResolveInfo, Arguments], Any]
"""From the object that a field is of, the execution, what graphql-core tells resolvers of it, and the arguments that are known.

Gives and raises what resolvers do.
"""


def call_of(executor: Executor[Any], definition: GraphQLField, node: FieldNode) -> Call:
    """Raises UnplannedError where Strawberry does more than to call the resolver."""
    field = definition.extensions.get(DEFINITION)
    schema = getattr(executor.schema, "_strawberry_schema", None)
    if not isinstance(field, StrawberryField) or field.base_resolver is None or schema is None:
        raise UnplannedError
    if field.extensions or field.permission_classes or schema.exception_handlers or schema.config.info_class is not Info:
        raise UnplannedError
    return _Call(field, definition, node, schema).call


class _Call:
    def __init__(self, field: StrawberryField, definition: GraphQLField, node: FieldNode, schema: Any) -> None:
        resolver = field.base_resolver
        assert resolver is not None
        self._field = field
        self._definition = definition
        self._node = node
        self._schema = schema
        self._function: Any = resolver.wrapped_func
        self._has_self = resolver.self_parameter is not None
        self._of_source = [each.name for each in (resolver.parent_parameter, resolver.root_parameter) if each is not None]
        self._of_info = None if resolver.info_parameter is None else resolver.info_parameter.name
        self._varies = _has_variables(node)
        self._constant: dict[str, Any] | None = None  # its arguments, where no variable is in them
        self._memory: dict[Any, Any] = {}

    def call(self, source: Any, executor: Executor[Any], raw: GraphQLResolveInfo, known: Arguments) -> Any:
        """What the resolver gives."""
        info = RememberingInfo(raw, self._field, self._memory)
        arguments = self._arguments(executor, info, known)
        for name in self._of_source:
            arguments[name] = source
        if self._of_info is not None:
            arguments[self._of_info] = info
        return self._function(source, **arguments) if self._has_self else self._function(**arguments)

    def _arguments(self, executor: Executor[Any], info: Info[Any, Any], known: Arguments) -> dict[str, Any]:
        given = known.get(self) if self._varies else self._constant
        if given is None:
            given = self._converted(executor, info)
            if self._varies:
                known[self] = given
            else:
                self._constant = given
        return {**given}  # resolvers leave what is in it as it is

    def _converted(self, executor: Executor[Any], info: Info[Any, Any]) -> dict[str, Any]:
        given = get_argument_values(self._definition, self._node, executor.variable_values)
        converter = self._schema.schema_converter
        return convert_arguments(given, self._field.arguments, converter.scalar_registry, converter.config, info)


def _has_variables(node: FieldNode) -> bool:
    """Of its arguments."""
    found: list[VariableNode] = []

    class Variables(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            found.append(node)

    for each in node.arguments or ():
        visit(each, Variables())
    return bool(found)

"""Plans: what a document selects of plain data, compiled to one function that makes the answer of a value.

A plan knows nothing of errors. Whatever is not as it should be, such as null where there can be none, a value that its scalar
refuses, or something to wait for, raises; then graphql-core completes the value from the start, and tells of the error, its path and
what becomes null. What a plan does answer is what graphql-core would have answered.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from keyword import iskeyword
from typing import Any, cast
from zoneinfo import ZoneInfo

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLString,
    Undefined,
    is_leaf_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails
from msgspec import Raw
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE
from strawberry.types.field import StrawberryField

from domain.limits import MAX_BIG_INT, MIN_BIG_INT
from graph.scalars import serialize_big_int, serialize_date_time, serialize_decimal

Plan = Callable[[Any], Any]
"""From what resolvers gave to what JSON is made of. Raises where graphql-core has to do it."""


DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF
PLAIN = frozenset({bool, datetime, Decimal, dict, float, int, list, str, ZoneInfo})  # nothing to wait for, and no error
# What a scalar leaves alone, by how it coerces: values of that class, unless they are like this. An instant of ours is one of them:
# the encoder writes it as the scalar does, and quicker.
AS_THEY_ARE: dict[object, tuple[type, str]] = {
    GraphQLString.coerce_output_value: (str, ""),
    GraphQLID.coerce_output_value: (str, ""),
    GraphQLBoolean.coerce_output_value: (bool, ""),
    GraphQLInt.coerce_output_value: (int, " or not -0x80000000 <= {0} <= 0x7FFFFFFF"),
    GraphQLFloat.coerce_output_value: (float, " or {0} - {0} != 0.0"),  # of NaN and infinity
    serialize_big_int: (int, f" or not {MIN_BIG_INT} <= {{0}} <= {MAX_BIG_INT}"),
    serialize_date_time: (datetime, " or {0}.tzinfo is not UTC"),  # which is how the database gives it
}


class UnplannedError(Exception):
    """Raised where graphql-core has to do it: by a plan for a value, by `plan_of_list` and `plan_of_field` for a selection."""


def plan_of_list(executor: Executor[Any], type: GraphQLList[Any], details: Sequence[FieldDetails]) -> Plan:
    """Completes a list of that type, of which `details` select. Raises UnplannedError where not all of it is plain data."""
    compiler = _Compiler(executor)
    return compiler.compiled(compiler.list_of(type, details))


def plan_of_field(executor: Executor[Any], parent: GraphQLObjectType, details: Sequence[FieldDetails]) -> Plan:
    """Resolves and completes a field of an object of that type. Raises UnplannedError where not all of it is plain data."""
    compiler = _Compiler(executor)
    return compiler.compiled(compiler.field_of(parent, details))


def plan_of_value(executor: Executor[Any], type: GraphQLOutputType, details: Sequence[FieldDetails]) -> Plan:
    """Completes what a resolver gave for a field of that type. Raises UnplannedError where not all of it is plain data."""
    compiler = _Compiler(executor)
    return compiler.compiled(compiler.value_of(type, details))


class _Compiler:
    """Writes a function for each list, so that however deep lists nest, blocks do not.

    Nothing that a client sends becomes code but the names of its answer, as literals: the parser has let through names only.
    """

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor
        self._known: dict[str, Any] = {"refuse": _refuse, "Raw": Raw, "UTC": UTC}  # what the code refers to
        self._functions: list[str] = []

    def compiled(self, name: str) -> Plan:
        """The function with that name."""
        exec(compile("\n".join(self._functions), "<plan>", "exec"), self._known)  # noqa: S102 - it is ours
        return self._known[name]

    def list_of(self, type: GraphQLList[Any], details: Sequence[FieldDetails]) -> str:
        """The name of a function that completes such a list."""
        if any(directive.name.value == "stream" for each in details for directive in each.node.directives or ()):
            raise UnplannedError
        value, name = self._new(), self._new()
        lines = [
            f"def {name}(values):",
            " if values.__class__ is not list and values.__class__ is not tuple: refuse()",
            " done = []",
            f" for {value} in values:",
            *self._completion(type.of_type, details, value, "  "),
            f"  done.append({value})",
            " return done",
        ]
        self._functions.append("\n".join(lines))
        return name

    def field_of(self, parent: GraphQLObjectType, details: Sequence[FieldDetails]) -> str:
        """The name of a function that takes the object."""
        value, name = self._new(), self._new()
        lines = [f"def {name}(source):", *self._field(parent, details, "source", value, " "), f" return {value}"]
        self._functions.append("\n".join(lines))
        return name

    def value_of(self, type: GraphQLOutputType, details: Sequence[FieldDetails]) -> str:
        """The name of a function that takes the value."""
        value, name = self._new(), self._new()
        self._functions.append("\n".join([f"def {name}({value}):", *self._completion(type, details, value, " "), f" return {value}"]))
        return name

    def _field(self, parent: GraphQLObjectType, details: Sequence[FieldDetails], source: str, value: str, indent: str) -> list[str]:
        node = details[0].node
        if node.name.value == "__typename":
            return [f"{indent}{value} = {parent.name!r}"]
        field = self._executor.schema.get_field(parent, node.name.value)
        if field is None or field.args or node.arguments or any(each.defer_usage or each.fragment_variable_values for each in details):
            raise UnplannedError
        attribute = _attribute(field.extensions.get(DEFINITION))
        return [f"{indent}{value} = {source}.{attribute}", *self._completion(field.type, details, value, indent)]

    def _completion(self, type: GraphQLOutputType, details: Sequence[FieldDetails], value: str, indent: str) -> list[str]:
        """What makes the answer of what is in the variable `value`. Null where there can be none is refused like any other misfit."""
        if isinstance(type, GraphQLNonNull):
            return self._present(type.of_type, details, value, indent)
        return [f"{indent}if {value} is not None:", *self._present(type, details, value, indent + " ")]

    def _present(self, type: GraphQLOutputType, details: Sequence[FieldDetails], value: str, indent: str) -> list[str]:
        if isinstance(type, GraphQLList):
            return [f"{indent}if {value}.__class__ is not Raw: {value} = {self.list_of(type, details)}({value})"]
        if isinstance(type, GraphQLObjectType):
            return self._object(type, details, value, indent)
        if is_leaf_type(type):
            return [indent + line for line in self._leaf(type, value)]
        raise UnplannedError  # an interface or a union: what an object of it is, is found out one by one

    def _object(self, type: GraphQLObjectType, details: Sequence[FieldDetails], value: str, indent: str) -> list[str]:
        fields, deferred, _ = self._executor.collect_subfields(type, [*details])
        if deferred:
            raise UnplannedError
        classes: set[object] = set()
        admit = self._name(admission(type, classes))
        outside, indent = indent, indent + " "
        lines = [
            f"{outside}if {value}.__class__ is not Raw:",
            f"{indent}if {value}.__class__ not in {self._name(classes)}: {admit}({value})",
        ]
        if type.is_type_of is not None:  # Strawberry's own: it asks for the class, and for what an object was cast to
            lines.append(f"{indent}if {TYPE_CAST_ATTRIBUTE!r} in {value}.__dict__: refuse()")
        parts = []
        for name, selecting in fields.items():
            part = self._new()
            lines += self._field(type, selecting, value, part, indent)
            parts.append(f"{name!r}: {part}")
        return [*lines, f"{indent}{value} = {{{', '.join(parts)}}}"]

    def _leaf(self, type: GraphQLLeafType, value: str) -> list[str]:
        if type.coerce_output_value is serialize_decimal:
            return self._decimal(type, value)
        carefully = f"{value} = {self._name(_careful(type))}({value})"
        if type.coerce_output_value in AS_THEY_ARE:
            cls, unlike = AS_THEY_ARE[type.coerce_output_value]
            return [f"if {value}.__class__ is not {self._name(cls)}{unlike.format(value)}: {carefully}"]
        if isinstance(type, CustomGraphQLEnumType):
            members = {member: type.coerce_output_value(member) for member in type.wrapped_cls}
            named = f"{value} = {self._name(members)}[{value}]"
            return [f"if {value}.__class__ is {self._name(type.wrapped_cls)}: {named}", f"else: {carefully}"]
        coerced = f"{value} = {self._name(type.coerce_output_value)}({value})"
        return [
            f"if {value}.__class__ in {self._name(PLAIN)}:",
            f" {coerced}",
            f" if {value} is None or {value} is {self._name(Undefined)}: refuse()",
            f"else: {carefully}",
        ]

    def _decimal(self, type: GraphQLLeafType, value: str) -> list[str]:
        """Most amounts are as short as they can be, have no exponent, and are numbers."""
        careful = f"{value} = {self._name(_careful(type))}({value})"
        return [
            f"if {value}.__class__ is {self._name(Decimal)}:",
            f" text = str({value})",
            f" if text[-1] in '123456789' and 'E' not in text and 'N' not in text: {value} = text",
            f" else: {careful}",
            f"else: {careful}",
        ]

    def _name(self, known: object) -> str:
        name = self._new()
        self._known[name] = known
        return name

    def _new(self) -> str:
        name = f"_{len(self._known)}"
        self._known[name] = None
        return name


def _attribute(field: StrawberryField | None) -> str:
    """The attribute that a field is, where it is no more than that: no resolver, no permission, no extension."""
    if field is None or not field.is_basic_field or field.default_resolver is not getattr:
        raise UnplannedError
    name = field.python_name
    if not name.isidentifier() or iskeyword(name):
        raise UnplannedError
    return name


def admission(type: GraphQLObjectType, classes: set[object]) -> Callable[[object], None]:
    """Lets objects in, and keeps in mind of which `classes` they are: all of a class are alike in this.

    Raises UnplannedError where the type has its own way to tell its objects; what it gives does for what is none.
    """
    definition = type.extensions.get(DEFINITION)
    if definition is None or definition.is_type_of is not None:
        raise UnplannedError

    def admit(value: object) -> None:
        if value is None or value is Undefined or isinstance(value, Exception) or optimized_is_awaitable(value):
            raise UnplannedError
        if type.is_type_of is not None and not type.is_type_of(value, cast("GraphQLResolveInfo", None)):
            raise UnplannedError
        if type.is_type_of is not None and TYPE_CAST_ATTRIBUTE in value.__dict__:
            raise UnplannedError
        classes.add(value.__class__)

    return admit


def _careful(type: GraphQLLeafType) -> Plan:
    """Completes whatever comes."""

    def complete(value: object) -> object:
        if value is None or value is Undefined or isinstance(value, Exception) or optimized_is_awaitable(value):
            raise UnplannedError
        return Executor.complete_leaf_value(type, value)

    return complete


def _refuse() -> None:
    raise UnplannedError

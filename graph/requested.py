"""How many nodes a document may ask for: its pages, each times those within it. It is worked out once for a text, but for its variables."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    get_operation_ast,
)
from graphql.utilities import value_from_ast_untyped

from graph.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from graph.prepare import CACHED_DOCUMENTS

Conditions = frozenset[tuple[Any, bool]]
"""Of @skip and @include: a truth value or the variable that has it, and what it has to be."""


@dataclass(frozen=True, slots=True)
class Variable:
    """What a variable stands for, once it is known."""

    name: str


@dataclass(frozen=True, slots=True)
class Pages:
    """A connection that is selected."""

    sizes: tuple[Any, ...]  # of its page: the first that is a number counts
    conditions: Conditions
    within: "tuple[Pages, ...]"  # what is selected of each node

    def nodes(self, variables: Mapping[str, Any]) -> int:
        """How many there may be, with those within them."""
        if any(_known(value, variables) is not wanted for value, wanted in self.conditions):
            return 0
        sizes = (_known(size, variables) for size in self.sizes)
        size = next((each for each in sizes if type(each) is int), DEFAULT_PAGE_SIZE)
        return min(max(size, 0), MAX_PAGE_SIZE) * (1 + sum(each.nodes(variables) for each in self.within))


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation, known by its text."""

    text: str
    name: str | None
    document: DocumentNode = field(compare=False)


def requested_nodes(schema: GraphQLSchema, asked: Asked, variables: Mapping[str, Any] | None) -> int:
    """How many nodes the pages of the operation may hold together."""
    pages, defaults = _pages(schema, asked)
    known = {**defaults, **(variables or {})}
    return sum(each.nodes(known) for each in pages)


@lru_cache(CACHED_DOCUMENTS)
def _pages(schema: GraphQLSchema, asked: Asked) -> tuple[tuple[Pages, ...], dict[str, Any]]:
    operation = get_operation_ast(asked.document, asked.name)
    root = operation and schema.get_root_type(operation.operation)
    if operation is None or root is None:
        return (), {}
    defaults = {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value is not None
    }
    return tuple(_Walk(schema, asked.document).pages(root, [operation.selection_set], frozenset())), defaults


class _Walk:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}

    def pages(self, type: Any, selections: Iterable[SelectionSetNode], conditions: Conditions) -> Iterator[Pages]:
        """The outermost ones. What bears the same name in an answer is there once, however often it is selected."""
        together: dict[tuple[str, Conditions], list[tuple[GraphQLField, FieldNode]]] = defaultdict(list)
        for each in selections:
            for of, node, own in self._fields(type, each, conditions):
                definition = getattr(of, "fields", {}).get(node.name.value)
                if definition is not None and node.selection_set is not None:
                    together[node.alias.value if node.alias else node.name.value, own].append((definition, node))
        for (_, own), found in together.items():
            definition, node = found[0]
            below = [each.selection_set for _, each in found if each.selection_set is not None]
            inner = get_named_type(definition.type)
            if "first" in definition.args:
                yield Pages(_sizes(definition, node), own, tuple(self.pages(inner, below, frozenset())))
            else:
                yield from self.pages(inner, below, own)

    def _fields(self, type: Any, selections: SelectionSetNode, conditions: Conditions) -> Iterator[tuple[Any, FieldNode, Conditions]]:
        for node in selections.selections:
            own = conditions | _conditions(node)
            if isinstance(node, FieldNode):
                yield type, node, own
                continue
            fragment = self._fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            assert isinstance(fragment, InlineFragmentNode | FragmentDefinitionNode)
            on = fragment.type_condition
            of = type if on is None else self._schema.get_type(on.name.value)
            yield from self._fields(of, fragment.selection_set, own)


def _sizes(definition: GraphQLField, node: FieldNode) -> tuple[Any, ...]:
    given = {each.name.value: _value(each.value) for each in node.arguments or ()}
    return tuple(given.get(name, _default(definition.args[name])) for name in ("last", "first") if name in definition.args)


def _default(argument: GraphQLArgument) -> Any:
    return None if argument.default_value is Undefined else argument.default_value


def _conditions(node: SelectionNode) -> Conditions:
    return frozenset(
        (_value(argument.value), each.name.value == "include")
        for each in node.directives or ()
        if each.name.value in ("skip", "include")
        for argument in each.arguments or ()
    )


def _value(node: ValueNode) -> Any:
    return Variable(node.name.value) if isinstance(node, VariableNode) else value_from_ast_untyped(node)


def _known(value: Any, variables: Mapping[str, Any]) -> Any:
    return variables.get(value.name) if isinstance(value, Variable) else value

"""What a query selects below a field: fragments followed, aliases undone, @skip and @include heeded. It decides what is fetched."""

from collections.abc import Iterable, Iterator
from typing import Any

from graphql import FieldNode, InlineFragmentNode, SelectionNode, SelectionSetNode
from graphql.utilities import value_from_ast_untyped
from strawberry import Info

NODES_OF_CONNECTION = (("nodes",), ("edges", "node"))


def selected(info: Info, *path: str) -> frozenset[str]:
    """Names of the fields selected below the field that is being resolved, or below those at `path` under it."""
    raw: Any = info._raw_info  # noqa: SLF001 - Strawberry's own view of the selection ignores @skip and @include
    nodes: Iterable[FieldNode] = raw.field_nodes
    for name in path:
        nodes = [node for node in _below(raw, nodes) if node.name.value == name]
    return frozenset(node.name.value for node in _below(raw, nodes))


def selected_of_nodes(info: Info) -> frozenset[str]:
    """Names of the fields selected of the nodes of a connection, by either way to them."""
    return frozenset().union(*(selected(info, *path) for path in NODES_OF_CONNECTION))


def _below(raw: Any, parents: Iterable[FieldNode]) -> Iterator[FieldNode]:
    for parent in parents:
        if parent.selection_set is not None:
            yield from _within(raw, parent.selection_set)


def _within(raw: Any, selection_set: SelectionSetNode) -> Iterator[FieldNode]:
    """Fields of `selection_set` and of its fragments. Their type conditions hold: what we ask this for has one concrete type."""
    for node in selection_set.selections:
        if not _is_included(raw, node):
            continue
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _within(raw, node.selection_set)
        else:
            yield from _within(raw, raw.fragments[node.name.value].selection_set)  # pyright: ignore[reportAttributeAccessIssue] - a spread


def _is_included(raw: Any, node: SelectionNode) -> bool:
    for directive in node.directives or ():
        if directive.name.value in ("skip", "include"):
            holds = value_from_ast_untyped(next(iter(directive.arguments or ())).value, raw.variable_values)
            if holds is (directive.name.value == "skip"):
                return False
    return True

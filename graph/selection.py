"""What a query selects below a field: fragments followed, aliases undone, @skip and @include heeded. It decides what is fetched."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import FieldNode, InlineFragmentNode, SelectionNode, SelectionSetNode
from graphql.utilities import value_from_ast_untyped
from strawberry import Info

T = TypeVar("T")
NODES_OF_CONNECTION = (("nodes",), ("edges", "node"))


@dataclass
class RememberingInfo(Info):
    """Of a place in a document that is asked for again and again: what is selected there does not change."""

    memory: dict[Hashable, Any]

    def remembered(self, what: Hashable, find: Callable[[], T]) -> T:
        """What was found once."""
        if what not in self.memory:
            self.memory[what] = find()
        return self.memory[what]


def selected(info: Info, *path: str) -> frozenset[str]:
    """Names of the fields selected below the field that is being resolved, or below those at `path` under it."""
    return _remembered(info, path, lambda: _selected(info, path))


def selected_of_nodes(info: Info, *path: str) -> frozenset[str]:
    """Names of the fields selected of the nodes of a connection, or below those at `path` under them, by either way to the nodes."""
    return _remembered(
        info, (NODES_OF_CONNECTION, path), lambda: frozenset().union(*(_selected(info, (*nodes, *path)) for nodes in NODES_OF_CONNECTION))
    )


def _remembered(info: Info, what: Hashable, find: Callable[[], frozenset[str]]) -> frozenset[str]:
    return info.remembered(what, find) if isinstance(info, RememberingInfo) else find()


def _selected(info: Info, path: Iterable[str]) -> frozenset[str]:
    raw: Any = info._raw_info  # noqa: SLF001 - Strawberry's own view of the selection ignores @skip and @include
    return frozenset(node.name.value for node in _below(raw, _at(raw, raw.field_nodes, path)))


def _at(raw: Any, nodes: Iterable[FieldNode], path: Iterable[str]) -> Iterable[FieldNode]:
    for name in path:
        nodes = [node for node in _below(raw, nodes) if node.name.value == name]
    return nodes


def parts_of_nodes(info: Info) -> list[list[tuple[str, str, list[tuple[str, str]]]]]:
    """Fields selected of the nodes of a connection: what the answer calls them, their names, and both of what is selected below them.

    For either way to the nodes.
    """
    raw: Any = info._raw_info  # noqa: SLF001 - see `selected`
    return [
        [(*_named(node), [_named(each) for each in _below(raw, [node])]) for node in _below(raw, place)]
        for path in NODES_OF_CONNECTION
        for place in _places(raw, raw.field_nodes, path)
    ]


def named_below(info: Info) -> list[tuple[str, str]]:
    """Fields selected below the field that is being resolved: what the answer calls them, and their names."""
    raw: Any = info._raw_info  # noqa: SLF001 - see `selected`
    return [_named(node) for node in _below(raw, raw.field_nodes)]


def _places(raw: Any, nodes: Iterable[FieldNode], path: tuple[str, ...]) -> list[list[FieldNode]]:
    """What is selected at `path`, apart for each place of the answer: by another alias it is another one."""
    if not path:
        return [[*nodes]]
    found: dict[str, list[FieldNode]] = {}
    for node in _below(raw, nodes):
        if node.name.value == path[0]:
            found.setdefault(_named(node)[0], []).append(node)
    return [place for each in found.values() for place in _places(raw, each, path[1:])]


def _named(node: FieldNode) -> tuple[str, str]:
    return (node.alias or node.name).value, node.name.value


def needed(fields: Iterable[str], columns: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Of a table that says which columns each field needs, those that these fields do."""
    return frozenset().union(*(columns.get(field, ()) for field in fields))


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

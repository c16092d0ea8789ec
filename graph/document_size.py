"""How large a document is, before anything is done with it."""

from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

INTROSPECTION = ("__schema", "__type")  # validation limits the depth below these


class Size(NamedTuple):
    """Of a selection, or of several side by side."""

    depth: int = 0  # fields within fields
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    root_fields: int = 0

    def beside(self, other: "Size") -> "Size":
        return Size(max(self.depth, other.depth), *map(sum, zip(self[1:], other[1:], strict=True)))


def sizes_of_operations(document: DocumentNode) -> list[Size]:
    """The size of each operation, its fragments spread.

    Each fragment is measured once, however often it is spread. Raises RecursionError where hundreds of them are nested.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    measured: dict[str, Size] = {}

    def of_operation(operation: OperationDefinitionNode) -> Size:
        nodes = [operation, *(operation.variable_definitions or ())]
        directives = Size(directives=sum(len(node.directives or ()) for node in nodes))
        return of_selections(operation.selection_set).beside(directives)

    def of_selections(selections: SelectionSetNode | None) -> Size:
        size = Size()
        for selection in selections.selections if selections else ():
            size = size.beside(of_selection(selection))
        return size

    def of_selection(selection: SelectionNode) -> Size:
        directives = Size(directives=len(selection.directives or ()))
        if isinstance(selection, FragmentSpreadNode):
            return of_fragment(selection.name.value).beside(directives)
        inner = of_selections(getattr(selection, "selection_set", None))
        if not isinstance(selection, FieldNode):
            return inner.beside(directives)
        depth = 1 if selection.name.value in INTROSPECTION else inner.depth + 1
        aliases = inner.aliases + (selection.alias is not None)
        field = inner._replace(depth=depth, aliases=aliases, fields=inner.fields + 1, root_fields=1)
        return field.beside(directives)

    def of_fragment(name: str) -> Size:
        if name not in measured:
            measured[name] = Size()  # what spreads itself is not spread for ever; validation refuses it
            if fragment := fragments.get(name):
                measured[name] = of_selections(fragment.selection_set)
        return measured[name]

    return [of_operation(node) for node in document.definitions if isinstance(node, OperationDefinitionNode)]

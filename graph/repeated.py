"""Operations that are asked for again with the same variables, as dashboards do: what follows from both is found out once.

Variables become what their types say, and arguments of resolvers are made of them. None of it depends on who asks, or when.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from graph.operation import Operation

if TYPE_CHECKING:
    from graph.executor import CompiledExecutor

MAX_REPEATED_PER_DOCUMENT = 8  # pages of a list, each with a cursor of its own, push one another out
MAX_VARIABLES_BYTES = 2_048  # of which each argument that has them makes objects, so some 80 MB of all documents together at the very worst

Key = tuple[str | None, bytes]
Repeat = Callable[..., "CompiledExecutor"]
"""Makes an executor, of a context_value and operation_extensions."""


class Repeated:
    """Of one document: those that were asked for last, by name and variables."""

    def __init__(self, limit: int = MAX_REPEATED_PER_DOCUMENT) -> None:
        self._limit = limit
        self._known: dict[Key, Repeat] = {}

    def find(self, key: Key | None) -> Repeat | None:
        """Null for one that was not asked for lately."""
        if key is None or (found := self._known.pop(key, None)) is None:
            return None
        self._known[key] = found  # behind the others, which go before it
        return found

    def clear(self) -> None:
        """Forget them."""
        self._known.clear()

    def keep(self, key: Key | None, repeat: Repeat) -> None:
        """In place of the oldest, where there are too many."""
        if key is None or not self._limit:
            return
        if len(self._known) >= self._limit:
            del self._known[next(iter(self._known))]
        self._known[key] = repeat


def key_of(operation: Operation) -> Key | None:
    """What tells one from another: as a text, in which 1, 1.0 and true are three things. Null where that is too long to keep."""
    variables = msgspec.json.encode(operation.variables or None)
    return (operation.operation_name or None, variables) if len(variables) <= MAX_VARIABLES_BYTES else None

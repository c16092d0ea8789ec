"""Operations that are asked for again with the same variables, as dashboards do: what follows from both is found out once.

Variables become what their types say, and arguments of resolvers are made of them. None of it depends on who asks, or when.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from graph.operation import Operation

if TYPE_CHECKING:
    from graph.executor import CompiledExecutor

MAX_REPEATED_PER_DOCUMENT = 16  # pages of a list, each with a cursor of its own, push one another out
MAX_VARIABLES_BYTES = 2_048

Key = tuple[str | None, bytes]
Repeat = Callable[..., "CompiledExecutor"]
"""Makes an executor, of a context_value and operation_extensions."""


class Repeated:
    """Of one document: the latest, by name and variables."""

    def __init__(self) -> None:
        self._known: dict[Key, Repeat] = {}

    def find(self, key: Key | None) -> Repeat | None:
        """Null for one that was not asked for lately."""
        return None if key is None else self._known.get(key)

    def keep(self, key: Key | None, repeat: Repeat) -> None:
        """In place of the oldest, where there are too many."""
        if key is None:
            return
        if len(self._known) >= MAX_REPEATED_PER_DOCUMENT:
            del self._known[next(iter(self._known))]
        self._known[key] = repeat


def key_of(operation: Operation) -> Key | None:
    """What tells one from another: as a text, in which 1, 1.0 and true are three things. Null where that is too long to keep."""
    variables = msgspec.json.encode(operation.variables or None)
    return (operation.operation_name or None, variables) if len(variables) <= MAX_VARIABLES_BYTES else None

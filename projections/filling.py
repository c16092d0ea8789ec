"""Fills the tables of a new generation from the first event on, without the keys of those that have a row for every event.

To make a key of rows that are there is to sort them once. To keep it from the first row on takes a third of the time of a build, more of
it the more there are, and most for names, which come in no order. So a key is made when something is first looked up by it, or at the end.
Until then nothing refuses a name that is taken. The names that more than one event bears have to be known beforehand; where the key, once
it is made, finds others, the tables are filled once more, now that those are known.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation

from projections import event_names, generations, history, repeated_names, usage
from projections.event_names import BY_KEY, Name, Taken
from projections.generations import Generation
from projections.repeated_names import MAX_REPEATED, Repeated

LATE = (*history.KEYS, *history.INDEXES, *event_names.KEYS)


class NamesRepeatedError(Exception):
    """Raised when names turn out to be borne by more than one event each."""

    def __init__(self, names: set[Name]) -> None:
        super().__init__(f"{len(names)} names are borne by more than one event")
        self.names = names


class Filling:
    """Of one generation of a cell, by who builds it."""

    def __init__(self, cell: str, repeated: set[Name]) -> None:
        self._cell = cell
        self._keyless = len(repeated) <= MAX_REPEATED
        self.finds_requests = not self._keyless
        self.taken: Taken = Repeated(repeated) if self._keyless else BY_KEY

    @property
    def create(self) -> Sequence[str]:
        """What makes the tables."""
        return [statement for statement in usage.CREATE if not (self._keyless and statement in LATE)]

    def prepare(self, connection: Connection[Any], generation: Generation, change: usage.Change) -> None:
        """Make the key of history where the change has to find requests."""
        if change.finds_requests and not self.finds_requests:
            self._make(connection, generation, history.KEYS)
            generations.analyze(connection, self._cell, generation)
            self.finds_requests = True

    def finish(self, connection: Connection[Any], generation: Generation) -> None:
        """Make the keys that are missing. Raises NamesRepeatedError where names are not unique: then the tables are good for nothing."""
        if self._keyless:
            self._make_late(connection, generation)
        generations.analyze(connection, self._cell, generation)

    def _make_late(self, connection: Connection[Any], generation: Generation) -> None:
        try:
            self._make(connection, generation, event_names.KEYS)
        except UniqueViolation:
            raise NamesRepeatedError(repeated_names.found(connection, generation.tables(self._cell))) from None
        if not self.finds_requests:
            self._make(connection, generation, history.KEYS)
        self._make(connection, generation, history.INDEXES)
        self.finds_requests, self.taken = True, BY_KEY

    def _make(self, connection: Connection[Any], generation: Generation, keys: Sequence[str]) -> None:
        for statement in keys:
            connection.execute(generation.tables(self._cell).sql(statement))

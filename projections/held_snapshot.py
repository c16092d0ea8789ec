"""Asks one set of tables within a transaction that is at hand, what is otherwise asked of the live ones in a snapshot of its own."""

from collections.abc import AsyncIterator
from typing import Any

from psycopg import Connection

from projections.generations import Generation
from projections.read_model import Tables
from projections.snapshot import Snapshot
from projections.together import NONE, Parameters, Rows


class HeldSnapshot(Snapshot):
    """For a process that does nothing else meanwhile: its questions block."""

    def __init__(self, connection: Connection[Any], cell: str, tables: Tables, state: Generation) -> None:
        self.cell = cell
        self._held = connection
        self._tables = tables
        self._is = state

    async def state(self) -> Generation:
        """What was said of the tables."""
        return self._is

    async def rows(self, text: str, parameters: Parameters = NONE) -> Rows:
        """The rows of a query whose `{names}` are among the tables, or of the log."""
        return self._held.execute(self._tables.sql(text), parameters, binary=True).fetchall()

    async def stream(self, text: str, parameters: Parameters = NONE, size: int = 2_000) -> AsyncIterator[tuple[Any, ...]]:
        """The rows of a query of any size, `size` at a time in memory."""
        with self._held.cursor("held", binary=True) as cursor:
            cursor.itersize = size
            for row in cursor.execute(self._tables.sql(text), parameters):
                yield row

    async def close(self) -> None:
        """The transaction is somebody else's."""

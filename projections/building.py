"""Builds a new generation from the first event beside the live one, and swaps it in. Readers notice nothing."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

from psycopg import Connection

from projections import generations, repeated_names
from projections.filling import Filling, NamesRepeatedError
from projections.generations import Generation, Superseded
from projections.reading import log_sql
from projections.workers import Workers
from projections.writing import Writer

Progress = Callable[[int, int], None]
"""Told how many of how many events are projected."""

Stop = Callable[[], bool]


class Build:
    """One build, by the one who builds: see become_builder."""

    def __init__(self, writer: Writer, connection: Connection[Any], workers: Workers, progress: Progress, stop: Stop) -> None:
        self._writer = writer
        self._cell = writer.cell
        self._connection = connection
        self._workers = workers
        self._progress = progress
        self._stop = stop

    def run(self) -> Generation:
        """The new generation, live; still building when told to stop. Raises Superseded where it is given up meanwhile."""
        filling, new = self._filled()
        while not self._stop():
            try:
                with self._connection.transaction():
                    generations.swap(self._connection, self._cell, new)
            except Superseded:
                goal = self._goal()
                if goal == new.position:  # nobody is ahead of it: it was given up by somebody else
                    raise
                new = self._projected(new, goal, filling)  # the live one has moved on meanwhile
                continue
            self._progress(new.position, new.position)
            return new._replace(state="live")
        return new

    def _filled(self) -> tuple[Filling, Generation]:
        """With its keys, as far along the log as the live one was at the beginning; not so far when told to stop."""
        live = generations.live(self._connection, self._cell)
        goal = self._goal()
        repeated = set() if live is None else repeated_names.expected(self._connection, live.tables(self._cell))
        while True:
            generations.retire_unfinished(self._connection, self._cell)
            filling = Filling(self._cell, repeated)
            with self._connection.transaction():
                new = generations.begin(self._connection, self._cell, "building", filling.create)
            new = self._projected(new, goal, filling)
            if self._stop():
                return filling, new
            try:
                filling.finish(self._connection, new)
            except NamesRepeatedError as error:
                repeated |= error.names
            else:
                return filling, new

    def _projected(self, new: Generation, goal: int, filling: Filling) -> Generation:
        """Further along the log, to `goal`; not so far when told to stop."""
        with closing(self._workers.changes(new, goal)) as changes:
            for change in changes:
                self._progress(new.position, goal)
                filling.prepare(self._connection, new, change)
                before, new = new, self._writer.write(self._connection, new, change, filling.taken)
                if filling.finds_requests:
                    self._writer.analyze_if_grown(self._connection, before, new)
                if self._stop():
                    break
        return new

    def _goal(self) -> int:
        """Where the live one is, and no further: a swap needs them to be equal. The end of the log, where there is none."""
        live = generations.live(self._connection, self._cell)
        return head(self._connection, self._cell) if live is None else live.position


def head(connection: Connection[Any], cell: str) -> int:
    """How many events the log holds."""
    row = connection.execute(log_sql(HEAD, cell), prepare=True).fetchone()
    assert row is not None
    return row[0]


HEAD = "SELECT position FROM {head}"

"""Projects batches in turn with others: each has its rows of history written before the batches before it are committed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from psycopg import Connection, Cursor
from psycopg.errors import DeadlockDetected, LockNotAvailable, UndefinedTable, UniqueViolation
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL

from projections import usage
from projections.generations import Generation, Superseded
from projections.reading import LogReader
from projections.writing import complete, whole

WAIT_MS = 1_000  # for what another runner is at


class Begun(NamedTuple):
    """A batch that waits for its turn: what others have to know of it."""

    position: int  # of its last event
    comes_first: bool


class Worker:
    """Has a connection that nobody else uses. One batch at a time is begun, and then committed or abandoned.

    A row of history is of one batch alone, so it can be written out of turn; names and sums meet those of other batches, and wait.
    """

    def __init__(self, connection: Connection[Any], cell: str) -> None:
        self._connection = connection
        self._cell = cell
        self._log = LogReader(connection, cell, whole=False)  # to send the events to another process would take long
        self._begun: usage.Change | None = None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def read(self, generation: Generation, after: int, end: int, epoch: int) -> usage.Change | None:
        """What the events past `after` change, to `end`, for somebody else to write: see LogReader.next."""
        return self._log.next(generation, after, end, epoch)

    def begin(self, generation: Generation, after: int, end: int, epoch: int) -> Begun | None:
        """Work out what the events past `after` change, to `end`. Null if there are none. Raises Superseded.

        What was begun before is abandoned.
        """
        self.abandon()
        change = self._begun = self._log.next(generation, after, end, epoch)
        return None if change is None else Begun(change.position, change.comes_first)

    def begin_ahead(self, generation: Generation, after: int, end: int, epoch: int) -> Begun | None:
        """The same, and write its rows of history: for one runner at a time, since others would wait for its rows, and it for theirs.

        Where another one has them, or the tables are swapped away and dropped, that is left for its turn.
        """
        begun = self.begin(generation, after, end, epoch)
        if self._begun is not None:
            with suppress(UniqueViolation, LockNotAvailable, DeadlockDetected, UndefinedTable), self._transaction():
                usage.write_ahead(self._cursor(), generation.tables(self._cell), self._begun)
        return begun

    def commit(self, generation: Generation) -> Generation:
        """Make the rest of the change that was begun, now that `generation` is where it starts, and return where that is then.

        Raises Superseded if it is elsewhere by now, or if another one is at it: nothing is counted twice.
        """
        assert self._begun is not None, "it was begun"
        change, self._begun = self._begun, None
        try:
            return self._committed(generation, change)
        except usage.WholeNeededError:
            return self._committed(generation, whole(self._connection, self._cell, generation, change))

    def abandon(self) -> None:
        """Take back what was begun, if anything was."""
        self._begun = None
        self._take_back()

    def _committed(self, generation: Generation, change: usage.Change) -> Generation:
        try:
            with self._transaction() as ahead:
                after = complete(self._cursor(), self._cell, generation, change, lambda: self._log.prices, history_written=ahead)
                self._connection.commit()
        except (LockNotAvailable, DeadlockDetected):
            raise Superseded from None
        return after

    def _take_back(self) -> None:
        if self._in_transaction:
            self._connection.rollback()

    @property
    def _in_transaction(self) -> bool:
        return self._connection.info.transaction_status not in {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}

    def _cursor(self) -> Cursor[Any]:
        return self._connection.cursor(binary=True)

    @contextmanager
    def _transaction(self) -> Iterator[bool]:
        """Within one, which stays open; tells whether it was. What fails takes it back."""
        was_open = self._in_transaction
        try:
            if not was_open:
                self._connection.execute(BEGIN)
            yield was_open
        except BaseException:
            self._take_back()
            raise


# Each statement sees what was committed before its turn. While it waits for that, the server ends it after IDLE_TIMEOUT_MS: whoever
# hangs must not keep others from its rows.
BEGIN = SQL("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = {}").format(WAIT_MS)

"""Projects batches in turn with others: each has its rows of history written before the batches before it are committed."""

from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL

from projections import usage
from projections.generations import Generation, Superseded
from projections.reading import LogReader
from projections.writing import THINK_LONGER, Writer, complete


class Begun(NamedTuple):
    """A batch that waits for its turn: what others have to know of it."""

    position: int  # of its last event
    has_prices: bool


class Worker:
    """Has a connection that nobody else uses. One batch at a time is begun, and then committed or abandoned.

    A row of history is of one batch alone, so it can be written out of turn; names and sums meet those of other batches, and wait.
    """

    def __init__(self, connection: Connection[Any], cell: str) -> None:
        self._connection = connection
        self._cell = cell
        self._log = LogReader(connection, cell, whole=False)  # to send the events to another process would take long
        self._writer = Writer(cell)
        self._begun: usage.Change | None = None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def read(self, generation: Generation, after: int, events: int, up_to: int | None, epoch: int) -> usage.Change | None:
        """What the next events change, for somebody else to write: see LogReader.next."""
        return self._log.next(generation, after, events, up_to, epoch)

    def begin(self, generation: Generation, after: int, events: int, up_to: int | None, epoch: int) -> Begun | None:
        """Read the next events, and write their rows of history. Null if there are none. Raises Superseded.

        What was begun before is abandoned.
        """
        self.abandon()
        change = self._log.next(generation, after, events, up_to, epoch)
        if change is None:
            return None
        self._connection.execute(BEGIN)
        try:
            with self._connection.cursor(binary=True) as cursor:
                usage.write_ahead(cursor, generation.tables(self._cell), change)
        except UniqueViolation:  # another runner was here
            self.abandon()
            raise Superseded from None
        except BaseException:
            self.abandon()
            raise
        self._begun = change
        return Begun(change.position, change.has_prices)

    def commit(self, generation: Generation) -> Generation:
        """Make the rest of the change that was begun, now that `generation` is where it starts, and return where that is then.

        Raises Superseded if it is elsewhere by now: nothing is counted twice.
        """
        change, self._begun = self._begun, None
        assert change is not None, "it was begun"
        try:
            with self._connection.cursor(binary=True) as cursor:
                after = complete(cursor, self._cell, generation, change, lambda: self._log.prices, history_written=True)
            self._connection.commit()
        except usage.WholeNeededError:
            self.abandon()
            return self._writer.write_whole(self._connection, generation, change)
        except BaseException:
            self.abandon()
            raise
        return after

    def abandon(self) -> None:
        """Take back what was begun, if anything was."""
        self._begun = None
        if self._connection.info.transaction_status not in {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}:
            self._connection.rollback()


BEGIN = SQL("BEGIN; {}").format(THINK_LONGER)

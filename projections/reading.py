"""Reads the log, batch by batch, and works out what each batch changes."""

from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.errors import UndefinedTable
from psycopg.sql import SQL, Composed, Identifier

from domain.prices import PriceBook
from projections import prices, usage
from projections.generations import Generation, Superseded
from projections.interpreting import Interpreter


class Book(NamedTuple):
    """Prices of a generation, in an epoch: nobody else has found any since."""

    generation: int
    epoch: int
    prices: PriceBook


class LogReader:
    """Reads with a connection that nobody else uses meanwhile."""

    def __init__(self, connection: Connection[Any], cell: str, batch: int, *, whole: bool = True) -> None:
        """With `whole`, changes have the events that they are made of."""
        self._connection = connection
        self._cell = cell
        self._batch = batch
        self._interpreter = Interpreter(whole=whole)
        self._read = log_sql(READ, cell)
        self._book: Book | None = None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def next(self, generation: Generation, after: int, up_to: int | None = None, epoch: int = 0) -> usage.Change | None:
        """What the events past position `after` change, a batch of them, as far as the log goes now, or to `up_to`. Null if there are none.

        Requests are rated with the prices that `generation` has, and those that were read here in the same `epoch`: who knows of others
        counts it up. Raises Superseded.
        """
        limit = self._batch if up_to is None else min(self._batch, up_to - after)
        if limit <= 0:
            return None
        events = self._connection.execute(self._read, [after, limit], prepare=True, binary=True).fetchall()
        if not events:
            return None
        return self._interpreter.change(events, self._book_at(generation, after, epoch))

    def _book_at(self, generation: Generation, position: int, epoch: int) -> PriceBook:
        if self._book is None or self._book[:2] != (generation.number, epoch) or self._book.prices.last > position:
            try:
                found = prices.book(self._connection, generation.tables(self._cell), position)
            except UndefinedTable:  # swapped away and dropped meanwhile
                raise Superseded from None
            self._book = Book(generation.number, epoch, found)
        return self._book.prices


def log_sql(text: str, cell: str) -> Composed:
    """`text` with the names of the cell's log."""
    names = {name: Identifier(cell, f"ledger_{name}") for name in ("events", "head", "appends")}
    return SQL(text).format(**names)  # pyright: ignore[reportArgumentType] - our own constants only


READ = """
    SELECT notification_id, uuid_send(originator_id), topic, state FROM {events}
    WHERE notification_id > %b ORDER BY notification_id LIMIT %b"""

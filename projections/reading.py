"""Reads the log, batch by batch, and works out what each batch changes."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.errors import UndefinedTable
from psycopg.sql import SQL, Composed, Identifier

from domain.prices import PriceBook
from projections import prices, usage
from projections.generations import Generation, Superseded
from projections.interpreting import Interpreter, Stored

AT_ONCE = 1_000  # events: of 64 KiB at most, which they seldom are
MAX_BATCH_BYTES = 64 * 1024 * 1024  # as stored


class Book(NamedTuple):
    """Prices of a generation, in an epoch: nobody else has found any since."""

    generation: int
    epoch: int
    prices: PriceBook


class LogReader:
    """Reads with a connection that nobody else uses meanwhile."""

    def __init__(self, connection: Connection[Any], cell: str, *, whole: bool = True) -> None:
        """With `whole`, changes have the events that they are made of."""
        self._connection = connection
        self._cell = cell
        self._interpreter = Interpreter(whole=whole)
        self._read = log_sql(READ, cell)
        self._book: Book | None = None

    @property
    def prices(self) -> PriceBook:
        """Those up to the change that was read last."""
        assert self._book is not None, "something was read"
        return self._book.prices

    def next(self, generation: Generation, after: int, end: int, epoch: int = 0) -> usage.Change | None:
        """What the events past position `after` change, to `end`. Null if there are none.

        Fewer where they come to more than MAX_BATCH_BYTES.

        Requests are rated with the prices that `generation` has, and those that were read here in the same `epoch`: who knows of others
        counts it up. Raises Superseded.
        """
        found = self._stored(after, end)
        first = next(found, None)
        if first is None:
            return None
        return self._interpreter.change(chain((first,), found), self._book_at(generation, after, epoch))

    def _stored(self, after: int, end: int) -> Iterator[Stored]:
        """Some at a time, and fewer where they are large: nobody's reports fill our memory."""
        size = 0
        while after < end and size < MAX_BATCH_BYTES:
            some = min(after + AT_ONCE, end)
            found: list[Stored] = self._connection.execute(self._read, [after, some], prepare=True, binary=True).fetchall()
            yield from found
            size += sum(len(state) for *_, state in found)
            after = some

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
    WHERE notification_id > %b AND notification_id <= %b ORDER BY notification_id"""

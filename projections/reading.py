"""Reads the log, batch by batch, rates requests with the prices known at their positions, and works out what each batch changes."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.errors import UndefinedTable
from psycopg.sql import SQL, Composed, Identifier

from domain.events import RequestCompleted
from domain.names import account_id
from domain.price_events import PriceSet
from domain.prices import Price, PriceBook
from domain.rating import rate
from ledger.shapes import READERS
from projections import prices, usage
from projections.generations import Generation, Superseded
from projections.read_model import Recorded

MAX_ACCOUNTS_KNOWN = 100_000
CHUNK = 500  # events that are looked at by everybody before the next are made: their memory is used again


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
        self._whole = whole
        self._read = log_sql(READ, cell)
        self._accounts: dict[str, bytes] = {}
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
        recorded = self._recorded(events, self._book_at(generation, after, epoch))
        gathering = usage.Gathering(whole=self._whole)
        while chunk := [*islice(recorded, CHUNK)]:
            gathering.add(chunk)
        return gathering.change()

    def _book_at(self, generation: Generation, position: int, epoch: int) -> PriceBook:
        if self._book is None or self._book[:2] != (generation.number, epoch) or self._book.prices.last > position:
            try:
                found = prices.book(self._connection, generation.tables(self._cell), position)
            except UndefinedTable:  # swapped away and dropped meanwhile
                raise Superseded from None
            self._book = Book(generation.number, epoch, found)
        return self._book.prices

    def _recorded(self, events: Iterable[tuple[int, bytes, str, bytes]], book: PriceBook) -> Iterator[Recorded]:
        """Each with its fee, up to one that stands alone; or that one, if it is the first."""
        for i, (position, originator_id, topic, state) in enumerate(events):
            event = READERS[topic](state)
            account_id = self._account(event.account)
            if type(event) is RequestCompleted:  # nearly all are
                yield Recorded(position, originator_id, account_id, event, rate(book, event, position))
                continue
            recorded = Recorded(position, originator_id, account_id, event)
            alone = usage.stands_alone(recorded)
            if alone and i:
                return
            if isinstance(event, PriceSet):
                book.add(Price.of(position, event))
            yield recorded
            if alone:
                return

    def _account(self, key: str) -> bytes:
        known = self._accounts
        account = known.get(key)
        if account is None:
            if len(known) > MAX_ACCOUNTS_KNOWN:
                known.clear()
            account = known[key] = account_id(key).bytes
        return account


def log_sql(text: str, cell: str) -> Composed:
    """`text` with the names of the cell's log."""
    names = {name: Identifier(cell, f"ledger_{name}") for name in ("events", "head", "appends")}
    return SQL(text).format(**names)  # pyright: ignore[reportArgumentType] - our own constants only


READ = """
    SELECT notification_id, uuid_send(originator_id), topic, state FROM {events}
    WHERE notification_id > %b ORDER BY notification_id LIMIT %b"""

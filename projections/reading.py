"""Reads the log ahead: works out the next change while Postgres writes the one before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Self

import psycopg
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


class Book(NamedTuple):
    """Prices as they are at a position of a generation."""

    generation: int
    position: int
    prices: PriceBook


class Reader:
    """A connection and a thread of its own, while it is open."""

    def __init__(self, database_url: str, cell: str, batch: int) -> None:
        self._url = database_url
        self._cell = cell
        self._batch = batch
        self._accounts: dict[str, bytes] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log reader")
        self._connection: Connection[Any] | None = None
        self._book: Book | None = None

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self._url, autocommit=True, application_name="tallygraph log reader")
        self._read = log_sql(READ, self._cell)
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    def changes(self, generation: Generation, up_to: int | None = None) -> Iterator[usage.Change]:
        """What the events past where `generation` is change, batch by batch, as far as the log goes now, or to `up_to`."""
        book = self._book_of(generation)
        after = generation.position
        upcoming = self._thread.submit(self._next, after, up_to, book)
        while (change := upcoming.result()) is not None:
            after = change.position
            self._book = None  # until nothing is read ahead of what was given out
            upcoming = self._thread.submit(self._next, after, up_to, book)
            yield change
        self._book = Book(generation.number, after, book)

    def _book_of(self, generation: Generation) -> PriceBook:
        """The prices up to where `generation` is: those that are at hand, if that is where they end. Raises Superseded."""
        assert self._connection is not None
        if self._book is not None and self._book[:2] == (generation.number, generation.position):
            return self._book.prices
        try:
            return prices.book(self._connection, generation.tables(self._cell), generation.position)
        except UndefinedTable:  # swapped away and dropped meanwhile
            raise Superseded from None

    def _next(self, after: int, up_to: int | None, book: PriceBook) -> usage.Change | None:
        limit = self._batch if up_to is None else min(self._batch, up_to - after)
        assert self._connection is not None
        events = self._connection.execute(self._read, [after, limit], prepare=True, binary=True).fetchall() if limit > 0 else []
        return usage.prepare(self._recorded(events, book), book) if events else None

    def _recorded(self, events: list[tuple[int, bytes, str, bytes]], book: PriceBook) -> list[Recorded]:
        batch: list[Recorded] = []
        for position, originator_id, topic, state in events:
            event = READERS[topic](state)
            recorded = Recorded(position, originator_id, self._account(event.account), event)
            if isinstance(event, RequestCompleted):
                recorded = recorded._replace(rated=rate(book, event, position))
            elif isinstance(event, PriceSet):
                book.add(Price.of(position, event))
            elif usage.stands_alone(recorded):
                return batch or [recorded]
            batch.append(recorded)
        return batch

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

"""Writes changes of read models, rows and position together."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
from opentelemetry import trace
from psycopg import Connection, Cursor
from psycopg.sql import SQL

from domain.prices import PriceBook
from ledger.connecting import options
from projections import generations, usage
from projections.event_names import BY_KEY, Taken
from projections.generations import Generation
from projections.prices import KnownPrices
from projections.reading import LogReader, log_sql
from projections.usage_news import CHANNEL, Moved

IDLE_TIMEOUT_MS = 10_000  # a projector that stalls with the head locked must not hold up appends for ever
BATCH_IDLE_TIMEOUT_MS = 60_000  # within a batch, for lives of very many events
WORTH_ANALYZING = 1_000  # events
GROWTH_BITS = 3  # statistics are taken whenever there are 8 times as many: how large a table is the planner sees by itself
TRACER = trace.get_tracer(__name__)


def connect(database_url: str, name: str = "tallygraph project") -> Connection[Any]:
    """A connection to write with, and the name that the server knows it by.

    It does not wait for the disk: rows and position are lost together, and projected again.
    """
    own = f"-c synchronous_commit=off -c TimeZone=UTC -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS}"
    return psycopg.connect(database_url, autocommit=True, application_name=name, options=options(database_url, own))


class Writer:
    """Of one cell. It remembers the prices of the generation that it wrote last."""

    def __init__(self, cell: str) -> None:
        self.cell = cell
        self._prices = KnownPrices()

    def write(self, connection: Connection[Any], generation: Generation, change: usage.Change, taken: Taken = BY_KEY) -> Generation:
        """Make the change, and return where `generation` is then. `taken` knows whose names are taken.

        Raises Superseded if it is elsewhere by now: nothing is counted twice.
        """
        attributes = {"tallygraph.events": change.position - generation.position, "tallygraph.position": change.position}
        with TRACER.start_as_current_span("project batch", attributes={**attributes, "tallygraph.generation": generation.number}):
            return self._written(connection, generation, change, taken)

    def analyze_if_grown(self, connection: Connection[Any], before: Generation, after: Generation) -> None:
        """Take statistics now and then."""
        if after.position >= WORTH_ANALYZING and after.position.bit_length() // GROWTH_BITS > before.position.bit_length() // GROWTH_BITS:
            generations.analyze(connection, self.cell, after)

    def _written(self, connection: Connection[Any], generation: Generation, change: usage.Change, taken: Taken) -> Generation:
        try:
            return self._committed(connection, generation, change, taken)
        except usage.WholeNeededError:
            return self._committed(connection, generation, whole(connection, self.cell, generation, change), taken)

    def _committed(self, connection: Connection[Any], generation: Generation, change: usage.Change, taken: Taken) -> Generation:
        tables = generation.tables(self.cell)
        self._prices.follow(generation.number, generation.position, change.position, change.prices)
        with connection.transaction(), connection.cursor(binary=True) as cursor:
            return complete(cursor, self.cell, generation, change, lambda: self._prices.book(connection, tables), taken=taken)


def whole(connection: Connection[Any], cell: str, generation: Generation, change: usage.Change) -> usage.Change:
    """The same change, with its events, which are read again."""
    found = LogReader(connection, cell).next(generation, generation.position, change.position)
    assert found is not None, "what was read once can be read again"
    assert found.position == change.position, "and is as much"
    return found


def complete(
    cursor: Cursor[Any],
    cell: str,
    generation: Generation,
    change: usage.Change,
    book: Callable[[], PriceBook],
    *,
    taken: Taken = BY_KEY,
    history_written: bool = False,
) -> Generation:
    """Make a change, within a transaction, and return where `generation` is when that is committed: see usage.apply. Raises Superseded."""
    try:
        cursor.execute(THINK_LONGER)
        cursor.execute(log_sql(RECORDED_AT, cell), [change.position], prepare=True)
        (recorded_at,) = cursor.fetchone() or (None,)
        assert isinstance(recorded_at, datetime)
        # The position first: a second runner waits here, and leaves.
        generations.advance(cursor, cell, generation, change.position, recorded_at)
        usage.apply(cursor, generation.tables(cell), change, book, taken, history_written=history_written)
        if generation.state == "live":
            cursor.execute(NOTIFY, [CHANNEL, Moved(cell, change.position, change.accounts).payload()], prepare=True)
    except usage.WholeNeededError:
        raise
    except Exception as error:
        error.add_note(f"while projecting the events at {change.start} to {change.position} of the log")
        raise
    return generation._replace(position=change.position, complete_through=recorded_at)


NOTIFY = "SELECT pg_notify(%s, %s)"  # when the transaction is committed
# The head is not locked here, so that appends wait for nothing that is worked out between statements.
THINK_LONGER = SQL("SET LOCAL idle_in_transaction_session_timeout = {}").format(BATCH_IDLE_TIMEOUT_MS)
# The append that holds an event tells when it was recorded. A batch may end within one: then not all of that instant is included.
RECORDED_AT = "SELECT recorded_at FROM {appends} WHERE position >= %b ORDER BY position LIMIT 1"

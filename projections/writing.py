"""Writes changes of read models, rows and position together."""

from datetime import datetime
from typing import Any

from opentelemetry import trace
from psycopg import Connection
from psycopg.sql import SQL

from projections import generations, usage
from projections.event_names import BY_KEY, Taken
from projections.generations import Generation
from projections.prices import KnownPrices
from projections.reading import LogReader, log_sql
from projections.usage_news import CHANNEL, Moved

BATCH_IDLE_TIMEOUT_MS = 300_000  # within a batch, for lives of very many events
WORTH_ANALYZING = 1_000  # events
GROWTH_BITS = 3  # statistics are taken whenever there are 8 times as many: how large a table is the planner sees by itself
TRACER = trace.get_tracer(__name__)


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
            whole = LogReader(connection, self.cell).next(generation, generation.position, change.position - generation.position)
            assert whole is not None, "what was read once can be read again"
            return self._committed(connection, generation, whole, taken)
        except Exception as error:
            error.add_note(f"while projecting the events at {change.start} to {change.position} of the log")
            raise

    def _committed(self, connection: Connection[Any], generation: Generation, change: usage.Change, taken: Taken) -> Generation:
        with connection.transaction(), connection.cursor(binary=True) as cursor:
            cursor.execute(THINK_LONGER)
            cursor.execute(log_sql(RECORDED_AT, self.cell), [change.position], prepare=True)
            (recorded_at,) = cursor.fetchone() or (None,)
            assert isinstance(recorded_at, datetime)
            # The position first: a second runner waits here, and leaves.
            generations.advance(cursor, self.cell, generation, change.position, recorded_at)
            tables = generation.tables(self.cell)
            self._prices.follow(generation.number, generation.position, change.position, change.prices)
            usage.apply(cursor, tables, change, lambda: self._prices.book(connection, tables), taken)
            if generation.state == "live":
                cursor.execute(NOTIFY, [CHANNEL, Moved(self.cell, change.position, change.accounts).payload()], prepare=True)
        return generation._replace(position=change.position, complete_through=recorded_at)


NOTIFY = "SELECT pg_notify(%s, %s)"  # when the transaction is committed
# The head is not locked here, so that appends wait for nothing that is worked out between statements.
THINK_LONGER = SQL("SET LOCAL idle_in_transaction_session_timeout = {}").format(BATCH_IDLE_TIMEOUT_MS)
# The append that holds an event tells when it was recorded. A batch may end within one: then not all of that instant is included.
RECORDED_AT = "SELECT recorded_at FROM {appends} WHERE position >= %b ORDER BY position LIMIT 1"

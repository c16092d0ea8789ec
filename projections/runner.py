"""Follows the log: changes the read models batch by batch, and commits rows and position together. Any number may run at once."""

import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.sql import SQL

from ledger.application import CELL
from ledger.connecting import options
from projections import generations, usage
from projections.generations import Generation, Superseded
from projections.prices import KnownPrices
from projections.reading import LogReader, log_sql
from projections.reading_ahead import Reader

BATCH = 10_000  # events a transaction
REBUILD_BATCH = 30_000  # of those that nobody waits for: sums are added to their buckets less often, and names come in longer runs
POLL_SECONDS = 0.05
TICK_SECONDS = 1.0  # how often an idle log says that it is complete up to now
RECONNECT_SECONDS = 1.0
IDLE_TIMEOUT_MS = 10_000  # a projector that stalls with the head locked must not hold up appends for ever
BATCH_IDLE_TIMEOUT_MS = 300_000  # within a batch, for lives of very many events
WORTH_ANALYZING = 1_000  # events
GROWTH_BITS = 3  # statistics are taken whenever there are 8 times as many: how large a table is the planner sees by itself
CHANNEL = "tallygraph_read_models"  # NOTIFY after each commit: a hint, never the truth

Progress = Callable[[int, int], None]
Stop = Callable[[], bool]


class Runner:
    """Keeps the usage group of one cell up with its log."""

    def __init__(self, database_url: str, cell: str = CELL, batch: int = BATCH, *, apart: bool = False) -> None:
        """With `apart`, changes are worked out in processes of their own."""
        self._url = database_url
        self.cell = cell
        self._batch = batch
        self._apart = apart
        self._prices = KnownPrices()

    def connect(self) -> Connection[Any]:
        """A connection to write with. It does not wait for the disk: rows and position are lost together, and projected again."""
        own = f"-c synchronous_commit=off -c TimeZone=UTC -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS}"
        return psycopg.connect(self._url, autocommit=True, application_name="tallygraph project", options=options(self._url, own))

    def reader(self) -> Reader:
        """What reads the log for this runner; open it."""
        return Reader(self._url, self.cell, self._batch, apart=self._apart)

    def begin(self, connection: Connection[Any]) -> Generation | None:
        """The live generation, which for an empty log is created here; null where one of today's shape has to be built first."""
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{self.cell} generations"])
            live = generations.live(connection, self.cell)
            if live is None and self._head(connection) == 0:
                live = generations.begin(connection, self.cell, "live", usage.CREATE)
        return live

    def ensure_live(self, connection: Connection[Any], stop: Stop = lambda: False) -> Generation:
        """The live generation, built now if there is none of today's shape."""
        return self.begin(connection) or self.rebuild(stop=stop, if_missing=True)

    def catch_up(self, connection: Connection[Any], generation: Generation, stop: Stop = lambda: False) -> Generation:
        """Project until there is nothing more, or `stop` says so, and return where that is.

        Raises Superseded, having counted nothing twice.
        """
        with self.reader() as reader:
            return self.catch_up_with(reader, connection, generation, stop)

    def follow(self, stop: threading.Event) -> None:
        """Keep up until `stop` is set. A lost connection, or process, is made anew."""
        while not stop.is_set():
            try:
                with self.connect() as connection, self.reader() as reader:
                    self._follow(connection, reader, stop)
            except (psycopg.OperationalError, BrokenProcessPool):
                stop.wait(RECONNECT_SECONDS)

    def rebuild(
        self, progress: Progress = lambda _done, _total: None, stop: Stop = lambda: False, *, if_missing: bool = False
    ) -> Generation:
        """Build a new generation from the first event beside the live one, and swap it in. Readers notice nothing.

        `progress` is told how many of how many events are projected. With `if_missing`, a live one that came meanwhile is good enough.
        """
        with self.connect() as connection, self.reader() as reader:
            generations.become_builder(connection, self.cell, waits=True)
            try:
                if if_missing and (live := generations.live(connection, self.cell)):
                    return live
                return self.build(connection, reader, progress, stop)
            finally:
                generations.leave_to_others(connection, self.cell)

    def build(
        self, connection: Connection[Any], reader: Reader, progress: Progress = lambda _done, _total: None, stop: Stop = lambda: False
    ) -> Generation:
        """The same for the one who builds, who has to be one: see become_builder. Still building when told to stop."""
        generations.retire_unfinished(connection, self.cell)
        with connection.transaction():
            new = generations.begin(connection, self.cell, "building", usage.CREATE)
        while not stop():
            live = generations.live(connection, self.cell)
            goal = self._head(connection) if live is None else live.position  # no further: a swap needs them to be equal
            for change in reader.changes(new, up_to=goal):
                progress(new.position, goal)
                before, new = new, self._project(connection, new, change)
                self._analyze_if_grown(connection, before, new)
                if stop():
                    return new
            try:
                with connection.transaction():
                    generations.swap(connection, self.cell, new)
            except Superseded:
                continue  # the live one has moved on meanwhile
            progress(new.position, new.position)
            return new._replace(state="live")
        return new

    def tick(self, connection: Connection[Any], generation: Generation) -> None:
        """Say that the log is complete up to now, if nobody is appending and everything is projected.

        Later events are dated no earlier, because the instant is written to the head under its lock. Figures that run with time take
        their "now" from here, so that a replay finds the same.
        """
        with connection.transaction():
            head = connection.execute(log_sql(TOUCH_HEAD, self.cell), [generation.position], prepare=True).fetchone()
            if head is not None:
                generations.advance(connection.cursor(), self.cell, generation, generation.position, head[0])
                connection.execute("SELECT pg_notify(%s, '')", [CHANNEL])

    def _follow(self, connection: Connection[Any], reader: Reader, stop: threading.Event) -> None:
        idle = 0.0
        while not stop.is_set():
            before = self.ensure_live(connection, stop.is_set)
            try:
                after = self.catch_up_with(reader, connection, before, stop.is_set)
                if after.position != before.position:
                    idle = 0.0
                elif idle >= TICK_SECONDS:
                    self.tick(connection, after)
                    idle = 0.0
            except Superseded:
                continue
            stop.wait(POLL_SECONDS)
            idle += POLL_SECONDS

    def catch_up_with(self, reader: Reader, connection: Connection[Any], generation: Generation, stop: Stop = lambda: False) -> Generation:
        """The same, with a reader that is open already."""
        for change in reader.changes(generation):
            before, generation = generation, self._project(connection, generation, change)
            self._analyze_if_grown(connection, before, generation)
            if stop():
                break
        return generation

    def _head(self, connection: Connection[Any]) -> int:
        row = connection.execute(log_sql(HEAD, self.cell), prepare=True).fetchone()
        assert row is not None
        return row[0]

    def _project(self, connection: Connection[Any], generation: Generation, change: usage.Change) -> Generation:
        try:
            return self._committed(connection, generation, change)
        except usage.WholeNeededError:
            whole = LogReader(connection, self.cell, self._batch).next(generation, generation.position, change.position)
            assert whole is not None, "what was read once can be read again"
            return self._committed(connection, generation, whole)
        except Exception as error:
            error.add_note(f"while projecting the events at {change.start} to {change.position} of the log")
            raise

    def _committed(self, connection: Connection[Any], generation: Generation, change: usage.Change) -> Generation:
        with connection.transaction(), connection.cursor(binary=True) as cursor:
            cursor.execute(THINK_LONGER)
            cursor.execute(log_sql(RECORDED_AT, self.cell), [change.position], prepare=True)
            (recorded_at,) = cursor.fetchone() or (None,)
            assert isinstance(recorded_at, datetime)
            # The position first: a second runner waits here, and leaves.
            generations.advance(cursor, self.cell, generation, change.position, recorded_at)
            tables = generation.tables(self.cell)
            self._prices.follow(generation.number, generation.position, change.position, change.prices)
            usage.apply(cursor, tables, change, lambda: self._prices.book(connection, tables))
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL], prepare=True)
        return generation._replace(position=change.position, complete_through=recorded_at)

    def _analyze_if_grown(self, connection: Connection[Any], before: Generation, after: Generation) -> None:
        if after.position >= WORTH_ANALYZING and after.position.bit_length() // GROWTH_BITS > before.position.bit_length() // GROWTH_BITS:
            generations.analyze(connection, self.cell, after)


HEAD = "SELECT position FROM {head}"
# The head is not locked here, so that appends wait for nothing that is worked out between statements.
THINK_LONGER = SQL("SET LOCAL idle_in_transaction_session_timeout = {}").format(BATCH_IDLE_TIMEOUT_MS)
# The append that holds an event tells when it was recorded. A batch may end within one: then not all of that instant is included.
RECORDED_AT = "SELECT recorded_at FROM {appends} WHERE position >= %b ORDER BY position LIMIT 1"
TOUCH_HEAD = """
    UPDATE {head} SET recorded_at = greatest(clock_timestamp(), recorded_at)
    WHERE one = (SELECT one FROM {head} WHERE position = %s FOR UPDATE SKIP LOCKED)
    RETURNING recorded_at"""

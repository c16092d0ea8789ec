"""Follows the log: changes the read models batch by batch, and commits rows and position together. Any number may run at once."""

import threading
from concurrent.futures import BrokenExecutor
from contextlib import closing
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.errors import IdleInTransactionSessionTimeout

from ledger.application import CELL
from projections import generations, usage
from projections.building import Build, Progress, Stop, head
from projections.generations import Generation, Superseded
from projections.reading import log_sql
from projections.usage_news import CHANNEL, Moved
from projections.workers import Workers
from projections.writing import NOTIFY, Writer, connect

BATCH = 16_000  # events a transaction at most: the more, the less often a bucket is added to; the fewer, the sooner the last are seen
POLL_SECONDS = 0.05
TICK_SECONDS = 1.0  # how often an idle log says that it is complete up to now
RECONNECT_SECONDS = 1.0
LOST = (psycopg.OperationalError, IdleInTransactionSessionTimeout, BrokenExecutor)  # a connection, or a process


class Runner:
    """Keeps the usage group of one cell up with its log."""

    def __init__(self, database_url: str, cell: str = CELL, batch: int = BATCH, *, apart: bool = False) -> None:
        """With `apart`, changes are worked out in processes of their own."""
        self._url = database_url
        self.cell = cell
        self._batch = batch
        self._apart = apart
        self.writer = Writer(cell)

    def connect(self) -> Connection[Any]:
        """A connection to write with."""
        return connect(self._url)

    def workers(self) -> Workers:
        """Those who read the log for this runner; open them."""
        return Workers(self._url, self.cell, self._batch, apart=self._apart)

    def begin(self, connection: Connection[Any]) -> Generation | None:
        """The live generation, which for an empty log is created here; null where one of today's shape has to be built first."""
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{self.cell} generations"])
            live = generations.live(connection, self.cell)
            if live is None and head(connection, self.cell) == 0:
                live = generations.begin(connection, self.cell, "live", usage.CREATE)
        return live

    def ensure_live(self, connection: Connection[Any], stop: Stop = lambda: False) -> Generation:
        """The live generation, built now if there is none of today's shape."""
        return self.begin(connection) or self.rebuild(stop=stop, if_missing=True)

    def catch_up(self, connection: Connection[Any], generation: Generation, stop: Stop = lambda: False) -> Generation:
        """Project until there is nothing more, or `stop` says so, and return where that is.

        Raises Superseded, having counted nothing twice.
        """
        with self.workers() as workers:
            return self.catch_up_with(workers, connection, generation, stop)

    def follow(self, stop: threading.Event) -> None:
        """Keep up until `stop` is set. A lost connection, or process, is made anew."""
        while not stop.is_set():
            try:
                with self.connect() as connection, self.workers() as workers:
                    self._follow(connection, workers, stop)
            except LOST:
                stop.wait(RECONNECT_SECONDS)

    def rebuild(
        self, progress: Progress = lambda _done, _total: None, stop: Stop = lambda: False, *, if_missing: bool = False
    ) -> Generation:
        """Build a new generation from the first event beside the live one, and swap it in. Readers notice nothing.

        `progress` is told how many of how many events are projected. With `if_missing`, a live one that came meanwhile is good enough.
        """
        with self.connect() as connection, self.workers() as workers:
            generations.become_builder(connection, self.cell, waits=True)
            try:
                if if_missing and (live := generations.live(connection, self.cell)):
                    return live
                return self.build(connection, workers, progress, stop)
            finally:
                generations.leave_to_others(connection, self.cell)

    def build(
        self, connection: Connection[Any], workers: Workers, progress: Progress = lambda _done, _total: None, stop: Stop = lambda: False
    ) -> Generation:
        """The same for the one who builds, who has to be one: see become_builder. Still building when told to stop."""
        return Build(self.writer, connection, workers, progress, stop).run()

    def tick(self, connection: Connection[Any], generation: Generation) -> None:
        """Say that the log is complete up to now, if nobody is appending and everything is projected.

        Later events are dated no earlier, because the instant is written to the head under its lock. Figures that run with time take
        their "now" from here, so that a replay finds the same.
        """
        with connection.transaction():
            head = connection.execute(log_sql(TOUCH_HEAD, self.cell), [generation.position], prepare=True).fetchone()
            if head is not None:
                generations.advance(connection.cursor(), self.cell, generation, generation.position, head[0])
                connection.execute(NOTIFY, [CHANNEL, Moved(self.cell, generation.position, ()).payload()])

    def _follow(self, connection: Connection[Any], workers: Workers, stop: threading.Event) -> None:
        idle = 0.0
        while not stop.is_set():
            try:
                before = self.ensure_live(connection, stop.is_set)
                after = self.catch_up_with(workers, connection, before, stop.is_set)
                if after.position != before.position:
                    idle = 0.0
                elif idle >= TICK_SECONDS:
                    self.tick(connection, after)
                    idle = 0.0
            except Superseded:
                continue
            stop.wait(POLL_SECONDS)
            idle += POLL_SECONDS

    def catch_up_with(
        self, workers: Workers, connection: Connection[Any], generation: Generation, stop: Stop = lambda: False
    ) -> Generation:
        """The same, with workers that are open already."""
        reached = -1
        while reached < generation.position < head(connection, self.cell):
            reached = generation.position
            with (
                generations.projecting(connection, self.cell) as alone,
                closing(workers.projected(generation, lambda: head(connection, self.cell), alone=alone)) as projected,
            ):
                live = generations.live(connection, self.cell)
                if live is None or (live.number, live.position) != (generation.number, generation.position):
                    raise Superseded  # while another one was waited for
                for after in projected:
                    self.writer.analyze_if_grown(connection, generation, after)
                    generation = after
                    if stop():
                        return generation
        return generation


TOUCH_HEAD = """
    UPDATE {head} SET recorded_at = greatest(clock_timestamp(), recorded_at)
    WHERE one = (SELECT one FROM {head} WHERE position = %s FOR UPDATE SKIP LOCKED)
    RETURNING recorded_at"""

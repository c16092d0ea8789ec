"""Follows the log: reads a batch, changes the read models, and commits rows and position together. Any number may run at once."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from domain.names import account_id
from ledger.application import CELL
from ledger.shapes import READERS
from projections import generations, usage
from projections.generations import Generation, Superseded
from projections.read_model import Recorded

BATCH = 10_000  # events a transaction
POLL_SECONDS = 0.05
TICK_SECONDS = 1.0  # how often an idle log says that it is complete up to now
CHANNEL = "tallygraph_read_models"  # NOTIFY after each commit: a hint, never the truth

Progress = Callable[[int, int], None]
Stop = Callable[[], bool]


class Runner:
    """Keeps the usage group of one cell up with its log."""

    def __init__(self, database_url: str, cell: str = CELL, batch: int = BATCH) -> None:
        self._url = database_url
        self.cell = cell
        self._batch = batch
        self._accounts: dict[str, UUID] = {}

    def connect(self) -> Connection[Any]:
        """A connection for this runner alone."""
        return psycopg.connect(self._url, autocommit=True, application_name="tallygraph project")

    def ensure_live(self, connection: Connection[Any]) -> Generation:
        """The live generation; the first is created here. One of an older shape goes on until its successor is built."""
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{self.cell} generations"])
            return generations.live(connection, self.cell) or generations.begin(connection, self.cell, "live")

    def catch_up(self, connection: Connection[Any], generation: Generation, stop: Stop = lambda: False) -> Generation:
        """Project until there is nothing more, or `stop` says so, and return where that is.

        Raises Superseded, having counted nothing twice.
        """
        while not stop():
            events = connection.execute(self._sql(READ), [generation.position, self._batch], prepare=True, binary=True).fetchall()
            if not events:
                break
            generation = self._project(connection, generation, events)
        return generation

    def follow(self, stop: threading.Event) -> None:
        """Keep up until `stop` is set. A lost connection is made anew."""
        while not stop.is_set():
            try:
                with self.connect() as connection:
                    self._follow(connection, stop)
            except psycopg.OperationalError:
                stop.wait(1.0)

    def rebuild(self, progress: Progress = lambda _done, _total: None, stop: Stop = lambda: False) -> Generation:
        """Build a new generation from the first event beside the live one, and swap it in. Readers notice nothing.

        `progress` is told how many of how many events are projected.
        """
        with self.connect() as connection:
            self.ensure_live(connection)
            with connection.transaction():
                new = generations.begin(connection, self.cell, "building")
            while not stop():
                new = self._build(connection, new, progress, stop)
                try:
                    with connection.transaction():
                        generations.swap(connection, self.cell, new)
                except Superseded:
                    continue  # the live one has moved on meanwhile
                return new._replace(state="live")
            return new

    def _build(
        self, connection: Connection[Any], new: Generation, progress: Callable[[int, int], None], stop: Callable[[], bool]
    ) -> Generation:
        """Project towards the live generation's position, and no further than that: a swap needs them to be equal."""
        while not stop():
            live = generations.live(connection, self.cell)
            assert live is not None
            progress(new.position, live.position)
            missing = min(self._batch, live.position - new.position)
            if missing <= 0:
                break
            events = connection.execute(self._sql(READ), [new.position, missing], prepare=True, binary=True).fetchall()
            new = self._project(connection, new, events)
        return new

    def _follow(self, connection: Connection[Any], stop: threading.Event) -> None:
        idle = 0.0
        while not stop.is_set():
            generation = self.ensure_live(connection)
            try:
                before, generation = generation.position, self.catch_up(connection, generation, stop.is_set)
                if generation.position != before:
                    idle = 0.0
                elif idle >= TICK_SECONDS:
                    self.tick(connection, generation)
                    idle = 0.0
            except Superseded:
                continue
            stop.wait(POLL_SECONDS)
            idle += POLL_SECONDS

    def tick(self, connection: Connection[Any], generation: Generation) -> None:
        """Say that the log is complete up to now, if nobody is appending and everything is projected.

        Later events are dated no earlier, because the instant is written to the head under its lock. Figures that run with time take
        their "now" from here, so that a replay finds the same.
        """
        with connection.transaction():
            head = connection.execute(self._sql(TOUCH_HEAD), [generation.position], prepare=True).fetchone()
            if head is not None:
                generations.advance(connection.cursor(), self.cell, generation, generation.position, head[0])
                connection.execute("SELECT pg_notify(%s, '')", [CHANNEL])

    def _project(self, connection: Connection[Any], generation: Generation, events: Sequence[tuple[int, bytes, str, bytes]]) -> Generation:
        batch = self._decoded(events)
        position = batch[-1].position
        with connection.transaction(), connection.cursor(binary=True) as cursor:
            cursor.execute(self._sql(RECORDED_AT), [position], prepare=True)
            (recorded_at,) = cursor.fetchone() or (None,)
            assert isinstance(recorded_at, datetime)
            generations.advance(cursor, self.cell, generation, position, recorded_at)  # first: a second runner waits here, and leaves
            usage.project(cursor, generation.tables(self.cell), batch)
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL], prepare=True)
        return generation._replace(position=position, complete_through=recorded_at)

    def _decoded(self, events: Sequence[tuple[int, bytes, str, bytes]]) -> list[Recorded]:
        batch: list[Recorded] = []
        known = self._accounts
        for position, originator_id, topic, state in events:
            event = READERS[topic](state)
            account = known.get(event.account)
            if account is None:
                account = known[event.account] = account_id(event.account)
            batch.append(Recorded(position, originator_id, account, event))
        return batch

    def _sql(self, text: str) -> Composed:
        names = {name: Identifier(self.cell, f"ledger_{name}") for name in ("events", "head", "appends")}
        return SQL(text).format(**names)  # pyright: ignore[reportArgumentType] - our own constants only


READ = """
    SELECT notification_id, uuid_send(originator_id), topic, state FROM {events}
    WHERE notification_id > %b ORDER BY notification_id LIMIT %b"""
# The append that holds an event tells when it was recorded. A batch may end within one: then not all of that instant is included.
RECORDED_AT = """
    SELECT recorded_at FROM {appends} WHERE position >= %b ORDER BY position LIMIT 1"""
TOUCH_HEAD = """
    UPDATE {head} SET recorded_at = greatest(clock_timestamp(), recorded_at)
    WHERE one = (SELECT one FROM {head} WHERE position = %s FOR UPDATE SKIP LOCKED)
    RETURNING recorded_at"""

"""Rebuilds that operators wish for: a row remembers the wish until a build is swapped in, whoever makes it and however often it is begun.

There is one row for each shape of the group, so a wish that comes while another is open is the same wish. It is fulfilled in the
transaction of the swap: a builder that is killed before leaves it open, and another one starts anew; one that is killed after it leaves
nothing but old tables, which another one drops.
"""

import threading
from typing import Any

import structlog
from psycopg import AsyncConnection, Connection
from psycopg.sql import SQL, Composed, Identifier

from projections import generations
from projections.read_model import GROUP, SHAPE
from projections.runner import LOST, RECONNECT_SECONDS, Runner
from projections.usage import READ_MODELS

LOOK_SECONDS = 0.5
FAILED_SECONDS = 10.0  # what cannot be built now is tried again, and following goes on beside it
READERS_SECONDS = 2.0  # how long old tables are kept for those who may be reading them, before they are left for another look

NAMES = (GROUP, *sorted(READ_MODELS))
"""What can be asked for. Read models that agree are built together: the group, by its own name or that of any of them."""

_log = structlog.get_logger(__name__)


async def ask(connection: AsyncConnection[Any], cell: str) -> None:
    """Wish for a rebuild, durably with the connection's transaction. One that is open already stands for this one, too."""
    await connection.execute(_sql(ASK, cell), [GROUP, SHAPE])


def is_open(connection: Connection[Any], cell: str) -> bool:
    """Whether there is a wish that no build has fulfilled."""
    return connection.execute(_sql(OPEN, cell), [GROUP, SHAPE]).fetchone() is not None


def attend(runner: Runner, stop: threading.Event) -> None:
    """Carry out what is wished for until `stop` is set, and put away what builds have left. Any number may do so at once.

    It is for a thread beside the one that follows the log: the live read models are kept up meanwhile.
    """
    while not stop.is_set():
        try:
            with runner.connect() as connection:
                while not stop.wait(LOOK_SECONDS):
                    _look(runner, connection, stop)
        except LOST:
            stop.wait(RECONNECT_SECONDS)
        except Exception:  # noqa: BLE001 - whatever it is, following goes on beside it
            _log.exception("the read models could not be rebuilt: it is tried again", seconds=FAILED_SECONDS)
            stop.wait(FAILED_SECONDS)


def _look(runner: Runner, connection: Connection[Any], stop: threading.Event) -> None:
    if not is_open(connection, runner.cell) and not generations.has_leftovers(connection, runner.cell):
        return
    if not generations.become_builder(connection, runner.cell):
        return  # another one is at work, and may be at this
    try:
        if is_open(connection, runner.cell):
            _log.info("the read models are rebuilt", group=GROUP)
            with runner.workers() as workers:
                built = runner.build(connection, workers, stop=stop.is_set)
            if built.state != "live":
                return  # told to stop: whoever comes next starts anew
            _log.info("the read models are rebuilt and swapped in", group=GROUP, generation=built.number, position=built.position)
            generations.retire_older(connection, runner.cell)
        generations.retire_unfinished(connection, runner.cell)
        with connection.transaction():
            generations.drop_retired(connection, runner.cell, READERS_SECONDS)
    finally:
        generations.leave_to_others(connection, runner.cell)


def _sql(text: str, cell: str) -> Composed:
    return SQL(text).format(rebuilds=Identifier(cell, "rebuilds"))  # pyright: ignore[reportArgumentType] - our own constants only


ASK = """
    INSERT INTO {rebuilds} AS rebuild (name, shape, requested_at) VALUES (%s, %s, clock_timestamp())
    ON CONFLICT (name, shape) DO UPDATE SET requested_at = excluded.requested_at, done_at = NULL
    WHERE rebuild.done_at IS NOT NULL"""
OPEN = "SELECT FROM {rebuilds} WHERE name = %s AND shape = %s AND done_at IS NULL"

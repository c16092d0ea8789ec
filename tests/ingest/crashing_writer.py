"""A writer in a process of its own, as a web process is one, which is killed while it records a batch."""

import asyncio
import time
from collections.abc import Callable, Sequence
from enum import Enum
from multiprocessing import get_context
from multiprocessing.connection import Connection

import psutil
import psycopg

from domain.sealing import Seal
from ingest.dialects import in_cloudevents
from ingest.outcomes import Sender
from ingest.reception import Reception
from ledger.application import Ledger
from tests.ingest.sending import BOUND_SECONDS

FORKS = get_context("forkserver")  # one process that has imported all this, and forks: a start takes hundredths of a second
FORKS.set_forkserver_preload(["tests.ingest.crashing_writer"])
WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tallygraph ledger' AND "


class Moment(Enum):
    """When it is killed."""

    SOME_TIME = "some milliseconds after it begins"
    WAITING = "when it waits for the log"
    COPIED = "when its rows are copied, and it waits to write down the append"
    DONE = "when all is recorded, and nobody was told"


LOCKS = {
    Moment.WAITING: "SELECT FROM cell_0.ledger_head FOR UPDATE",
    Moment.COPIED: "LOCK TABLE cell_0.ledger_appends IN SHARE MODE",
}


def crash(database_url: str, reports: Sequence[bytes], moment: Moment, milliseconds: int = 0, *, beside_another: bool = False) -> None:
    """Have `reports` recorded by a process that is killed at that moment. Returns when nothing of it goes on, in Postgres either.

    There has to be something new in them for a moment of LOCKS to come.
    """
    here, there = FORKS.Pipe()
    process = FORKS.Process(target=record, args=(database_url, reports, there, beside_another))
    with psycopg.connect(database_url) as observer:
        observer.execute(LOCKS.get(moment, "SELECT").encode())
        process.start()
        _heard(here)
        if moment in LOCKS:
            with psycopg.connect(database_url, autocommit=True) as other:
                _until(lambda: other.execute(WAITING + "wait_event_type = 'Lock'").rowcount > 0)
        if moment is Moment.DONE:
            _heard(here)
        process.join(milliseconds / 1000)  # it does not end by itself
        workers = psutil.Process(process.pid).children()
        process.kill()
        process.join()
        _, alive = psutil.wait_procs(workers, BOUND_SECONDS)  # they end with it
        assert not alive
    with psycopg.connect(database_url, autocommit=True) as observer:
        _until(lambda: observer.execute(WAITING + "state <> 'idle'").rowcount == 0)


def record(database_url: str, reports: Sequence[bytes], told: Connection, beside_another: bool) -> None:
    """Record, and say when it begins and when it is done."""
    reception = Reception(Ledger(database_url), Seal(b"a secret for tests"))
    reception._large += beside_another
    told.send("begins")
    asyncio.run(reception.receive(reports, Sender(None), in_cloudevents("a test")))
    told.send("is done")
    told.recv()  # until the end


def _heard(pipe: Connection) -> None:
    assert pipe.poll(BOUND_SECONDS)
    pipe.recv()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while not condition():
        assert time.monotonic() < deadline

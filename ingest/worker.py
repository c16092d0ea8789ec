"""Takes in large batches, in a process of its own: what it has worked out it appends, since to hand it over would take as long."""

import time
from typing import NamedTuple

from ingest.preparing import prepare
from ingest.taking import Batch, Taken, taken
from ingest.writer import Writer
from ledger.application import Ledger


class Done(NamedTuple):
    """What became of a batch; how many events there were to append, and how many seconds that took."""

    taken: Taken
    events: int
    seconds: float


class Worker:
    """Has a ledger of its own, which connects when it is first used."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._writer = Writer(ledger)

    def take(self, batch: Batch, latest: int) -> Done:
        """From reports to the log: `latest` is the last acceptable time, in microseconds since 1970.

        Durable when it returns, and safe to repeat. Raises what Postgres raised.
        """
        prepared = prepare(*batch, latest)
        started = time.perf_counter()
        recording = self._writer.append(prepared.entries) if prepared.entries else None
        seconds = time.perf_counter() - started
        return Done(taken(self._ledger, batch, prepared, recording), len(prepared.entries), seconds)


_mine: list[Worker] = []  # this process's own, where it is one


def begin(database_url: str, cell: str) -> None:
    """Make this process a worker."""
    _mine[:] = [Worker(Ledger(database_url, cell))]


def take(batch: Batch, latest: int) -> Done:
    """By this process's worker."""
    return _mine[0].take(batch, latest)

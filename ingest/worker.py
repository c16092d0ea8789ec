"""Takes in large batches, in a process of its own, from reports to the log: what is prepared need not be sent to another process."""

import time
from typing import NamedTuple

from ingest.preparing import prepare
from ingest.taking import Batch, Taken, kept_and_told
from ingest.writer import Writer
from ledger.application import Ledger


class Done(NamedTuple):
    """What became of a batch; how many events there were to append, and how many seconds that took."""

    taken: Taken
    events: int
    seconds: float


class Worker:
    """Has a ledger of its own, and connects when it is made. Raises what Postgres raised."""

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
        return Done(kept_and_told(self._ledger, batch, prepared, recording), len(prepared.entries), seconds)


class _Mine:
    """What this process has of its own, where it is for nothing else."""

    place: tuple[str, str]
    worker: Worker | None = None


def begin(database_url: str, cell: str) -> None:
    """Say where the log is. Whoever only prepares need not connect."""
    _Mine.place = database_url, cell


def take(batch: Batch, latest: int) -> Done:
    """By this process's worker."""
    if _Mine.worker is None:
        _Mine.worker = Worker(Ledger(*_Mine.place))
    return _Mine.worker.take(batch, latest)

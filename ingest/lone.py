"""A large batch that comes alone: Postgres takes in what is prepared of it while the rest is."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from threading import Lock

from ingest import metrics
from ingest.preparing import Prepared
from ingest.writer import Writer
from ledger.application import Ledger, Recording
from ledger.entries import Entries

MAX_BYTES_AS_MADE = 4 * 2**20  # of a batch that has the log while it is prepared: whoever comes then waits for some 20 ms
MAX_SECONDS_AS_MADE = 1.0  # for which it has it: Postgres does not see to that, while it waits for the rest of a COPY


class NotSoonError(Exception):
    """Raised to give the log back: the rest of a batch does not come in time, or is of an account that has to be made known before."""


class LoneAppender:
    """Appends one batch after another."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._writer = Writer(ledger)
        self._turn = Lock()

    def append(self, parts: Sequence[Future[Prepared]]) -> Recording | None:
        """What became of a batch's events, when all are prepared. Null where nothing is recorded, and it has to be done otherwise.

        That is where there are none, where others are at the log, where some are known, and where a part does not come in time. Raises what
        a part came to in the place of events.
        """
        if not parts[0].result().entries:  # nor is the log taken while processes are being started
            return None
        with self._turn:
            self._writer.make_known(parts[0].result().entries)
            started = time.perf_counter()
            try:
                recording = self._ledger.append_as_made(self._made(parts, time.monotonic() + MAX_SECONDS_AS_MADE))
            except NotSoonError:
                return None
            if recording is not None:
                metrics.appended(len(recording.outcomes), time.perf_counter() - started)
            return recording

    def _made(self, parts: Sequence[Future[Prepared]], deadline: float) -> Iterator[Entries]:
        for part in parts:
            try:
                entries = part.result(max(0.0, deadline - time.monotonic())).entries
            except TimeoutError:
                raise NotSoonError from None
            if self._writer.strangers(entries):
                raise NotSoonError
            if entries:
                yield entries

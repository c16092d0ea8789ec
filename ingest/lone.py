"""A large batch that comes alone: Postgres takes in what is prepared of it while the rest is."""

import time
from collections.abc import Iterator
from itertools import chain

from ingest import metrics
from ingest.preparing import Prepared
from ingest.writer import Writer
from ledger.application import Ledger, Recording
from ledger.entries import Entries

MAX_BYTES_AS_MADE = 4 * 2**20  # of a batch that has the log while it is prepared: whoever comes then waits for some 20 ms


class LoneAppender:
    """Appends one batch after another."""

    def __init__(self, ledger: Ledger) -> None:
        self._writer = Writer(ledger)

    def append(self, parts: Iterator[Prepared]) -> tuple[Prepared, Recording | None]:
        """All of a batch, part by part, and what became of its events: null where it is for somebody else to append them.

        That is where there are none, where others are at the log, and where some are known. Raises what `parts` raises.
        """
        whole = Prepared([], Entries(), [])
        made = _made(parts, whole)
        first, started = next(made, None), time.perf_counter()  # not to have the log while processes are being started
        recording = None if first is None else self._writer.append_as_made(chain([first], made))
        if recording is not None:
            metrics.appended(len(whole.entries), time.perf_counter() - started)
        for part in parts:  # what is left of them
            whole.extend(part)
        return whole, recording


def _made(parts: Iterator[Prepared], whole: Prepared) -> Iterator[Entries]:
    for part in parts:
        whole.extend(part)
        if part.entries:
            yield part.entries

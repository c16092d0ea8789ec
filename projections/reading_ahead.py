"""Reads ahead: works out the next changes while Postgres writes the one before."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import cycle
from typing import NamedTuple, Self

import psycopg

from ledger.apart import executor
from projections import usage
from projections.generations import Generation
from projections.reading import LogReader

PROCESSES = min(4, max(2, (os.cpu_count() or 2) - 1))  # to work out a change takes more than twice as long as to write it


BEGIN_WITH = 8_000  # events, so that there is soon something to write


class _Part(NamedTuple):
    after: int  # position
    events: int


class _Read(NamedTuple):
    part: _Part
    change: Future[usage.Change | None]


class Reader:
    """While it is open it has a connection and a thread of its own, or a few processes, each with a connection.

    Processes are for those who have much to read, since threads of Python take turns. Each works out every other batch, with the prices
    that it knows; where one finds new ones, the others begin anew behind them.
    """

    def __init__(self, database_url: str, cell: str, batch: int, *, apart: bool = False) -> None:
        self._place = (database_url, cell)
        self._batch = batch
        self._apart = apart
        self._epoch = 0
        self._end: tuple[int, int] | None = None  # generation and position of what was given out last

    def __enter__(self) -> Self:
        if self._apart:
            self._readers: list[Executor] = [executor(1, _open, *self._place) for _ in range(PROCESSES)]
        else:
            self._readers = [ThreadPoolExecutor(1, thread_name_prefix="log reader")]
            self._log = _log_reader(*self._place, whole=True)
        self._turns = cycle(self._readers)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._readers:
            each.shutdown(cancel_futures=True)
        if not self._apart:
            self._log.close()

    def changes(self, generation: Generation, up_to: int | None = None) -> Iterator[usage.Change]:
        """What the events past where `generation` is change, batch by batch, as far as the log goes now, or to `up_to`.

        Each has to be made before the next is asked for. Raises Superseded.
        """
        if self._end != (generation.number, generation.position):
            self._epoch += 1  # somebody else has gone on from there, and may have found prices
        self._end = (generation.number, generation.position)
        reads: deque[_Read] = deque()
        parts = self._parts(generation.position)
        self._read_on(reads, generation, parts, up_to)
        while (change := reads[0].change.result()) is not None:
            self._end = (generation.number, change.position)
            part = reads.popleft().part
            news = bool(change.prices) and self._apart
            if news or change.position < part.after + part.events:  # the others do not know of them, or began elsewhere
                reads.clear()
                parts = self._parts(change.position)
            if news:
                self._epoch += 1
                yield change  # its prices can be read when it is made
                self._read_on(reads, generation, parts, up_to)
            else:
                self._read_on(reads, generation, parts, up_to)
                yield change

    def _parts(self, position: int) -> Iterator[_Part]:
        """What to read from there on."""
        events = min(BEGIN_WITH, self._batch)
        while True:
            yield _Part(position, events)
            position += events
            events = min(2 * events, self._batch)

    def _read_on(self, reads: deque[_Read], generation: Generation, parts: Iterator[_Part], up_to: int | None) -> None:
        """Let every reader have something to do."""
        read = _next if self._apart else self._log.next
        while len(reads) < len(self._readers):
            part = next(parts)
            reads.append(_Read(part, next(self._turns).submit(read, generation, *part, up_to, self._epoch)))


def _log_reader(database_url: str, cell: str, *, whole: bool) -> LogReader:
    return LogReader(psycopg.connect(database_url, autocommit=True, application_name="tallygraph log reader"), cell, whole=whole)


_opened: list[LogReader] = []  # the one of a process that is for nothing else


def _open(database_url: str, cell: str) -> None:
    _opened.append(_log_reader(database_url, cell, whole=False))  # which would take long to be sent


def _next(generation: Generation, after: int, events: int, up_to: int | None, epoch: int) -> usage.Change | None:
    return _opened[0].next(generation, after, events, up_to, epoch)

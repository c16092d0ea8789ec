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


class _Read(NamedTuple):
    after: int
    change: Future[usage.Change | None]


class Reader:
    """While it is open it has a connection and a thread of its own, or a few processes, each with a connection.

    Processes are for those who have much to read, since threads of Python take turns. Each works out every other batch, with the prices
    that it knows; where one finds new ones, the others begin anew behind them.
    """

    def __init__(self, database_url: str, cell: str, batch: int, *, apart: bool = False) -> None:
        self._place = (database_url, cell, batch)
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
        self._read_on(reads, generation, generation.position, up_to)
        while (change := reads[0].change.result()) is not None:
            self._end = (generation.number, change.position)
            if change.position < reads.popleft().after + self._batch:
                reads.clear()  # they began elsewhere
            if change.prices and self._apart:
                self._epoch += 1
                reads.clear()
                yield change  # its prices can be read when it is made
                self._read_on(reads, generation, change.position, up_to)
            else:
                self._read_on(reads, generation, change.position, up_to)
                yield change

    def _read_on(self, reads: deque[_Read], generation: Generation, position: int, up_to: int | None) -> None:
        """Let every reader have something to do, from `position` on or from where the last of `reads` will end."""
        while len(reads) < len(self._readers):
            after = reads[-1].after + self._batch if reads else position
            reads.append(self._read(generation, after, up_to))

    def _read(self, generation: Generation, after: int, up_to: int | None) -> _Read:
        read = _next if self._apart else self._log.next
        return _Read(after, next(self._turns).submit(read, generation, after, up_to, self._epoch))


def _log_reader(database_url: str, cell: str, batch: int, *, whole: bool) -> LogReader:
    return LogReader(psycopg.connect(database_url, autocommit=True, application_name="tallygraph log reader"), cell, batch, whole=whole)


_opened: list[LogReader] = []  # the one of a process that is for nothing else


def _open(database_url: str, cell: str, batch: int) -> None:
    _opened.append(_log_reader(database_url, cell, batch, whole=False))  # which would take long to be sent


def _next(generation: Generation, after: int, up_to: int | None, epoch: int) -> usage.Change | None:
    return _opened[0].next(generation, after, up_to, epoch)

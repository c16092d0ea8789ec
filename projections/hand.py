"""A worker in a thread, or a process, of its own: it does one thing after another."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from ledger.apart import executor
from projections.worker import Worker
from projections.writing import connect

GIVE_WAY = 10  # to the door, where busy processors are shared: who reports waits for an answer, and what is projected can be a little late

P = ParamSpec("P")
T = TypeVar("T")


class Hand:
    """Begins, and connects, when it is first asked for something."""

    def __init__(self, database_url: str, cell: str, *, apart: bool) -> None:
        """`apart` is in a process."""
        self._apart = apart
        if apart:
            self._executor = executor(1, _begin_apart, database_url, cell)
        else:
            self._executor = ThreadPoolExecutor(1, "projection", _begin, (database_url, cell))

    def ask(self, method: Callable[Concatenate[Worker, P], T], *arguments: P.args, **options: P.kwargs) -> Future[T]:
        """Let the worker do it, when it has done what it was asked for before. Raises BrokenExecutor where its process was killed."""
        return self._executor.submit(_by_worker, method, *arguments, **options)

    def close(self) -> None:
        """Return when it has ended, and its connection is closed."""
        if not self._apart:  # a process lets go of its own when it ends, and one that was never asked need not begin
            self._executor.submit(_close)
        self._executor.shutdown()


class _Mine(threading.local):
    """What a thread, or a process that is for nothing else, has of its own."""

    place: tuple[str, str]
    worker: Worker | None = None


_mine = _Mine()


def _begin(database_url: str, cell: str) -> None:
    _mine.place = database_url, cell


def _begin_apart(database_url: str, cell: str) -> None:
    os.nice(GIVE_WAY)
    _begin(database_url, cell)


def _by_worker(method: Callable[..., T], *arguments: Any, **options: Any) -> T:
    if _mine.worker is None:
        database_url, cell = _mine.place
        _mine.worker = Worker(connect(database_url, "tallygraph project worker"), cell)
    return method(_mine.worker, *arguments, **options)


def _close() -> None:
    if _mine.worker is not None:
        _mine.worker.close()

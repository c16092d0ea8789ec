"""Runners that follow the log, and look after rebuilds, while a test goes on."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from projections import rebuilds
from projections.runner import Runner


def following(*runners: Runner) -> AbstractContextManager[None]:
    """Each in a thread of its own, until the end."""
    return _at_work([runner.follow for runner in runners])


def attending(*runners: Runner) -> AbstractContextManager[None]:
    """The same, for what is wished for."""
    return _at_work([lambda stop, runner=runner: rebuilds.attend(runner, stop) for runner in runners])


@contextmanager
def _at_work(tasks: Sequence[Callable[[threading.Event], None]]) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=task, args=(stop,)) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()

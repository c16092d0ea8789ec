"""Runners that follow the log while a test goes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from projections.runner import Runner


@contextmanager
def following(*runners: Runner) -> Iterator[None]:
    """Each in a thread of its own, until the end."""
    stop = threading.Event()
    threads = [threading.Thread(target=runner.follow, args=(stop,)) for runner in runners]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()

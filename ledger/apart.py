"""Work in processes of its own, where threads of Python would take turns. They end with the process that started them, however it ends."""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def executor(workers: int, start: Callable[..., None] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """That many processes, each begun with `start(*arguments)`, if there is something to begin with.

    What they are asked for raises BrokenProcessPool once one of them was killed: give these up, and make new ones.
    """
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (start, *arguments))


def give_up(broken: ProcessPoolExecutor) -> None:
    """Let go of processes of which one was killed.

    Python before 3.11.5 waits for ever, and keeps us from ending, until somebody has read what was being sent to them
    (https://github.com/python/cpython/issues/94777): once nobody can, it does not. Since then it closes that end itself,
    and whoever closes it beside would close what another thread has just opened.
    """
    for each in [*(getattr(broken, "_processes", None) or {}).values()]:
        each.kill()  # they wait for what the killed one had, and for no other signal
    queue = getattr(broken, "_call_queue", None)
    if queue is not None and sys.version_info < (3, 11, 5):
        queue._reader.close()  # noqa: SLF001 - there is no other way


def collect_seldom() -> None:
    """Look for garbage less often: batches are many small objects that refer to nothing of ours, and looking at them took half the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def stay_with_parent() -> None:
    """Begin a process that another one of ours has started: it decides when we end, and we end with it."""
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.SIG_IGN)  # a terminal sends them to all
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()


def _begin(start: Callable[..., None] | None, *arguments: Any) -> None:
    stay_with_parent()
    if start is not None:
        start(*arguments)
    collect_seldom()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "we are started by another process"
    parent.join()
    os._exit(1)  # nothing of ours has to be put away

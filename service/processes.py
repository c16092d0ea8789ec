"""Parts that run as processes of their own, so that the web process stays quick. They end with it, however it ends."""

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Self

import structlog

log = structlog.get_logger(__name__)

RESTART_SECONDS = 1.0
GRACE_SECONDS = 10.0


class Companion:
    """A command of ours that runs while this context does, and is started again when it fails.

    It reads its standard input, which is a pipe from here: the end of it, also by kill -9 of this process, is its sign to stop.
    """

    def __init__(self, arguments: Sequence[str], environment: dict[str, str]) -> None:
        self._arguments = [sys.executable, "-m", "service.cli", *arguments]
        self._environment = {**os.environ, **environment}
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name=f"keeper of {arguments[0]}", daemon=True)

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._keeper.join()

    def _keep(self) -> None:
        while not self._stop.is_set():
            with subprocess.Popen(  # noqa: S603 - our own interpreter and command
                self._arguments, stdin=subprocess.PIPE, env=self._environment, start_new_session=True
            ) as process:
                while process.poll() is None and not self._stop.wait(0.1):
                    pass
                if process.stdin is not None:
                    process.stdin.close()
                try:
                    process.wait(GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
            if not self._stop.is_set():
                log.warning("a part of the service ended and is started again", part=self._arguments[3], code=process.returncode)
                self._stop.wait(RESTART_SECONDS)


def collect_seldom() -> None:
    """Look for garbage less often: batches are many small objects that refer to nothing of ours, and looking at them took half the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def stop_with_parent(stop: threading.Event, pipe: IO[bytes]) -> None:
    """Set `stop` when the process at the other end of `pipe` ends or closes it."""

    def watch() -> None:
        while pipe.read(1):
            pass
        stop.set()

    threading.Thread(target=watch, name="parent watch", daemon=True).start()

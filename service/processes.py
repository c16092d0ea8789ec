"""Parts that run as processes of their own, so that the web process stays quick. They end with it, however it ends."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Self

import structlog

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.1  # how often a part is looked at
RESTART_SECONDS = 1.0
GRACE_SECONDS = 3.0  # to end by itself; to be killed does no harm, as rows and position are committed together


class Companion:
    """A command of ours that runs while this context does, and is started again when it fails.

    It reads its standard input, which is a pipe from here: the end of it, also by kill -9 of this process, is its sign to stop.
    """

    def __init__(self, arguments: Sequence[str], environment: dict[str, str]) -> None:
        self._part = arguments[0]
        self._command = [sys.executable, "-P", "-m", "service.cli", *arguments]  # -P: a folder `service` where we are started is not ours
        self._environment = {**os.environ, **environment}
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"keeper of {self._part}", daemon=True)

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._keeper.join()

    def stop(self) -> None:
        """Tell it to stop, without waiting for that."""
        self._stop.set()

    def _keep(self) -> None:
        while not self._stop.is_set():
            try:
                ended = f"it ended with code {self._run()}"
            except OSError as error:  # no process could be started
                ended = str(error)
            if not self._stop.is_set():
                log.warning("a part of the service is started again", part=self._part, reason=ended)
                self._stop.wait(RESTART_SECONDS)

    def _run(self) -> int:
        with subprocess.Popen(  # noqa: S603 - our own interpreter and command
            self._command, stdin=subprocess.PIPE, env=self._environment, start_new_session=True
        ) as process:
            while process.poll() is None and not self._stop.wait(WATCH_SECONDS):
                pass
            assert process.stdin is not None
            process.stdin.close()
            try:
                return process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()


def stop_with_parent(stop: threading.Event, pipe: int) -> None:
    """Set `stop` when the process at the other end of `pipe`, a file descriptor, ends or closes it."""

    def watch() -> None:
        while os.read(pipe, 1):
            pass
        stop.set()

    threading.Thread(target=watch, name="parent watch", daemon=True).start()

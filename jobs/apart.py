"""Does the work on a job in a process of its own, which can be killed.

It is seconds or minutes of pure computing, or of waiting for the database: in a thread it would hold up everything else in the
process, and could not be stopped. The worker waits beside it, and is heard from several times a second.
"""

import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

import structlog

from jobs.errors import JobError, JobRefusedError, ProcessFailedError
from ledger.apart import stay_with_parent

BEAT_SECONDS = 0.25  # how often the worker is asked whether the work should go on, even if there is no progress

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """In rows or positions, as the work counts."""

    done: int
    total: int


Result_co = TypeVar("Result_co", covariant=True)


class Work(Protocol[Result_co]):
    """It is sent to another process, so everything in it pickles."""

    @property
    def name(self) -> str:
        """Of its process."""
        ...

    @property
    def doing(self) -> str:
        """What its process does, in what people are told: "renders"."""
        ...

    def run(self, tell: Callable[[Progress], None], /) -> Result_co:
        """Raises JobRefusedError where trying again is no use."""
        ...


@dataclass(frozen=True, slots=True)
class _Done:
    result: Any


@dataclass(frozen=True, slots=True)
class _Refused:
    message: str


@dataclass(frozen=True, slots=True)
class _Failed:
    message: str
    details: str


GO_ON = "go on"

_SPAWN = get_context("spawn")  # A fork would take this process's threads' locks along, but not the threads.


def run_apart(work: Work[Result_co], on_beat: Callable[[Progress | None], None]) -> Result_co:
    """Calls `on_beat` several times a second with the latest progress, until the work is done.

    Whatever `on_beat` raises kills the process and is raised on. Raises JobRefusedError where trying again is
    no use, and ProcessFailedError where the process failed or died.
    """
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_run, args=(work, theirs), name=work.name, daemon=True)
    with closing(ours):
        with closing(theirs):
            process.start()
        try:
            return _follow(ours, work.doing, on_beat)
        finally:
            process.kill()
            process.join()
            process.close()


def _follow(connection: Connection, doing: str, on_beat: Callable[[Progress | None], None]) -> Any:
    progress: Progress | None = None
    while True:
        on_beat(progress)
        if not connection.poll(BEAT_SECONDS):
            continue
        try:
            message = connection.recv()
        except (EOFError, ConnectionResetError):
            raise ProcessFailedError(f"The process that {doing} died.") from None
        match message:
            case Progress():
                progress = message
                on_beat(progress)
                with suppress(BrokenPipeError):  # it died: that is found out above
                    connection.send(GO_ON)
            case _Done():
                return message.result
            case _Refused():
                raise JobRefusedError(message.message)
            case _Failed():
                _log.error("work apart failed", doing=doing, details=message.details)
                raise ProcessFailedError(message.message)


def _run(work: Work[Any], connection: Connection) -> None:
    stay_with_parent()
    try:
        connection.send(_Done(work.run(partial(_tell, connection))))
    except JobRefusedError as error:
        connection.send(_Refused(str(error)))
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the worker is told
        # Only messages of our own errors are for the eyes of the job's owner.
        message = str(error) if isinstance(error, JobError) else f"The process that {work.doing} failed."
        connection.send(_Failed(message, traceback.format_exc()))


def _tell(connection: Connection, progress: Progress) -> None:
    """Waits until the worker lets the work go on: one that has lost its job meanwhile does not come to keep anything."""
    connection.send(progress)
    connection.recv()

"""Renders an export in a process of its own, which can be killed.

Writing a workbook is seconds of pure computing: in a thread it would hold up everything else in the process by half a
second at a time, and could not be stopped. The worker waits beside it, and is heard from several times a second.
"""

import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

import structlog

from jobs.errors import ExportRefusedError, JobError, RenderingError
from jobs.request import ExportRequest
from jobs.summary import Report
from jobs.usage import UsageSource
from jobs.workbook import MAX_ROWS_OF_SHEET, write_workbook
from ledger.apart import stay_with_parent

BEAT_SECONDS = 0.25  # how often the worker is asked whether the rendering should go on, even if there is no progress

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rendering:
    """What to render, from where, and to which file. It is sent to another process, so everything in it pickles."""

    export_id: UUID
    request: ExportRequest
    source: UsageSource
    path: Path
    generated_at: datetime
    max_rows_of_sheet: int = MAX_ROWS_OF_SHEET


@dataclass(frozen=True, slots=True)
class Progress:
    rows_done: int
    rows_total: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """The file is written; `position` and `complete_through` say which state of the log it shows."""

    row_count: int
    position: int
    complete_through: datetime


@dataclass(frozen=True, slots=True)
class _Refused:
    message: str


@dataclass(frozen=True, slots=True)
class _Failed:
    message: str
    details: str


_SPAWN = get_context("spawn")  # A fork would take this process's threads' locks along, but not the threads.


def render(rendering: Rendering, on_beat: Callable[[Progress | None], None]) -> Rendered:
    """Calls `on_beat` several times a second with the latest progress, until the file is written.

    Whatever `on_beat` raises kills the rendering and is raised on. Raises ExportRefusedError where trying again is
    no use, and RenderingError where the process failed or died.
    """
    ours, theirs = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_run, args=(rendering, theirs), name=f"export {rendering.export_id}", daemon=True)
    with closing(ours):
        with closing(theirs):
            process.start()
        try:
            return _follow(ours, on_beat)
        finally:
            process.kill()
            process.join()
            process.close()


def _follow(connection: Connection, on_beat: Callable[[Progress | None], None]) -> Rendered:
    progress: Progress | None = None
    while True:
        on_beat(progress)
        if not connection.poll(BEAT_SECONDS):
            continue
        try:
            message = connection.recv()
        except EOFError:
            raise RenderingError("The process that renders died.") from None
        match message:
            case Progress():
                progress = message
            case Rendered():
                return message
            case _Refused():
                raise ExportRefusedError(message.message)
            case _Failed():
                _log.error("rendering failed", details=message.details)
                raise RenderingError(message.message)


def _run(rendering: Rendering, connection: Connection) -> None:
    stay_with_parent()
    try:
        connection.send(_render(rendering, connection))
    except ExportRefusedError as error:
        connection.send(_Refused(str(error)))
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the worker is told
        # Only messages of our own errors are for the eyes of the export's owner.
        message = str(error) if isinstance(error, JobError) else "The process that renders failed."
        connection.send(_Failed(message, traceback.format_exc()))


def _render(rendering: Rendering, connection: Connection) -> Rendered:
    with rendering.source.open(rendering.request) as usage:
        report = Report(rendering.export_id, rendering.request, usage, rendering.generated_at)
        connection.send(Progress(0, usage.row_count))
        write_workbook(
            rendering.path,
            report,
            lambda rows_done: connection.send(Progress(rows_done, usage.row_count)),
            max_rows_of_sheet=rendering.max_rows_of_sheet,
        )
        return Rendered(usage.row_count, usage.position, usage.complete_through)

"""An endpoint for senders that do not send again: it answers at once, and what the log does not take in time waits on disk.

The LiteLLM proxy drops a batch when its sink fails, and loses calls while its sink is slow. So nobody waits here longer than
SPOOL_AFTER_SECONDS for the log, and while the log cannot be written nobody waits at all.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import msgspec
import structlog
from eventsourcing.persistence import PersistenceError
from starlette.requests import Request
from starlette.responses import Response

from domain import limits
from ingest import metrics
from ingest.admission import Admission
from ingest.backlog import OverloadedError
from ingest.dialects import Dialect
from ingest.endpoint import Authenticate, Intake, retry_later
from ingest.outcomes import Receipt, Sender
from ingest.reception import Reception
from ingest.spool import Spool, SpoolFullError

SPOOL_AFTER_SECONDS = 0.25
FIRST_PAUSE_SECONDS = 0.5  # after a failure; doubled with each that follows
LONGEST_PAUSE_SECONDS = 15.0
UNTAKEN = (OverloadedError, PersistenceError)
PASSING = (OSError, MemoryError, RuntimeError)  # files, memory, threads or processes are short; BrokenProcessPool is a RuntimeError

log = structlog.get_logger(__name__)


class SpoolingIntake(Intake):
    """The endpoint of one dialect, with its spool."""

    def __init__(
        self, dialect: Dialect, reception: Reception, authenticate: Authenticate, spool: Spool, *, patience: float = SPOOL_AFTER_SECONDS
    ) -> None:
        """`patience` is how long the log is waited for, in seconds."""
        super().__init__(dialect, reception, authenticate, Admission())  # others must not keep it from taking what comes
        self._spool = spool
        self._patience = patience
        self._log_fails = False
        self._something_waits = asyncio.Event()
        self._under_way: set[asyncio.Task[Receipt]] = set()
        self._late: set[asyncio.Task[Receipt]] = set()  # of these: while there is one, the log is slow, and what comes goes to disk at once

    async def take(self, request: Request, sender: Sender, media_type: str) -> Response:
        """200 with the receipt, or 202: it is on disk. 503 when that is full, too."""
        async with self.taken(request, sender, media_type) as (body, reports):
            receipt = None if self._log_fails or self._late else await self._in_time(reports, sender, media_type)
            if receipt is not None:
                return self._dialect.answer(receipt, media_type)
            try:
                await self._spool.keep(body, sender)
            except SpoolFullError as error:
                metrics.refused(503, "spool_full")
                return self._dialect.error(503, str(error), media_type, retry_later())
        self._something_waits.set()
        return Response(msgspec.json.encode({"spooled": True}), HTTPStatus.ACCEPTED, media_type="application/json")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Inside, what waits is recorded, also what waited when the process ended before."""
        await asyncio.to_thread(self._spool.tidy)
        self._something_waits.set()
        recorder = asyncio.create_task(self._record_what_waits())
        try:
            yield
        finally:
            recorder.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await recorder
            await asyncio.gather(*self._under_way, return_exceptions=True)
            await asyncio.to_thread(self._spool.close)

    async def _in_time(self, reports: Sequence[bytes], sender: Sender, media_type: str) -> Receipt | None:
        """The receipt; null if there is none in time. The log may get the events nevertheless: reported again, they count once."""
        task = asyncio.create_task(self._reception.receive(reports, sender, self._dialect.reading(media_type)))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait((task,), timeout=self._patience)
        if not done:
            self._late.add(task)  # what it holds is held beside all that comes, so there are no more of them than came together
        return task.result() if done and task.exception() is None else None

    def _ended(self, task: "asyncio.Task[Receipt]") -> None:
        self._under_way.discard(task)
        self._late.discard(task)
        if not task.cancelled():
            task.exception()  # seen: whoever has been answered does not look

    async def _record_what_waits(self) -> None:
        while True:
            await self._something_waits.wait()
            self._something_waits.clear()
            if not await self._swept():
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)
                self._something_waits.set()

    async def _swept(self) -> bool:
        """Whether all that waited is seen to. What this machine is too short of something for does not hold up the others."""
        seen_to = True
        try:
            for path in await asyncio.to_thread(self._spool.waiting):
                try:
                    await self._record(path)
                except PASSING:
                    log.exception("a body on disk cannot be recorded now", kept_as=str(path))
                    seen_to = False
        except OSError:
            log.exception("the bodies that wait on disk cannot be found")
            return False
        return seen_to

    async def _record(self, path: Path) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not await self._recorded(path):
            self._log_fails = True  # whoever comes now goes to the end of the queue without waiting
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self._log_fails = False

    async def _recorded(self, path: Path) -> bool:
        """False if the log cannot be written now. The file goes only when there is a receipt."""
        try:
            body, sender = await asyncio.to_thread(self._spool.read, path)
            reports = await asyncio.to_thread(self.taken_apart, body, limits.MAX_EXPANDED_BODY_BYTES)
            await self._reception.receive(reports, sender, self._dialect.reading(body.media_type))
        except FileNotFoundError:
            return True  # another process has seen to it
        except UNTAKEN as error:
            log.warning("bodies wait on disk to be recorded", reason=" ".join(str(error).split()))
            return False
        except PASSING:  # of this machine, not of the body, which was acknowledged
            raise
        except Exception:  # one that nobody foresaw must not hold up the others
            log.exception("a body on disk could not be recorded", kept_as=str(await asyncio.to_thread(self._spool.set_aside, path)))
            return True
        await self._spool.done(path)
        return True

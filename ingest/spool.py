"""Bodies that the log could not take at once wait in a folder of files: durable before they are answered, gone once they are recorded.

A file is one line of JSON, that says who sent it and how, and the body as it came. Its name begins with the time it came, so that the
order of names is the order of arrival. A file that is there is whole: it was written under another name, and renamed.
"""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import msgspec

from domain import limits
from domain.access import Scope
from ingest.bodies import Body
from ingest.outcomes import Sender
from jobs.files import sync_folder

WAITING = ".body"
DRAFT = ".draft"
UNREADABLE = ".failed"  # kept for people
COUNT_SECONDS = 5.0  # for which the size of the folder is believed
DRAFT_SECONDS = 60.0  # older ones are of a process that was killed: their senders were not answered


class SpoolFullError(Exception):
    """Raised when no more may wait than MAX_SPOOL_BYTES, or the disk takes no more. Nothing of the body is kept: send it again later."""


class Told(msgspec.Struct, frozen=True):
    """Who sent a body, and how. `account` is the one that its usage is of."""

    account: str | None
    name: str
    scopes: list[Scope]
    media_type: str
    encoding: str


class Spool:
    """The files of one folder. Processes that share it may find a file gone: another has seen to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer = ThreadPoolExecutor(1, "spool")  # of its own: whoever waits for Postgres must not keep it from writing
        self._bytes: int | None = None
        self._count_again = 0.0

    async def keep(self, body: Body, sender: Sender) -> None:
        """Returns when it is on disk. Raises SpoolFullError."""
        told = Told(sender.account, sender.name, sorted(sender.scopes, key=lambda scope: scope.value), body.media_type, body.encoding)
        await asyncio.get_running_loop().run_in_executor(self._writer, self._write, msgspec.json.encode(told) + b"\n" + body.content)

    def waiting(self) -> list[Path]:
        """Oldest first."""
        return sorted(path for path in self._folder.iterdir() if path.suffix == WAITING) if self._folder.exists() else []

    def read(self, path: Path) -> tuple[Body, Sender]:
        """Raises ValueError for a file that is none of ours, FileNotFoundError for one that somebody else has seen to."""
        first, _, content = path.read_bytes().partition(b"\n")
        told = msgspec.json.decode(first, type=Told)
        return Body(content, told.media_type, told.encoding), Sender(told.account, told.name, frozenset(told.scopes))

    async def done(self, path: Path) -> None:
        """It is recorded: nothing of it has to be kept."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self._drop, path)

    def set_aside(self, path: Path) -> Path:
        """Nobody can make sense of it: it is kept, under another name, and does not hold up the others."""
        aside = path.with_suffix(UNREADABLE)
        with suppress(FileNotFoundError):
            path.rename(aside)
        return aside

    def tidy(self) -> None:
        """Drop what a killed process had not finished writing."""
        for path in self._folder.iterdir() if self._folder.exists() else ():
            with suppress(FileNotFoundError):
                if path.suffix == DRAFT and path.stat().st_mtime < time.time() - DRAFT_SECONDS:
                    path.unlink()

    def close(self) -> None:
        """Return when nothing is being written."""
        self._writer.shutdown()

    def _drop(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._bytes = None

    def _write(self, content: bytes) -> None:
        draft = self._folder / f"{time.time_ns():020d}-{uuid4().hex[:8]}{DRAFT}"
        try:
            self._make_folder()
            size = self._size() + len(content)
            if size > limits.MAX_SPOOL_BYTES:
                reason = f"bodies of {limits.MAX_SPOOL_BYTES} bytes wait on disk to be recorded (MAX_SPOOL_BYTES)"
                raise SpoolFullError(f"{reason}: send this one again later")
            _write_durably(draft, content)
            draft.rename(draft.with_suffix(WAITING))
            sync_folder(self._folder)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise SpoolFullError(f"the body cannot be kept on disk ({error.strerror}): send it again later") from None
        if self._bytes is not None:
            self._bytes = size

    def _make_folder(self) -> None:
        """With those that it is in, as durable as what will be in it."""
        missing = [each for each in (self._folder, *self._folder.parents) if not each.exists()]
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in missing:
            sync_folder(each.parent)

    def _size(self) -> int:
        """Of all files, also those that other processes wrote: counted anew every few seconds, and when one is gone."""
        if self._bytes is None or time.monotonic() > self._count_again:
            self._count_again = time.monotonic() + COUNT_SECONDS
            self._bytes = 0
            for path in self._folder.iterdir():
                with suppress(FileNotFoundError):
                    self._bytes += path.stat().st_size
        return self._bytes


def _write_durably(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

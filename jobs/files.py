"""Finished files, in a folder per export: `<root>/<export>/<attempt>.<format>`.

The name holds the attempt, so that a worker which lost its export cannot overwrite the file of the one that took over.
A file appears under its name only when it is whole and on the disk. Workers and web processes share the root.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import file_digest
from pathlib import Path
from uuid import UUID

from jobs.request import ExportFormat


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Size in bytes; SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FileStore:
    root: Path

    def path(self, export_id: UUID, attempt: int, format: ExportFormat) -> Path:
        """Where the finished file of an attempt is."""
        return self._folder(export_id) / f"{attempt}.{format.lower()}"

    def begin(self, export_id: UUID, attempt: int, format: ExportFormat) -> Path:
        """A path to write to; `finish` makes it the file."""
        self._folder(export_id).mkdir(parents=True, exist_ok=True)
        return self._part(export_id, attempt, format)

    def finish(self, export_id: UUID, attempt: int, format: ExportFormat) -> StoredFile:
        """Raises FileNotFoundError where the export was deleted in the meantime."""
        part, path = self._part(export_id, attempt, format), self.path(export_id, attempt, format)
        with part.open("rb") as file:
            os.fsync(file.fileno())
            stored = StoredFile(size=part.stat().st_size, sha256=file_digest(file, "sha256").hexdigest())
        part.replace(path)
        for earlier in path.parent.iterdir():  # what they have left when they were killed: they are fenced off
            if int(earlier.name.partition(".")[0]) < attempt:
                earlier.unlink(missing_ok=True)
        for folder in (path.parent, self.root):  # The new names must survive a crash too.
            sync_folder(folder)
        return stored

    def discard(self, export_id: UUID, attempt: int, format: ExportFormat) -> None:
        """Removes whatever an attempt left, whole or not."""
        self._part(export_id, attempt, format).unlink(missing_ok=True)
        self.path(export_id, attempt, format).unlink(missing_ok=True)
        with suppress(OSError):  # other attempts may have left something too
            self._folder(export_id).rmdir()

    def delete(self, export_id: UUID) -> None:
        shutil.rmtree(self._folder(export_id), ignore_errors=True)

    def sweep(self, older_than: timedelta) -> None:
        """Deletes exports whose folder nobody has written to for so long: what workers left when they were killed."""
        oldest = time.time() - older_than.total_seconds()
        for folder in self._folders():
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> Iterator[Path]:
        """Those of exports: the root may be shared, and the rest is not ours to delete."""
        yield from (folder for folder in (self.root.iterdir() if self.root.is_dir() else ()) if _is_of_an_export(folder.name))

    def _folder(self, export_id: UUID) -> Path:
        return self.root / str(export_id)

    def _part(self, export_id: UUID, attempt: int, format: ExportFormat) -> Path:
        return self._folder(export_id) / f"{attempt}.{format.lower()}.part"


def _is_of_an_export(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def sync_folder(folder: Path) -> None:
    """So that the names of what is in it are durable, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""How much waits in the spool: it was acknowledged, and is not in the log yet."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ingest.spool import UNREADABLE, WAITING

MAX_FILES = 50_000  # looked at when somebody asks: some 0.3 seconds


class SpoolDepth(NamedTuple):
    """What a folder holds, as far as MAX_FILES go: with more of them, it is at least this."""

    bodies: int
    bytes: int  # of all files
    oldest_seconds: float  # since the oldest body came; 0 with none
    failed_bodies: int  # that nobody could make sense of


def spool_depth(folder: Path) -> SpoolDepth:
    """Now. Raises OSError where the folder cannot be read; one that is not there has nothing in it."""
    now = time.time()
    came, size, failed = [], 0, 0
    for name, status in _files(folder):
        size += status.st_size
        if name.endswith(WAITING):
            came.append(status.st_mtime)
        failed += name.endswith(UNREADABLE)
    return SpoolDepth(len(came), size, max(0.0, now - min(came, default=now)), failed)


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in islice(entries, MAX_FILES):
            with suppress(FileNotFoundError):  # it was recorded meanwhile
                yield entry.name, entry.stat()

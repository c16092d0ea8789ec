"""A database in a temporary folder, for tests and benchmarks."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.embedded_postgres import STEP_SECONDS, THROWAWAY, EmbeddedPostgres, lock
from service.postgres_cluster import Cluster

STOP_SECONDS_MAX = 30.0
MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's; a database is cloned there in a sixth of the time
MEMORY_BYTES_MIN = 2 * 1024**3


@contextmanager
def throwaway_postgres(*, database: str = "tallygraph") -> Iterator[EmbeddedPostgres]:
    """Start a server, and at the end stop it and remove its files. Raises DatabaseUnavailableError."""
    with throwaway_folder() as root:
        with EmbeddedPostgres(root, database=database, settings=THROWAWAY) as postgres:
            yield postgres
        wait_until_stopped(root)


@contextmanager
def throwaway_folder() -> Iterator[Path]:
    """Make a folder, in memory if there is room, that the server's user can enter, too; at the end it is removed."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    with tempfile.TemporaryDirectory(prefix="tallygraph-", dir=MEMORY if in_memory else None) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def wait_until_stopped(root: Path) -> None:
    """Return when no process of the server is left. Raises TimeoutError if its users stay."""
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while (free := lock(Cluster.of(root, root).server_lock, fcntl.LOCK_EX)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"PostgreSQL in {root} still runs after {STOP_SECONDS_MAX:g} seconds: somebody uses it.")
        time.sleep(STEP_SECONDS)
    os.close(free)

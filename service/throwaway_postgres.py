"""A database in a temporary folder, for tests and benchmarks."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.embedded_postgres import STEP_SECONDS, THROWAWAY, EmbeddedPostgres, lock
from service.postgres_cluster import Cluster

STOP_SECONDS_MAX = 30.0


@contextmanager
def throwaway_postgres(*, database: str = "tallygraph") -> Iterator[EmbeddedPostgres]:
    """Start a server, and at the end stop it and remove its files. Raises DatabaseUnavailableError."""
    with tempfile.TemporaryDirectory(prefix="tallygraph-") as folder:
        root = Path(folder)
        root.chmod(0o711)  # so that the server's user gets through, if we are root
        with EmbeddedPostgres(root, database=database, settings=THROWAWAY) as postgres:
            yield postgres
        wait_until_stopped(root)


def wait_until_stopped(root: Path) -> None:
    """Return when no process of the server is left; raises TimeoutError if its users stay."""
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while (free := lock(Cluster.of(root, root).server_lock, fcntl.LOCK_EX)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"PostgreSQL in {root} still runs after {STOP_SECONDS_MAX:g} seconds: somebody uses it.")
        time.sleep(STEP_SECONDS)
    os.close(free)

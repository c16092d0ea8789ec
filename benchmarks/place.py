"""Where it is measured: a durable Postgres of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from service.embedded_postgres import DURABLE, EmbeddedPostgres
from service.set_up import prepare
from service.throwaway_postgres import wait_until_stopped


@dataclass(frozen=True, slots=True)
class Place:
    """A prepared, empty database that keeps what it acknowledges, and a data directory."""

    database_url: str
    folder: Path


@contextmanager
def place(*, flush_ms: int = 0) -> Iterator[Place]:
    """Gone afterwards. Postgres waits `flush_ms` milliseconds before it flushes a commit: a disk in the network takes so much longer."""
    slower = {"commit_delay": f"{flush_ms * 1000}", "commit_siblings": "0"} if flush_ms else {}
    with TemporaryDirectory(prefix="tallygraph-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server's user has to enter
        with EmbeddedPostgres(folder / "postgres", settings={**DURABLE, **slower}) as postgres:
            prepare(postgres.url)
            yield Place(postgres.url, folder)
        wait_until_stopped(folder / "postgres")

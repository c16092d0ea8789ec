"""Where it is measured: a durable Postgres of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from service.embedded_postgres import EmbeddedPostgres
from service.set_up import prepare
from service.throwaway_postgres import wait_until_stopped


@dataclass(frozen=True, slots=True)
class Place:
    """A prepared, empty database that keeps what it acknowledges, and a data directory."""

    database_url: str
    folder: Path


@contextmanager
def place() -> Iterator[Place]:
    """Gone afterwards."""
    with TemporaryDirectory(prefix="tallygraph-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server's user has to enter
        with EmbeddedPostgres(folder / "postgres") as postgres:
            prepare(postgres.url)
            yield Place(postgres.url, folder)
        wait_until_stopped(folder / "postgres")

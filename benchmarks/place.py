"""What is measured, and where: a durable Postgres of its own, and the largest trace."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from service.embedded_postgres import EmbeddedPostgres
from service.set_up import prepare
from service.throwaway_postgres import wait_until_stopped

TRACE = "traces/servegen-mm-image.ndjson.gz"
BATCH = 5_000


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


def data() -> Path:
    """The folder with the traces: TALLYGRAPH_TRACES, or that beside the repository."""
    return Path(os.environ.get("TALLYGRAPH_TRACES") or Path(__file__).parents[2] / "shared" / "data")


def lines(limit: int | None = None) -> list[bytes]:
    """Events of the trace as NDJSON lines."""
    with gzip.open(data() / TRACE) as file:
        return [line.rstrip(b"\n") for line in islice(file, limit)]


def batches(items: list[bytes]) -> Iterator[list[bytes]]:
    """BATCH at a time."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]

"""Folders and processes for the tests of the embedded Postgres."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.embedded_postgres import THROWAWAY, EmbeddedPostgres
from service.throwaway_postgres import throwaway_folder, wait_until_stopped

USER = """
import sys
from pathlib import Path
from service import embedded_postgres

settings = getattr(embedded_postgres, sys.argv[2])
with embedded_postgres.EmbeddedPostgres(Path(sys.argv[1]), settings=settings) as postgres:
    print(postgres.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that the server's user can enter; it could not enter pytest's own if we are root."""
    with throwaway_folder() as path:
        yield path
        for cluster in path.rglob("cluster"):
            wait_until_stopped(cluster.parent)


@pytest.fixture
def used_folder(folder: Path, made_once: Path) -> Path:
    """One with the database of an earlier server, which is quicker than to have it made."""
    (folder / "cluster").mkdir(mode=0o711)
    subprocess.run(["cp", "-a", made_once / "cluster" / "data", folder / "cluster"], check=True)
    return folder


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """A folder with a database whose server has stopped."""
    with throwaway_folder() as path:
        with EmbeddedPostgres(path, settings=THROWAWAY):
            pass
        wait_until_stopped(path)
        yield path


@pytest.fixture
def another_user() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts processes that use the database of a folder until their input ends, and print its URL when it is there."""
    with ExitStack() as stack:

        def start(root: Path, settings: str = "THROWAWAY") -> "subprocess.Popen[str]":
            command = [sys.executable, "-c", USER, str(root), settings]
            return stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

        yield start

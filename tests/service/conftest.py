"""Folders and processes for the tests of the embedded Postgres, then those of the commands and the web application."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from service.embedded_postgres import THROWAWAY, EmbeddedPostgres
from service.settings import Settings
from service.throwaway_postgres import throwaway_folder, wait_until_stopped
from service.web import Parts, application
from tests.service.running import Commands, commands

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


# Commands as people run them, and the web application without a server


@pytest.fixture
def tallygraph(tmp_path: Path, database_url: str) -> Iterator[Commands]:
    """Commands on a database of their own that is set up."""
    with commands(tmp_path, DATABASE_URL=database_url, TALLYGRAPH_DATA_DIR=str(tmp_path / "data")) as found:
        yield found


@pytest.fixture
def alone(folder: Path) -> Iterator[Commands]:
    """Commands with nothing around them: they make a Postgres of their own in an empty data directory."""
    with commands(folder, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        yield found


@pytest.fixture
async def parts(database_url: str, tmp_path: Path) -> AsyncIterator[Parts]:
    """What the endpoints share, over an empty database."""
    parts = Parts(Settings(tmp_path), database_url)
    async with parts.open():
        yield parts


@pytest.fixture
async def browser(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps cookies."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(parts)), base_url="http://tallygraph.test") as client:
        yield client


@pytest.fixture
def tokens_of(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that makes and revokes tokens, each at once."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection

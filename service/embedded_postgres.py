"""A private PostgreSQL for a data directory, shared by any number of processes of this machine, and gone with the last of them.

There are two file locks, and no other bookkeeping: the kernel releases them when their holders end, however they end. Every user holds the
*lease*, shared. The supervisor of the server waits to have it alone, and stops the server then. Every process of the server, from the
supervisor to the last backend, has inherited the *server lock*: whoever can take it knows that nothing of an earlier server is alive.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier

from service.errors import DatabaseUnavailableError
from service.postgres_cluster import PORT, Cluster
from service.postgres_start import start

DURABLE: Mapping[str, str] = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "jit": "off",
    "max_wal_size": "2GB",
    "shared_buffers": "256MB",
}
THROWAWAY: Mapping[str, str] = {**DURABLE, "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For data that may be lost when the machine goes down: those of tests."""

STATE_FOLDER = Path("/var/lib/tallygraph")  # not a temporary folder: what lies there is removed with age
STEP_SECONDS = 0.02
CONNECT_TIMEOUT_SECONDS = 5
CREATION_LOCK = 0x7A11


class EmbeddedPostgres:
    """The first to enter starts the server, the last to leave stops it; the settings of the first hold.

    If we are root, PostgreSQL runs as another user; where that user cannot enter `root`, the files are in `state_folder` (in a temporary
    folder if the settings allow that they are lost) and `root` has a link to them. Entering raises DatabaseUnavailableError.
    """

    url: str

    def __init__(
        self,
        root: Path,
        *,
        database: str = "tallygraph",
        settings: Mapping[str, str] = DURABLE,
        start_timeout_seconds: float = 120.0,
        state_folder: Path = STATE_FOLDER,
    ) -> None:
        self._root = root.absolute()
        self._database = database
        self._settings = settings
        self._timeout_seconds = start_timeout_seconds
        self._elsewhere = Path(tempfile.gettempdir()) if settings.get("fsync") == "off" else state_folder
        self._lease: int | None = None

    def __enter__(self) -> Self:
        assert self._lease is None
        try:
            self.url = self._join(time.monotonic() + self._timeout_seconds)
        except BaseException as error:
            self.__exit__()
            if isinstance(error, OSError):
                raise DatabaseUnavailableError(
                    f"The data directory {self._root} cannot be used ({error.strerror}); choose one that can be created, read and written."
                ) from error
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._lease is not None:
            os.close(self._lease)  # and not unlocked: a forked child has it, too, and keeps it
            self._lease = None

    def _join(self, deadline: float) -> str:
        """Take the lease, see to it that there is a server with the database, and say where."""
        cluster = Cluster.of(self._root, self._elsewhere)
        while (lease := lock(cluster.lease, fcntl.LOCK_SH)) is None:  # the server is being stopped
            self._wait(cluster, deadline)
        self._lease = lease
        try:
            with self._connect_or_start(cluster, deadline) as connection:
                create_database(connection, self._database)
        except psycopg.Error as error:
            raise DatabaseUnavailableError(
                f"PostgreSQL on {cluster.data} could not make the database {self._database}; its log, {cluster.log}, says why."
            ) from error
        return url_of(cluster, self._database)

    def _connect_or_start(self, cluster: Cluster, deadline: float) -> psycopg.Connection[Any]:
        started = False
        while (connection := connect(cluster)) is None:
            server_lock = lock(cluster.server_lock, fcntl.LOCK_EX)
            if server_lock is None:  # there is a server, or will be, or was until now
                self._wait(cluster, deadline)
                continue
            try:
                if started:
                    raise DatabaseUnavailableError(f"PostgreSQL did not start on {cluster.data}; its log, {cluster.log}, says why.")
                start(cluster, self._settings, server_lock)
                started = True
            finally:
                os.close(server_lock)
        return connection

    def _wait(self, cluster: Cluster, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise DatabaseUnavailableError(
                f"PostgreSQL was not ready on {cluster.data} after {self._timeout_seconds:g} seconds; its log, {cluster.log}, says why."
            )
        time.sleep(STEP_SECONDS)


def lock(path: Path, kind: int) -> int | None:
    """Lock a file until every copy of the descriptor is closed; none if others hold it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return descriptor


def connect(cluster: Cluster) -> psycopg.Connection[Any] | None:
    """Connect to the database that is always there; none if there is no server that accepts it now."""
    if not (cluster.data.exists() and cluster.has_sockets_of(cluster.data.stat().st_uid)):
        return None
    try:
        return psycopg.connect(url_of(cluster, "postgres"), autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS)
    except psycopg.OperationalError:
        return None


def create_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Make the database if it is missing; one at a time, as two who make the same would fail."""
    connection.execute("SELECT pg_advisory_lock(%s)", [CREATION_LOCK])
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))


def url_of(cluster: Cluster, database: str) -> str:
    """With the port, as PGPORT would hold otherwise."""
    return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(os.fsencode(cluster.sockets))}&port={PORT}"

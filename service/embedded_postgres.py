"""A private PostgreSQL for a data directory, shared by any number of processes of this machine, and gone with the last of them.

Two file locks, and no bookkeeping. Every user holds the *lease* shared; the supervisor waits for it exclusively, and the kernel grants that
when the last user is gone, killed or not. Every process of the server, from the supervisor to the last backend, inherits the *server lock*:
who can take it knows that nothing of an earlier server is left, whatever its pid file says, and may start the next.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier

from service import postgres_supervisor
from service.errors import DatabaseUnavailableError
from service.postgres_cluster import PORT, Cluster

DURABLE: Mapping[str, str] = {"timezone": "UTC", "log_timezone": "UTC", "jit": "off", "max_wal_size": "512MB"}
THROWAWAY: Mapping[str, str] = {**DURABLE, "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For data that may be lost with the machine: tests and benchmarks."""

STATE_FOLDER = Path("/var/lib/tallygraph")  # Not /tmp: what lies there is aged away, and this is the log.
STEP_SECONDS = 0.02
CONNECT_TIMEOUT_SECONDS = 5
DATABASE_LOCK = 0x7A11


class EmbeddedPostgres:
    """`with EmbeddedPostgres(root) as postgres: connect(postgres.url)`. The first user starts the server, the last one out stops it.

    The settings of whoever starts the server hold until it stops. `state_folder` takes the place of `root` when root starts the server
    and the account that it must run as cannot reach `root`. Raises DatabaseUnavailableError on entry.
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
        self._root = Path(root).absolute()
        self._database = database
        self._settings = dict(settings)
        self._start_timeout_seconds = start_timeout_seconds
        self._state_folder = state_folder
        self._lease: int | None = None

    def __enter__(self) -> Self:
        assert self._lease is None, "an EmbeddedPostgres is entered once at a time"
        deadline = time.monotonic() + self._start_timeout_seconds
        try:
            cluster = Cluster.of(self._root, self._state_folder, throwaway=self._settings.get("fsync") == "off")
            self._lease = self._take_lease(cluster, deadline)
            connection = self._connect_or_start(cluster, deadline)
            with connection:
                create_database(connection, self._database)
        except (OSError, psycopg.Error) as error:
            self._drop_lease()
            raise DatabaseUnavailableError(f"The data directory {self._root} cannot be used: {error}. Choose one that this account owns.") from error
        except BaseException:
            self._drop_lease()
            raise
        self.url = url_of(cluster, self._database)
        return self

    def __exit__(self, *_: object) -> None:
        self._drop_lease()

    def _drop_lease(self) -> None:
        """Close it, not unlock it: a forked child holds it, too, and must keep it."""
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None

    def _take_lease(self, cluster: Cluster, deadline: float) -> int:
        while (lease := lock(cluster.lease, fcntl.LOCK_SH)) is None:  # an earlier server is being stopped
            self._wait(cluster, deadline)
        return lease

    def _connect_or_start(self, cluster: Cluster, deadline: float) -> psycopg.Connection[Any]:
        started = False
        while (connection := connect(cluster)) is None:
            server_lock = lock(cluster.server_lock, fcntl.LOCK_EX)
            if server_lock is None:  # somebody is starting or stopping it
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
                f"PostgreSQL on {cluster.data} was not ready after {self._start_timeout_seconds:g} seconds; its log, {cluster.log}, says why."
            )
        time.sleep(STEP_SECONDS)


def url_of(cluster: Cluster, database: str) -> str:
    """With the port, which PGPORT would change otherwise."""
    return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(os.fsencode(cluster.socket_folder))}&port={PORT}"


def lock(path: Path, kind: int) -> int | None:
    """Lock a file, or say none if others hold it. It stays locked until every copy of the descriptor is closed."""
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
    """Connect to the database that is always there, or say none if the server does not accept it now."""
    if not cluster.has_sockets:
        return None
    try:
        return psycopg.connect(url_of(cluster, "postgres"), autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS)
    except psycopg.OperationalError:
        return None


def start(cluster: Cluster, settings: Mapping[str, str], server_lock: int) -> None:
    """Prepare the cluster and leave a supervisor behind that starts the server and inherits the lock. Needs the lock."""
    command = cluster.prepare(server_lock, settings)
    with cluster.open_log() as log:
        subprocess.run(  # noqa: S603 - the command is ours
            [
                *(sys.executable, "-I", "-S", postgres_supervisor.__file__),
                *(str(cluster.lease), str(server_lock), cluster.server_user.as_argument, *command),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            pass_fds=(server_lock,),
            start_new_session=True,
            check=True,
        )


def create_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Make the database unless it is there. One process at a time: two that create the same one would fail."""
    connection.execute("SELECT pg_advisory_lock(%s)", [DATABASE_LOCK])
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))

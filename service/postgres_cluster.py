"""The folder of a database cluster, and what makes it ready for a server."""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from service.errors import DatabaseUnavailableError
from service.postgres_binaries import find_binaries, major_of, within_reach
from service.postgres_user import ServerUser

PORT = 5432  # only a part of the socket's name
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES_MAX = 103  # on macOS; Linux takes 107
LOG_BYTES_MAX = 10 * 1024 * 1024  # looked at when a server starts; one older log is kept
SHORT = Path("/tmp")  # noqa: S108 - the folders made there have unguessable names and only their owner's rights


@dataclass(frozen=True, slots=True)
class Cluster:
    """A folder that is ours alone: rights inside may be set, rights of the folders above are never touched."""

    home: Path

    @classmethod
    def of(cls, root: Path, elsewhere: Path) -> Self:
        """`<root>/cluster`, made if missing; as a link to a new folder in `elsewhere` where the server's user cannot reach `root`."""
        root.mkdir(parents=True, exist_ok=True)
        home = root / "cluster"
        if not os.path.lexists(home):
            if ServerUser.of(home).reaches(root):
                home.mkdir(mode=0o700, exist_ok=True)
            else:
                elsewhere.mkdir(parents=True, exist_ok=True)
                link_to_new_folder(home, elsewhere)
        if not home.exists():
            raise DatabaseUnavailableError(f"The database is gone: {home} leads nowhere; bring back its folder, or remove the link to start empty.")
        return cls(home.resolve())

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def lease(self) -> Path:
        return self.home / "lease"

    @property
    def server_lock(self) -> Path:
        return self.home / "server.lock"

    @property
    def socket_folder(self) -> Path:
        """Where the server listens: in this folder, or where a link in it leads, as a socket's path must be short."""
        run = self.home / "run"
        return Path(os.readlink(run)) if run.is_symlink() else run

    @property
    def has_sockets(self) -> bool:
        """Whether the socket folder is there and the server's alone: in a shared place, another could have put one in its stead."""
        try:
            found, data = self.socket_folder.lstat(), self.data.lstat()
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700 and found.st_uid == data.st_uid

    def open_log(self) -> BinaryIO:
        """To append to; a new one when the old one is long."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.fdopen(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready to be started: whose it is, and its command line."""

    user: ServerUser
    command: tuple[str, ...]


def prepare(cluster: Cluster, settings: Mapping[str, str], server_lock: int) -> Server:
    """Make the data if there are none and clear away what an earlier server left. The caller holds the lock.

    Raises DatabaseUnavailableError if the data cannot be served, OSError if the folder cannot be written.
    """
    user = ServerUser.of(cluster.data)
    if not user.reaches(cluster.home):
        cluster.home.chmod(0o711)
    if not user.reaches(cluster.home):
        raise DatabaseUnavailableError(
            f"PostgreSQL runs as the user with id {user.uid}, who cannot enter {cluster.home}; choose a data directory that user can enter."
        )
    binaries = within_reach(find_binaries(), user, cluster.home)
    major = major_of(binaries)
    if not cluster.data.exists():
        initialize(cluster, binaries, user, major, settings, server_lock)
    made_by = (cluster.data / "PG_VERSION").read_text().strip()
    if made_by != str(major):
        raise DatabaseUnavailableError(
            f"The data in {cluster.data} are of PostgreSQL {made_by} and the binaries in {binaries} of PostgreSQL {major}; name the folder of "
            f"binaries of PostgreSQL {made_by} in TALLYGRAPH_POSTGRES_BIN, or choose another data directory."
        )
    clear_dead_server(cluster.data)
    sockets = make_socket_folder(cluster, user)
    fixed = {"listen_addresses": "", "port": str(PORT), "unix_socket_directories": f'"{sockets}"', "unix_socket_permissions": "0700"}
    options = [f"--{name}={value}" for name, value in {**settings, **fixed}.items()]
    return Server(user, (str(binaries / "postgres"), "-D", str(cluster.data), *options))


def initialize(
    cluster: Cluster, binaries: Path, user: ServerUser, major: int, settings: Mapping[str, str], server_lock: int
) -> None:
    """Make the data under another name, so that `data` is whole if it is there, and a half-made one is made anew."""
    unfinished = cluster.home / "data.new"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    user.own(unfinished)
    # The builtin provider sorts the same on every system and after every upgrade of it; before 17, C comes closest.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if major >= 17 else ["--locale=C"]
    sync = ["--no-sync"] if settings.get("fsync") == "off" else []
    with cluster.open_log() as log:
        command = [binaries / "initdb", "-D", unfinished, "--username=postgres", "--auth=trust", "--encoding=UTF8", *locale, *sync]
        made = subprocess.run(  # noqa: S603 - the command is ours
            command, cwd="/", env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[server_lock], check=False, **user.process_options
        )
    if made.returncode != 0:
        raise DatabaseUnavailableError(f"PostgreSQL could not make a database in {cluster.home}; its log, {cluster.log}, says why.")
    unfinished.rename(cluster.data)
    folder = os.open(cluster.home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # the data are on disk; now their name is
    finally:
        os.close(folder)

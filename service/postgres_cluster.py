"""The folder of a database cluster: what lies in it, and where it is if the server's user cannot enter where it should be."""

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from service.errors import DatabaseUnavailableError
from service.postgres_user import ServerUser

PORT = 5432  # only a part of the socket's name
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES_MAX = 103  # on macOS; Linux takes 107
SHORT = Path("/tmp")  # noqa: S108 - what is made there has an unguessable name and rights for its owner only
LOG_BYTES_MAX = 10 * 1024 * 1024  # looked at when a server starts; one older log is kept


@dataclass(frozen=True, slots=True)
class Cluster:
    """A folder that is ours alone: rights inside may be set, rights of the folders above are never touched."""

    home: Path

    @classmethod
    def of(cls, root: Path, elsewhere: Path) -> Self:
        """`<root>/cluster`, made if missing; as a link to a new folder in `elsewhere` where the server's user cannot enter `root`.

        Raises DatabaseUnavailableError if the link leads nowhere or cannot be made, OSError if `root` cannot.
        """
        root.mkdir(parents=True, exist_ok=True)
        home = root / "cluster"
        if not os.path.lexists(home):
            user = ServerUser.of(home)
            if user.reaches(root):
                home.mkdir(mode=stat.S_IRWXU, exist_ok=True)
            else:
                settle_elsewhere(home, elsewhere, user)
        if not home.exists():
            raise DatabaseUnavailableError(
                f"The database is gone: {home} leads to {home.readlink()}, which is not there; "
                "bring that back, or remove the link to start empty."
            )
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
    def sockets(self) -> Path:
        """The folder where the server listens: here, or where a link from here leads, because the path of a socket is short."""
        here = self.home / "run"
        return here.readlink() if here.is_symlink() else here

    def has_sockets_of(self, owner_uid: int) -> bool:
        """Whether that folder is there and is the owner's alone: in a shared place, another could have put one in its stead."""
        try:
            found = self.sockets.lstat()
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == stat.S_IRWXU and found.st_uid == owner_uid

    def make_sockets(self, owner: ServerUser) -> None:
        """Make that folder, or clear it of the socket and the lock of a server that was killed."""
        if not (self.has_sockets_of(owner.uid) and fits_a_socket(self.sockets)):
            here = self.home / "run"
            if here.is_symlink():
                here.unlink()
            else:
                shutil.rmtree(here, ignore_errors=True)
            if fits_a_socket(here):
                here.mkdir(mode=stat.S_IRWXU)
            else:
                link_to_new_folder(here, SHORT)
            owner.own(self.sockets)
        for name in (SOCKET, f"{SOCKET}.lock"):
            (self.sockets / name).unlink(missing_ok=True)

    def open_log(self) -> BinaryIO:
        """Open it to append, and begin anew when it is long."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.fdopen(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")


def fits_a_socket(folder: Path) -> bool:
    """Whether a socket in it can be bound, and named in a connection string, where a comma begins another host."""
    path = str(folder / SOCKET)
    return len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX and "," not in path


def settle_elsewhere(home: Path, elsewhere: Path, user: ServerUser) -> None:
    """Let `home` be a link to a new folder in `elsewhere`."""
    try:
        if not elsewhere.exists():
            elsewhere.mkdir(parents=True, exist_ok=True)
            elsewhere.chmod(0o711)
        link_to_new_folder(home, elsewhere)
    except OSError as error:
        raise DatabaseUnavailableError(
            f"PostgreSQL must run as the user {user.name}, who cannot enter {home.parent}, and {elsewhere} cannot be written "
            f"({error.strerror}); choose a data directory which that user can enter."
        ) from error


def link_to_new_folder(link: Path, parent: Path) -> None:
    """Make a folder with a name nobody can guess, and a link to it; if another process was first, its link stays."""
    folder = Path(tempfile.mkdtemp(prefix="tallygraph-", dir=parent))
    try:
        link.symlink_to(folder)
    except FileExistsError:
        folder.rmdir()

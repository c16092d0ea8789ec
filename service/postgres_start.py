"""Makes a cluster ready, and leaves a supervisor behind that runs its server."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from service import postgres_supervisor
from service.errors import DatabaseUnavailableError
from service.postgres_binaries import Binaries, binaries_for
from service.postgres_cluster import PORT, Cluster
from service.postgres_user import ServerUser

INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # neither our secrets nor what PostgreSQL reads as its settings
BUILTIN_LOCALES_SINCE = 17


def start(cluster: Cluster, settings: Mapping[str, str], server_lock: int) -> None:
    """Start the server; it does not accept connections at once. The caller holds the lock, which the server inherits.

    Raises DatabaseUnavailableError if the data cannot be served, OSError if the folder cannot be written.
    """
    user = ServerUser.of(cluster.data)
    open_to(user, cluster.home)
    binaries = binaries_for(user, cluster.home)
    if not cluster.data.exists():
        make_data(cluster, binaries, user, settings, server_lock)
    check_major(cluster.data, binaries)
    clear_pid_file(cluster.data)
    cluster.make_sockets(user)
    fixed = {"listen_addresses": "", "port": str(PORT), "unix_socket_directories": str(cluster.sockets), "unix_socket_permissions": "0700"}
    options = [word for name, value in {**settings, **fixed}.items() for word in ("-c", f"{name}={value}")]
    supervisor = [sys.executable, "-I", "-S", postgres_supervisor.__file__, cluster.lease, str(server_lock), str(user.uid), str(user.gid)]
    run(cluster, [*supervisor, cluster.data, binaries.folder / "postgres", *options], server_lock)


def open_to(user: ServerUser, home: Path) -> None:
    """Let the user through our own folder; the rights of those above it are not ours to change."""
    if not user.reaches(home):
        home.chmod(0o711)
    if not user.reaches(home):
        raise DatabaseUnavailableError(
            f"PostgreSQL must run as the user {user.name}, who cannot enter {home}; choose a data directory which that user can enter."
        )


def make_data(cluster: Cluster, binaries: Binaries, user: ServerUser, settings: Mapping[str, str], server_lock: int) -> None:
    """Make the data under another name: what is called `data` is whole, and what an interruption left is made anew."""
    unfinished = cluster.home / "data.new"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    user.own(unfinished)
    # The builtin provider orders text alike on every system and after every upgrade of it.
    builtin = binaries.major >= BUILTIN_LOCALES_SINCE
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C") if builtin else ("--locale=C.UTF-8",)
    sync = ("--no-sync",) if settings.get("fsync") == "off" else ()
    options = (f"--pgdata={unfinished}", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions", *locale, *sync)
    if run(cluster, [binaries.folder / "initdb", *options], server_lock, user) != 0:
        raise DatabaseUnavailableError(f"PostgreSQL could not make a database in {cluster.home}; its log, {cluster.log}, says why.")
    unfinished.rename(cluster.data)
    descriptor = os.open(cluster.home, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)  # initdb has written the files to the disk; this writes their new name
    finally:
        os.close(descriptor)


def check_major(data: Path, binaries: Binaries) -> None:
    """Refuse data of another major version, which PostgreSQL cannot read."""
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise DatabaseUnavailableError(
            f"The data in {data} were made by PostgreSQL {made_by} and the binaries in {binaries.folder} are PostgreSQL {binaries.major}; "
            f"name the folder of the binaries of PostgreSQL {made_by} in TALLYGRAPH_POSTGRES_BIN, or choose another data directory."
        )


def clear_pid_file(data: Path) -> None:
    """Remove the pid file of a dead server: PostgreSQL would take any process that has the pid now for it.

    No server that we started is alive, or we would not have the lock. One that was started by hand is, if its process says so.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = abs(int(pid_file.read_text().split()[0]))  # below zero: of a server for a single user
    except FileNotFoundError:
        return
    except (ValueError, IndexError):  # torn when the machine went down
        pid = None
    if pid is not None and serves(pid, data):
        raise DatabaseUnavailableError(f"The data in {data} are in use by another PostgreSQL, process {pid}; stop that one first.")
    pid_file.unlink()


def serves(pid: int, data: Path) -> bool:
    """Whether the process is a living PostgreSQL of these data: that is its name, and where there is /proc, its working directory, too."""
    process = Path("/proc", str(pid))
    if Path("/proc/self").exists():
        try:
            return process.joinpath("comm").read_text().strip() == "postgres" and process.joinpath("cwd").samefile(data)
        except OSError:  # gone, a zombie, or another user's, who could not serve our data
            return False
    found = subprocess.run(["ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False)  # noqa: S603, S607 - POSIX has it
    return Path(found.stdout.strip()).name == "postgres"


def run(cluster: Cluster, command: Sequence[str | Path], server_lock: int, user: ServerUser | None = None) -> int:
    """Run a command that inherits the server lock and writes to the log, and say how it ended."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ} | {"LC_ALL": "C"}
    with cluster.open_log() as log:
        ended = subprocess.run(  # noqa: S603 - all commands are ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment,
            pass_fds=(server_lock,),
            start_new_session=True,
            check=False,
            **(user.process_options if user else {}),
        )
    return ended.returncode

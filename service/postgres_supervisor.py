"""Owns the server of a cluster: starts it, starts it again if it is killed, stops it when its last user is gone.

Run as a script by its path, with nothing but the standard library, and with the server lock as the inherited descriptor LOCK:
`postgres_supervisor.py LEASE LOCK UID GID DATA POSTGRES OPTION…`.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>
FAST_SHUTDOWN = signal.SIGINT
STATUS_LINE = 7  # of postmaster.pid, counted from 0; pg_ctl reads it, too

Start = Callable[[int], "subprocess.Popen[bytes]"]


class Supervisor:
    """Runs the server until nobody holds the lease. `start` takes a descriptor that all processes of the server are to inherit."""

    def __init__(self, start: Start, data: Path) -> None:
        self._start = start
        self._pid_file = data / "postmaster.pid"
        self._turn = threading.Lock()  # between starting a server and finding that none is wanted
        self._unused = False
        self._server: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Return when the server has stopped and is not to be started again."""
        while self._run_server():
            pass

    def stop(self) -> None:
        """Stop the server; safe in another thread."""
        with self._turn:
            self._unused = True
            if self._server:
                self._server.send_signal(FAST_SHUTDOWN)

    def _run_server(self) -> bool:
        """Run one server to its end, and say whether another should follow: if it was killed when it had been ready.

        The next one would refuse to start beside a surviving backend. All of them hold the write end of a pipe, so its read end ends
        with the last of them.
        """
        remains, inherited = os.pipe()
        with self._turn:
            if self._unused:
                return False
            self._server = self._start(inherited)
        os.close(inherited)
        killed = self._server.wait() < 0 and self._was_ready()
        if killed:
            os.read(remains, 1)
        os.close(remains)
        return killed

    def _was_ready(self) -> bool:
        try:
            return self._pid_file.read_text().splitlines()[STATUS_LINE].strip() == "ready"
        except (OSError, IndexError):
            return False


def stop_when_unused(supervisor: Supervisor, lease: int) -> None:
    """Wait for the lease. It is kept until this process ends, so that newcomers wait for the end of the server."""
    fcntl.flock(lease, fcntl.LOCK_EX)
    supervisor.stop()


def die_with(parent: int) -> Callable[[], None] | None:
    """What a child does before it becomes the server, so that it stops when this process is killed. Linux only."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def promise() -> None:
        prctl(PR_SET_PDEATHSIG, FAST_SHUTDOWN)
        if os.getppid() != parent:
            os._exit(1)

    return promise


def main() -> None:
    """Step aside as a process of its own, adopted by init, and supervise."""
    lease, lock, uid, gid, data, postgres, *options = sys.argv[1:]
    if os.fork():
        os._exit(0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Its users decide: a service manager that signals every process must not take the database from one that is still draining.
        signal.signal(number, lambda *_: None)

    def start(inherited: int) -> "subprocess.Popen[bytes]":
        is_root = os.geteuid() == 0
        return subprocess.Popen(  # noqa: S603 - the command is that of the process which started this one
            [postgres, "-D", data, *options],
            stdin=subprocess.DEVNULL,
            cwd="/",
            pass_fds=(int(lock), inherited),
            preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - no thread holds a lock that it could miss
            user=int(uid) if is_root else None,
            group=int(gid) if is_root else None,
            extra_groups=[] if is_root else None,
        )

    supervisor = Supervisor(start, Path(data))
    descriptor = os.open(lease, os.O_RDWR | os.O_CLOEXEC)
    threading.Thread(target=stop_when_unused, args=(supervisor, descriptor), daemon=True).start()
    supervisor.run()


if __name__ == "__main__":
    main()

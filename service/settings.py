"""What the service is told by its environment, read once."""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from service.errors import DatabaseUnavailableError, SettingError

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

    @classmethod
    def from_environment(cls, data_dir: Path | None = None) -> "Settings":
        """`data_dir` takes the place of TALLYGRAPH_DATA_DIR."""
        environment = os.environ
        return cls(
            data_dir=(data_dir or Path(environment.get("TALLYGRAPH_DATA_DIR") or DEFAULT_DATA_DIR)).absolute(),
            database_url=environment.get("DATABASE_URL") or None,
            database_read_url=environment.get("DATABASE_READ_URL") or None,
            database_direct_url=environment.get("DATABASE_DIRECT_URL") or None,
            broker_url=environment.get("BROKER_URL") or None,
            export_store_url=environment.get("EXPORT_STORE_URL") or None,
            secret_key=environment.get("TALLYGRAPH_SECRET_KEY") or None,
            admin_token=environment.get("TALLYGRAPH_ADMIN_TOKEN") or None,
        )

    @property
    def export_folder(self) -> Path:
        """Where finished exports lie. Raises SettingError for a store that this version does not know."""
        if self.export_store_url is None:
            return self.data_dir / "exports"
        if not self.export_store_url.startswith("file://"):
            raise SettingError(f"EXPORT_STORE_URL {self.export_store_url!r} is not known: use file:///some/folder.")
        return Path(self.export_store_url.removeprefix("file://"))

    def secret(self) -> bytes:
        """What signs links, positions and sessions: of TALLYGRAPH_SECRET_KEY, or kept in the data directory from the first start on."""
        if self.secret_key is not None:
            return self.secret_key.encode()
        path = self.data_dir / "secret.key"
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
            raise DatabaseUnavailableError(
                f"The data directory {self.data_dir} cannot be used: {error}. Choose one that this account owns."
            ) from None

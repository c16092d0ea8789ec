"""Options that several commands have."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from service.errors import SettingError

DataDir = Annotated[Path | None, Parameter(name="--data-dir", help="Where local data lives; TALLYGRAPH_DATA_DIR, or ./data.")]
Url = Annotated[str, Parameter(env_var="TALLYGRAPH_URL", help="Where the service is reached.")]

INSTANT = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?", re.ASCII)


def instant_of(option: str, text: str) -> datetime:
    """The instant, in UTC; that of a day is its beginning. Raises SettingError."""
    try:
        if INSTANT.fullmatch(text):
            found = datetime.fromisoformat(text.upper())
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise SettingError(
        f"{option} is {text!r}, which is no instant: give a day, such as 2026-05-01, or an instant, such as 2026-05-01T14:00:00Z."
    )

"""`tallygraph ingest`: files of usage events, sent in batches with a progress bar. Safe to repeat: what is known counts nothing."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.progress import DownloadColumn

from service.door import Door
from service.errors import StartError
from service.event_files import UnreadableFileError, batches
from service.options import Url
from service.progress import progress_bar

MAX_SHOWN = 10  # refused reports that are told one by one

Files = Annotated[Path, Parameter(required=True, help="What to send: NDJSON or CloudEvents in JSON, gzipped or not.")]
Token = Annotated[str, Parameter(env_var="TALLYGRAPH_TOKEN", help="A token with the scope ingest.")]


@dataclass(slots=True)
class Tally:
    """What became of the events."""

    recorded: int = 0
    duplicates: int = 0
    conflicts: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)  # conflicts among them

    def add(self, receipt: dict[str, Any], file: str, first: int) -> None:
        """What became of a batch whose first event is that of the file."""
        self.recorded += receipt["recorded"]
        self.duplicates += receipt["duplicates"]
        self.conflicts += len(receipt["conflicts"])
        self.refused += [{**each, "file": file, "event": first + each["index"]} for each in (*receipt["rejected"], *receipt["conflicts"])]


def ingest(*files: Files, url: Url = "http://127.0.0.1:8000", token: Token) -> None:
    """Ends with 0 when every event stands, 1 when some were refused. Raises StartError where not all could be sent."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    door, tally = Door(url, token, console), Tally()
    try:
        _send(files, door, tally, console)
    except UnreadableFileError as error:
        raise StartError(f"{error}. What was before is recorded.") from None
    finally:
        _tell(console, tally)
    sys.exit(1 if tally.refused else 0)


def _send(files: Sequence[Path], door: Door, tally: Tally, console: Console) -> None:
    with door.client, progress_bar(console, DownloadColumn()) as progress:
        for path in files:
            task = progress.add_task(path.name, total=path.stat().st_size if path.is_file() else None)
            for batch in batches(path):
                tally.add(door.post(b"\n".join(batch.events)), path.name, batch.first)
                progress.update(task, completed=batch.bytes_read)


def _tell(console: Console, tally: Tally) -> None:
    console.print(f"{tally.recorded:,} recorded, {tally.duplicates:,} known already, {len(tally.refused):,} refused")
    tell_refused(console, tally)


def tell_refused(console: Console, tally: Tally) -> None:
    """Some of what was refused, one by one."""
    for each in tally.refused[:MAX_SHOWN]:
        name = f" ({each['id']})" if each["id"] else ""
        field = f"{each['field']}: " if each["field"] else ""
        console.print(f"  {each['file']}, event {each['event']}{name}: {field}{each['message']}", markup=False)
    if len(tally.refused) > MAX_SHOWN:
        console.print(f"  … and {len(tally.refused) - MAX_SHOWN:,} more: rejectedEvents and conflicts of the API have them all")

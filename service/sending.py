"""`tallygraph ingest`: files of usage events, sent in batches with a progress bar. Safe to repeat: what is known counts nothing."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from service.errors import SettingError, StartError
from service.event_files import UnreadableFileError, batches
from service.options import Url

ATTEMPTS = 8
PAUSE_SECONDS_MAX = 10.0
TIMEOUT_SECONDS = 120.0
IN_PASSING = (429, 500, 502, 503, 504)
MAX_SHOWN = 10  # refused reports that are told one by one

Files = Annotated[Path, Parameter(required=True, help="What to send: NDJSON or CloudEvents in JSON, gzipped or not.")]
Token = Annotated[str, Parameter(env_var="TALLYGRAPH_TOKEN", help="A token with the scope ingest.")]


class NotSentError(StartError):
    """Raised when the service does not take a batch, however often it is sent. All before it is recorded."""


@dataclass(slots=True)
class Tally:
    """What became of the events."""

    recorded: int = 0
    duplicates: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)


def ingest(*files: Files, url: Url = "http://127.0.0.1:8000", token: Token) -> None:
    """Ends with 0 when every event stands, 1 when some were refused. Raises StartError where not all could be sent."""
    if not (token.isascii() and token.isprintable()):
        raise SettingError("The token has characters that no token has: was all of it copied, and nothing else?")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    tally = Tally()
    try:
        _send(files, Door(url, token, console), tally, console)
    except UnreadableFileError as error:
        raise StartError(f"{error}. What was before is recorded.") from None
    finally:
        _tell(console, tally)
    sys.exit(1 if tally.refused else 0)


def _send(files: Sequence[Path], door: "Door", tally: Tally, console: Console) -> None:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with door.client, Progress(*columns, console=console) as progress:
        for path in files:
            task = progress.add_task(path.name, total=path.stat().st_size if path.is_file() else None)
            for batch in batches(path):
                receipt = door.post(b"\n".join(batch.events))
                tally.recorded += receipt["recorded"]
                tally.duplicates += receipt["duplicates"]
                for each in (*receipt["rejected"], *receipt["conflicts"]):
                    tally.refused.append({**each, "file": path.name, "event": batch.first + each["index"]})
                progress.update(task, completed=batch.bytes_read)


class Door:
    """The service, as it is reached."""

    def __init__(self, url: str, token: str, console: Console) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        self.client = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS)
        self._console = console
        self._has_answered = False

    def post(self, events: bytes) -> dict[str, Any]:
        """The receipt. What fails in passing is tried again, with longer and longer pauses. Raises NotSentError."""
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(min(0.25 * 2**attempt, PAUSE_SECONDS_MAX))
            try:
                response = self.client.post("/v1/events", content=events)
            except httpx.TransportError as error:
                reason = f"{self.client.base_url} does not answer: {error}"
                if isinstance(error, httpx.UnsupportedProtocol) or (isinstance(error, httpx.ConnectError) and not self._has_answered):
                    break
            else:
                self._has_answered = True
                if response.status_code in (200, 422) and "recorded" in response.text:
                    return response.json()
                reason = f"{self.client.base_url} answers {response.status_code}: {_message(response)}"
                if response.status_code not in IN_PASSING:
                    break
            self._console.print(f"[dim]{escape(reason)}[/]")
        raise NotSentError(f"{reason.rstrip('.')}. When that is mended, send the files again: what was recorded counts once.")


def _message(response: httpx.Response) -> str:
    try:
        return response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):  # somebody else's answer
        return response.text[:300]


def _tell(console: Console, tally: Tally) -> None:
    console.print(f"{tally.recorded:,} recorded, {tally.duplicates:,} known already, {len(tally.refused):,} refused")
    for each in tally.refused[:MAX_SHOWN]:
        name = f" ({each['id']})" if each["id"] else ""
        field = f"{each['field']}: " if each["field"] else ""
        console.print(f"  {each['file']}, event {each['event']}{name}: {field}{each['message']}", markup=False)
    if len(tally.refused) > MAX_SHOWN:
        console.print(f"  … and {len(tally.refused) - MAX_SHOWN:,} more: rejectedEvents and conflicts of the API have them all")

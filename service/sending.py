"""`tallygraph ingest`: files of usage events, sent in batches with a progress bar. Safe to repeat: what is known counts nothing."""

import gzip
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

BATCH = 5_000
BATCH_BYTES = 16 * 1024 * 1024
ATTEMPTS = 8
TIMEOUT_SECONDS = 120.0
MAX_SHOWN = 10  # refused reports that are told one by one


class NotSentError(Exception):
    """Raised when the service does not take a batch, however often it is sent. All before it is recorded."""


@dataclass(slots=True)
class Tally:
    """What became of the events."""

    recorded: int = 0
    duplicates: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)


def send(files: Sequence[Path], url: str, token: str) -> int:
    """Send them all; the exit code: 0 when every event stands, 1 when some were refused or could not be sent."""
    console = Console(stderr=True)
    tally = Tally()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        with (
            httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS) as client,
            Progress(*columns, console=console) as progress,
        ):
            for path in files:
                task = progress.add_task(path.name, total=path.stat().st_size)
                for first, batch, read in _batches(path):
                    _count(tally, path, first, _post(client, batch))
                    progress.update(task, completed=read)
    except (NotSentError, OSError, httpx.InvalidURL, gzip.BadGzipFile, EOFError) as error:
        console.print(f"[bold red]tallygraph:[/] {error}", soft_wrap=True)
        return 1
    finally:
        _tell(console, tally)
    return 1 if tally.refused else 0


def _batches(path: Path) -> Iterator[tuple[int, bytes, int]]:
    """The number of the first event, the events as NDJSON, and how many bytes of the file have been read."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = gzip.GzipFile(fileobj=raw) if packed else raw
        lines = _events(stream)
        number = 0
        while batch := list(islice(lines, BATCH)):
            for part in _parts(batch):
                yield number, b"\n".join(part), raw.tell()
                number += len(part)


def _events(stream: Any) -> Iterator[bytes]:
    """The single events: of a JSON array, of one object over several lines, or one a line."""
    start = stream.read(1)
    while start.isspace():
        start = stream.read(1)
    if start == b"[":
        yield from (bytes(item) for item in msgspec.json.decode(start + stream.read(), type=list[msgspec.Raw]))
        return
    first = start + stream.readline()
    try:
        msgspec.json.decode(first)
    except msgspec.DecodeError:
        yield b" ".join((first + stream.read()).split(b"\n"))
        return
    yield first.strip()
    yield from (line.strip() for line in stream if not line.isspace())


def _parts(batch: list[bytes]) -> Iterator[list[bytes]]:
    """The batch in parts that a body can hold."""
    part: list[bytes] = []
    size = 0
    for event in batch:
        if part and size + len(event) > BATCH_BYTES:
            yield part
            part, size = [], 0
        part.append(event)
        size += len(event)
    yield part


def _post(client: httpx.Client, body: bytes) -> dict[str, Any]:
    """The receipt. What fails in passing is tried again, with longer and longer pauses."""
    reason = ""
    for attempt in range(ATTEMPTS):
        try:
            response = client.post("/v1/events", content=body)
        except httpx.TransportError as error:
            reason = f"{client.base_url} does not answer: {error}"
        else:
            if response.status_code in (200, 422) and "recorded" in response.text:
                return response.json()
            reason = f"{client.base_url} answers {response.status_code}: {response.text[:300]}"
            if response.status_code not in (429, 500, 502, 503, 504):
                break
        time.sleep(min(0.25 * 2**attempt, 10.0))
    raise NotSentError(f"{reason}. Send the files again: what was recorded counts once.")


def _count(tally: Tally, path: Path, first: int, receipt: dict[str, Any]) -> None:
    tally.recorded += receipt["recorded"]
    tally.duplicates += receipt["duplicates"]
    tally.refused += [
        {**each, "file": path.name, "event": first + each["index"] + 1} for each in (*receipt["rejected"], *receipt["conflicts"])
    ]


def _tell(console: Console, tally: Tally) -> None:
    console.print(f"{tally.recorded:,} recorded, {tally.duplicates:,} known already, {len(tally.refused):,} refused")
    for each in tally.refused[:MAX_SHOWN]:
        field = f"{each['field']} " if each["field"] else ""
        console.print(f"  {each['file']}, event {each['event']} ({each['id']}): {field}{each['message']}", markup=False)
    if len(tally.refused) > MAX_SHOWN:
        console.print("  … and others; rejectedEvents has them all")

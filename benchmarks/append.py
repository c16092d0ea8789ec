"""Append through HTTP against raw COPY of the same rows into a table like the log's, and where the time goes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg

from benchmarks.place import Place
from benchmarks.traces import BATCH, batches
from domain.access import Scope
from domain.events import UsageEvent
from ingest.cloudevents import parse
from ingest.outcomes import Sender
from ledger.application import Ledger
from ledger.binary import COPY_HEADER, COPY_TRAILER, at_positions, event_row
from ledger.shapes import to_state
from service import tokens

LATEST = 10**17  # microseconds: later than any event of the trace


def token(place: Place, scope: Scope, account: str | None = None) -> str:
    """A token for a benchmark."""
    with psycopg.connect(place.database_url) as connection:
        return tokens.create(connection, "benchmark", [scope], account)


def through_http(client: httpx.Client, events: list[bytes]) -> float:
    """Seconds to append `events` through HTTP: NDJSON, batches of 5,000, one connection, one web process."""
    bodies = [b"\n".join(batch) for batch in batches(events)]
    headers = {"Content-Type": "application/x-ndjson"}
    started = time.perf_counter()
    for body in bodies:
        client.post("/v1/events", content=body, headers=headers).raise_for_status()
    return time.perf_counter() - started


class RawCopy:
    """psycopg's COPY of the same rows, made beforehand, into a table with the same indexes, a commit for every 5,000."""

    def __init__(self, place: Place) -> None:
        self._connection = psycopg.connect(place.database_url, autocommit=True)
        self._connection.execute("CREATE TABLE raw_events (LIKE cell_0.ledger_events INCLUDING ALL)")
        self._position = 0

    def seconds(self, lines: list[bytes]) -> float:
        """To copy the rows of `lines` in."""
        rows = [_row(parse(line, Sender(None), LATEST)) for line in lines]
        copies = [
            COPY_HEADER + at_positions(rows[start : start + BATCH], self._position + start + 1) + COPY_TRAILER
            for start in range(0, len(rows), BATCH)
        ]
        self._position += len(rows)
        started = time.perf_counter()
        for each in copies:
            with self._connection.cursor().copy("COPY raw_events FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(each)
        return time.perf_counter() - started

    def close(self) -> None:
        """Leave nothing behind."""
        self._connection.execute("DROP TABLE raw_events")
        self._connection.close()


def stages(place: Place, lines: list[bytes]) -> dict[str, float]:
    """Seconds of each stage for `lines`, which are not in the log yet, one after the other in this process."""
    times: dict[str, float] = {}
    started = time.perf_counter()
    events = [parse(line, Sender(None), LATEST) for line in lines]
    times["parse and check"] = time.perf_counter() - started
    started = time.perf_counter()
    for event in events:
        _row(event)
    times["name and encode"] = time.perf_counter() - started
    ledger = Ledger(place.database_url)
    started = time.perf_counter()
    for start in range(0, len(events), BATCH):
        ledger.record(events[start : start + BATCH])
    times["lock, look up, copy, commit"] = time.perf_counter() - started - times["name and encode"]
    ledger.close()
    return times


def _row(event: UsageEvent) -> bytes:
    return event_row(event.originator_id, 1, event.TOPIC, to_state(event))


@contextmanager
def web(place: Place, **environment: str) -> Iterator[str]:
    """The address of a web process of its own."""
    with web_process(place, **environment) as (_, url):
        yield url


@contextmanager
def web_process(place: Place, **more: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A web process, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": place.database_url, "TALLYGRAPH_DATA_DIR": str(place.folder), **more}
    command = [sys.executable, "-m", "service.cli", "serve", "--only", "web", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"stops it" in line:
                break
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()

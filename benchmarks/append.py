"""Append through HTTP against raw COPY of the same rows into the same table, and where the time goes."""

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
from ledger.binary import copy_of_events, event_row
from ledger.shapes import to_state
from service import tokens

LATEST = 10**17  # microseconds: later than any event of the trace


def through_http(place: Place, events: list[bytes]) -> float:
    """Seconds to append all of `events` through HTTP: NDJSON, batches of 5,000, one connection, one web process."""
    with psycopg.connect(place.database_url) as connection:
        token = tokens.create(connection, "benchmark", [Scope.INGEST], None)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    bodies = [b"\n".join(batch) for batch in batches(events)]
    with _web(place) as url, httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        client.post("/v1/events", content=b"").raise_for_status()
        started = time.perf_counter()
        for body in bodies:
            client.post("/v1/events", content=body).raise_for_status()
        return time.perf_counter() - started


def raw_copy(place: Place, events: list[bytes]) -> float:
    """Seconds for psycopg to COPY the same rows, made beforehand, into a table like the log, a commit for every 5,000."""
    rows = [_row(event) for event in (parse(line, Sender(None), LATEST) for line in events)]
    copies = [copy_of_events(rows[start : start + BATCH], start + 1) for start in range(0, len(rows), BATCH)]
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE raw_events (LIKE cell_0.ledger_events INCLUDING ALL)")
        started = time.perf_counter()
        for each in copies:
            with connection.cursor().copy("COPY raw_events FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(each)
        seconds = time.perf_counter() - started
        connection.execute("DROP TABLE raw_events")
    return seconds


def stages(place: Place, lines: list[bytes]) -> dict[str, float]:
    """Seconds of each stage, one after the other in this process, on a second log in the same database."""
    times: dict[str, float] = {}
    started = time.perf_counter()
    events = [parse(line, Sender(None), LATEST) for line in lines]
    times["parse and check"] = time.perf_counter() - started
    started = time.perf_counter()
    for event in events:
        _row(event)
    times["name and encode"] = time.perf_counter() - started
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE cell_0.ledger_events, cell_0.ledger_appends")
        connection.execute("UPDATE cell_0.ledger_head SET position = 0")
    ledger = Ledger(place.database_url)
    started = time.perf_counter()
    for start in range(0, len(events), BATCH):
        ledger.record(events[start : start + BATCH])
    times["record (names, encodes, appends)"] = time.perf_counter() - started
    ledger.close()
    return times


def _row(event: UsageEvent) -> bytes:
    return event_row(event.originator_id, 1, event.TOPIC.encode(), to_state(event))


@contextmanager
def _web(place: Place) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": place.database_url, "TALLYGRAPH_DATA_DIR": str(place.folder)}
    command = [sys.executable, "-m", "service.cli", "serve", "--only", "web", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"stops it" in line:
                break
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()

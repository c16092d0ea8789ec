"""A flood of events through one web process, projections running beside it: how fast it goes in, how far behind they are, what it holds.

`make bench` sends the trace once. `python -m benchmarks.flood --events 1000000 10000000` sends more, and tells of each number on the way.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, islice

import httpx
import psutil
import psycopg

from benchmarks import append
from benchmarks.place import Place, place
from benchmarks.traces import BATCH, batches, lines
from domain.access import Scope

TRACE = "servegen-mm-image"
CONNECTIONS = 4
STRETCH = 100_000  # events between two turns of raw COPY
COPIED = 20_000  # events a turn
MEBIBYTE = 2**20
PATIENCE_SECONDS = 1_200.0
PAUSE_SECONDS = 0.05
BEHIND = "SELECT head.position - live.position FROM cell_0.ledger_head AS head, cell_0.generations AS live WHERE live.state = 'live'"


def measure(where: Place, trace: Sequence[bytes], numbers: Sequence[int], *, projecting: bool = True) -> None:
    """Print a few lines for each of `numbers`, of events sent since the beginning."""
    raw, events = append.RawCopy(where), _events(trace)
    headers = {"Authorization": f"Bearer {append.token(where, Scope.INGEST)}", "Content-Type": "application/x-ndjson"}
    with (
        projecting_beside(where, wanted=projecting),
        append.web(where) as url,
        httpx.Client(base_url=url, headers=headers, timeout=120) as client,
    ):
        web = next(each for each in psutil.Process().children() if "--only" in each.cmdline())
        sent = 0
        for number in sorted(numbers):
            seconds = copied = 0.0
            before, compared = sent, 0
            while sent < number:
                stretch = [*islice(events, min(STRETCH, number - sent))]
                seconds += _send(client, stretch)
                copied += raw.seconds(stretch[:COPIED])
                compared += len(stretch[:COPIED])
                sent += len(stretch)
            rate, yardstick = (sent - before) / seconds, compared / copied
            beside = "projections beside it" if projecting else "nothing beside it"
            print(f"{sent:,} events: {rate:,.0f} events/s with {beside}, {rate / yardstick:.2f} of raw COPY ({yardstick:,.0f})")
            print(f"  the web process and those it started hold {_memory(web) / MEBIBYTE:.0f} MiB", flush=True)
            if projecting:
                _tell_lag(where)
    raw.close()


def _send(client: httpx.Client, events: Sequence[bytes]) -> float:
    """Seconds for a few connections to send them, batch by batch."""
    bodies = [b"\n".join(batch) for batch in batches([*events])]
    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for answer in threads.map(lambda body: client.post("/v1/events", content=body), bodies):
            answer.raise_for_status()
    return time.perf_counter() - started


def _events(trace: Sequence[bytes]) -> Iterator[bytes]:
    """Those of the trace, and again and again, each time under other names."""
    for round in count():
        name = b'"id":"%d-' % round
        for line in trace:
            yield line.replace(b'"id":"', name, 1)


def _memory(process: psutil.Process) -> int:
    """Bytes, of it and of those that it started; what they share counts once each."""
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


def _tell_lag(where: Place) -> None:
    with psycopg.connect(where.database_url, autocommit=True) as connection:
        behind = _behind(connection)
        started = time.perf_counter()
        while (left := _behind(connection)) and time.perf_counter() - started < PATIENCE_SECONDS:
            time.sleep(PAUSE_SECONDS)
        waited = time.perf_counter() - started
    print(
        f"  projections were {behind:,} events behind, {left:,} after {waited:.1f} s: {(behind - left) / waited:,.0f} events/s", flush=True
    )


def _behind(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute(BEHIND).fetchone()
    return 0 if row is None else row[0]


@contextmanager
def projecting_beside(where: Place, *, wanted: bool = True) -> Iterator[None]:
    """`tallygraph project` in a process of its own."""
    if not wanted:
        yield
        return
    environment = {**os.environ, "DATABASE_URL": where.database_url, "TALLYGRAPH_DATA_DIR": str(where.folder)}
    with subprocess.Popen([sys.executable, "-m", "service.cli", "project"], env=environment) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Print what each number of events takes."""
    arguments = argparse.ArgumentParser(prog="benchmarks.flood")
    arguments.add_argument("--events", type=int, nargs="+", default=[1_000_000], help="how many")
    arguments.add_argument("--alone", action="store_true", help="without projections beside it")
    chosen = arguments.parse_args()
    print(f"batches of {BATCH:,} by {CONNECTIONS} connections")
    with place() as where:
        measure(where, lines(TRACE), chosen.events, projecting=not chosen.alone)


if __name__ == "__main__":
    main()

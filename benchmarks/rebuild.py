"""A rebuild against raw COPY of the same rows, and whether time grows with the events and memory does not.

`make bench` rebuilds what it has projected of the trace. `python -m benchmarks.rebuild --events 1000000 10000000` makes that many events of
it under names of their own, day after day, and rebuilds at each number: 10,000,000 take about a quarter of an hour and 20 GB of the disk.
"""

import argparse
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import msgspec
import psycopg

from benchmarks import projection
from benchmarks.append import LATEST
from benchmarks.place import Place, place
from benchmarks.traces import BATCH, lines
from domain.events import UsageEvent
from ingest.cloudevents import parse
from ingest.outcomes import Sender
from ledger.apart import executor
from ledger.application import Ledger
from ledger.entries import Entries
from projections.runner import Runner

TRACE = "servegen-mm-image"
DAY = 86_400_000_000  # microseconds: the trace is as long
MEBIBYTE = 2**20


class Rebuilt(NamedTuple):
    """What a rebuild took."""

    generation: int
    events: int
    seconds: float
    builder_bytes: int  # peak of what its process held in memory
    reader_bytes: int  # the same of the largest of its readers


def measure(place: Place) -> Rebuilt:
    """Rebuild the read models in a process of its own, whose memory nobody else has used, and leave the old ones retired."""
    with executor(1) as apart:
        return apart.submit(_rebuild, place.database_url).result()


def tell(rebuilt: Rebuilt, copied: float) -> None:
    """The rates of it, and of raw COPY of the same rows."""
    events, seconds = rebuilt.events, rebuilt.seconds
    print(f"{'rebuild of all read models':<44} {events / seconds:10,.0f} events/s {copied / seconds:6.2f} of raw COPY of the same rows")
    memory = f"peak memory {rebuilt.builder_bytes / MEBIBYTE:.0f} MiB, and {rebuilt.reader_bytes / MEBIBYTE:.0f} MiB a reader"
    print(f"  {events:,} events in {seconds:.1f} s, which raw COPY takes {copied:.1f} s for; {memory}", flush=True)


def _rebuild(database_url: str) -> Rebuilt:
    peaks = [0, 0]

    def watch(_done: int, _total: int) -> None:
        peaks[:] = _peak(os.getpid()), max([peaks[1], *map(_peak, _children())])

    started = perf_counter()
    built = Runner(database_url, apart=True).rebuild(watch)
    return Rebuilt(built.number, built.position, perf_counter() - started, *peaks)


def _children() -> list[int]:
    return [process.pid for process in multiprocessing.active_children() if process.pid is not None]


def _peak(pid: int) -> int:
    """The most memory that a process has held so far, in bytes; of a process that is gone, nothing."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def main() -> None:
    """Print a line for each number of events."""
    arguments = argparse.ArgumentParser(prog="benchmarks.rebuild")
    arguments.add_argument("--events", type=int, nargs="+", default=[1_000_000], help="how many, in ascending order")
    arguments.add_argument("--trace-events", type=int, help="how many of the trace make a day; all of them unless said")
    chosen = arguments.parse_args()
    events = _events(lines(TRACE, chosen.trace_events))
    with place() as where:
        there = 0
        for number in sorted(chosen.events):
            started = perf_counter()
            _append(where, islice(events, number - there))
            print(f"{number - there:,} events appended in {perf_counter() - started:.0f} s", flush=True)
            there = number
            with psycopg.connect(where.database_url) as connection:  # nothing answers, so what is rebuilt goes to the end of the log
                connection.execute("UPDATE cell_0.generations SET state = 'retired'")
            rebuilt = measure(where)
            tell(rebuilt, projection.raw_copy(where, rebuilt.generation))


def _events(trace: list[bytes]) -> Iterator[UsageEvent]:
    """Those of the trace, and again and again, each time a day later and under other names."""
    for day in count():
        for line in trace:
            event = parse(line, Sender(None), LATEST)
            yield msgspec.structs.replace(event, id=f"{event.id}-{day}", occurred_at=event.occurred_at + day * DAY)


def _append(where: Place, events: Iterator[UsageEvent]) -> None:
    ledger = Ledger(where.database_url)
    with ThreadPoolExecutor(1) as appending:
        pending = None
        while batch := [*islice(events, BATCH)]:
            entries = Entries.of(batch)
            if pending is not None:
                pending.result()
            pending = appending.submit(ledger.append, entries)
        if pending is not None:
            pending.result()
    ledger.close()


if __name__ == "__main__":
    main()

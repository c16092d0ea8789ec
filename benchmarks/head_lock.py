"""One writer at a time: by a row lock on the log's head, or by an advisory lock with the head found in the appends."""

import threading
import time
from collections.abc import Callable

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from benchmarks.place import Place

WRITERS = (1, 8)
APPENDS = 1_600

HEAD_ROW = (
    "SELECT position FROM bench_head FOR UPDATE",
    "UPDATE bench_head SET position = position + 1, recorded_at = greatest(clock_timestamp(), recorded_at)",
    "INSERT INTO bench_appends SELECT position, recorded_at, '' FROM bench_head",
)
ADVISORY = (
    "SELECT pg_advisory_xact_lock(42)",
    "SELECT position, recorded_at FROM bench_appends ORDER BY position DESC LIMIT 1",
    """INSERT INTO bench_appends SELECT coalesce(max(position), 0) + 1, greatest(clock_timestamp(), max(recorded_at)), ''
    FROM (SELECT * FROM bench_appends ORDER BY position DESC LIMIT 1) AS last""",
)


def measure(place: Place) -> None:
    """Print appends per second of both, with no events in them: the price of the order alone."""
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bench_head (position bigint, recorded_at timestamptz) WITH (fillfactor = 10)")
        connection.execute("CREATE TABLE bench_appends (position bigint PRIMARY KEY, recorded_at timestamptz, digest bytea)")
        connection.execute("INSERT INTO bench_head VALUES (0, 'epoch')")
    for writers in WRITERS:
        rates = {name: _rate(place, statements, writers) for name, statements in (("head row", HEAD_ROW), ("advisory lock", ADVISORY))}
        ratio = rates["head row"] / rates["advisory lock"]
        print(f"{writers} writers: head row {rates['head row']:,.0f} appends/s, {ratio:.2f} of advisory lock")


def _rate(place: Place, statements: tuple[str, ...], writers: int) -> float:
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE bench_appends")
        connection.execute("UPDATE bench_head SET position = 0")
    threads = [threading.Thread(target=_write, args=(place, statements, APPENDS // writers)) for _ in range(writers)]
    return _timed(lambda: [*map(threading.Thread.start, threads), *map(threading.Thread.join, threads)])


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return APPENDS / (time.perf_counter() - started)


def _write(place: Place, statements: tuple[str, ...], times: int) -> None:
    connection: Connection[TupleRow]
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        for _ in range(times):
            with connection.transaction(), connection.pipeline():
                for statement in statements:
                    connection.execute(statement.encode(), prepare=True)

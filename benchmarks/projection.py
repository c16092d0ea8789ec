"""Projection of all read models against raw COPY of the same rows into tables like theirs."""

import time
from tempfile import TemporaryFile

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks.place import Place
from projections.read_model import TABLES
from projections.runner import Runner

PART = 2**20  # bytes that go to Postgres at once


class Following:
    """A runner that follows the log when asked to."""

    def __init__(self, place: Place) -> None:
        self._runner = Runner(place.database_url, apart=True)
        self._connection = self._runner.connect()
        self._workers = self._runner.workers()
        self._workers.__enter__()
        self.seconds()  # starts its processes

    def seconds(self) -> float:
        """To project what is new."""
        generation = self._runner.ensure_live(self._connection)
        started = time.perf_counter()
        self._runner.catch_up_with(self._workers, self._connection, generation)
        return time.perf_counter() - started

    def close(self) -> None:
        """Disconnect."""
        self._workers.__exit__()
        self._connection.close()


def raw_copy(place: Place, generation: int = 1) -> float:
    """Seconds for psycopg to COPY the rows that the read models have into tables with the same indexes, one COPY a table."""
    seconds = 0.0
    with psycopg.connect(place.database_url, autocommit=True) as connection, TemporaryFile() as rows:  # too many for memory
        for table in TABLES:
            name = Identifier("cell_0", f"{table}_{generation}")
            rows.seek(0)
            with connection.cursor().copy(SQL("COPY {} TO STDOUT (FORMAT BINARY)").format(name)) as copy:
                for part in copy:
                    rows.write(part)
            rows.truncate()
            rows.seek(0)
            connection.execute(SQL("CREATE TABLE raw_rows (LIKE {} INCLUDING ALL)").format(name))
            started = time.perf_counter()
            with connection.cursor().copy("COPY raw_rows FROM STDIN (FORMAT BINARY)") as copy:
                while part := rows.read(PART):
                    copy.write(part)
            seconds += time.perf_counter() - started
            connection.execute("DROP TABLE raw_rows")
    return seconds

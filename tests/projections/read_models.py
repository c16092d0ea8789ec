"""The read models and the log as tests look at them, by plain SQL."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from ledger.shapes import READERS
from projections.generations import Generation, Superseded
from projections.read_model import TABLES
from projections.runner import Runner
from projections.writing import Writer
from tests.projections.fold import KEYS, Logged, Rows

BOUND_SECONDS = 30  # what a test waits for comes within this time, or never


def rows_of(database_url: str, generation: int | None = None) -> Rows:
    """Every row of a generation, by default the live one, in the order of keys; bytes are bytes."""
    with psycopg.connect(database_url, options="-c TimeZone=UTC") as connection:
        if generation is None:
            found = connection.execute("SELECT generation FROM cell_0.generations WHERE state = 'live'").fetchall()
            ((generation,),) = found
        rows: Rows = {}
        for table in KEYS:
            all_rows = SQL("SELECT * FROM {}").format(Identifier("cell_0", f"{table}_{generation}"))
            rows[table] = sorted(connection.execute(all_rows).fetchall(), key=lambda row, width=KEYS[table]: row[:width])
    for table in ("history", "history_past"):
        rows[table] = [tuple(_sides(i, value) for i, value in enumerate(row)) for row in rows[table]]
    return rows


def watched(runner: Runner, look: Callable[[], object]) -> Runner:
    """The same; `look` is called before each batch is written."""

    class Watched(Writer):
        def write(self, *arguments, **options):
            look()
            return super().write(*arguments, **options)

    runner.writer = Watched(runner.cell)
    return runner


def _sides(column: int, value: Any) -> Any:
    """What is JSON, taken apart, with exact numbers."""
    return json.loads(value, parse_float=Decimal) if column in (INPUT, OUTPUT) and value is not None else value


INPUT, OUTPUT = 20, 21  # columns of history


def log_of(database_url: str) -> list[Logged]:
    """Every event of the log."""
    with psycopg.connect(database_url, options="-c TimeZone=UTC") as connection:
        found = connection.execute(LOG).fetchall()
    return [Logged(position, READERS[topic](state), recorded_at) for position, topic, state, recorded_at in found]


LOG = """
    SELECT notification_id, topic, state, (SELECT min(recorded_at) FROM cell_0.ledger_appends WHERE position >= notification_id)
    FROM cell_0.ledger_events ORDER BY 1"""


def start_over(database_url: str) -> None:
    """An empty log, and one generation of read models, empty. Rows are deleted, which is quicker here than making new tables."""
    with psycopg.connect(database_url) as connection:
        for generation, state in connection.execute("SELECT generation, state FROM cell_0.generations").fetchall():
            empty = "DELETE FROM {}" if state == "live" else "DROP TABLE IF EXISTS {}"
            for table in TABLES:
                if connection.execute("SELECT to_regclass(%s)", [f"cell_0.{table}_{generation}"]).fetchone() != (None,):
                    connection.execute(SQL(empty).format(Identifier("cell_0", f"{table}_{generation}")))
        connection.execute("DELETE FROM cell_0.generations WHERE state <> 'live'")
        connection.execute("UPDATE cell_0.generations SET position = 0, complete_through = 'epoch'")
        connection.execute("DELETE FROM cell_0.ledger_events")
        connection.execute("DELETE FROM cell_0.ledger_appends")
        connection.execute(r"UPDATE cell_0.ledger_head SET position = 0, recorded_at = 'epoch', digest = '\x'")


def caught_up(runner: Runner) -> Generation:
    """The live generation, when it includes the whole log."""
    with runner.connect() as connection:
        while True:
            try:
                return runner.catch_up(connection, runner.ensure_live(connection))
            except Superseded:  # by another runner of the test
                continue


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when it holds."""
    deadline = time.monotonic() + BOUND_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "this did not come about"
        time.sleep(0.005)

"""The read models of the stored bytes of tests/ledger/stored_events.ndjson, row by row, as they were found right once.

`python -m tests.projections.golden` writes them anew, for when a column is added or a meaning changes on purpose: read the difference, for
every line of it is a figure that somebody has been billed by.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from projections.read_model import TABLES
from projections.runner import Runner
from service.set_up import prepare
from service.throwaway_postgres import throwaway_postgres
from tests.ledger import stored
from tests.projections.read_models import caught_up

FILE = Path(__file__).with_name("golden_read_models.json")
Rows = dict[str, list[dict[str, Any]]]


def rows_as_text(database_url: str) -> dict[str, list[str]]:
    """Every row of the live generation, one JSON object each as Postgres writes it, in their order as texts."""
    with psycopg.connect(database_url, options="-c TimeZone=UTC") as connection:
        ((generation,),) = connection.execute("SELECT generation FROM cell_0.generations WHERE state = 'live'").fetchall()
        query = "SELECT row_to_json(each)::text FROM {} AS each"
        named = {table: SQL(query).format(Identifier("cell_0", f"{table}_{generation}")) for table in TABLES}
        return {table: sorted(row for (row,) in connection.execute(found).fetchall()) for table, found in named.items()}


def parsed(rows: dict[str, list[str]]) -> Rows:
    """The same to be compared: numbers as written, to the last digit."""
    return {table: [json.loads(row, parse_float=Decimal) for row in own] for table, own in rows.items()}


def golden() -> Rows:
    """What was found right."""
    return json.loads(FILE.read_text(), parse_float=Decimal)


def main() -> None:
    with throwaway_postgres(database="golden") as postgres:
        prepare(postgres.url)
        stored.insert(postgres.url)
        caught_up(Runner(postgres.url))
        tables = rows_as_text(postgres.url)
    lists = [f'"{table}": [\n' + ",\n".join(rows) + "\n]" for table, rows in tables.items()]
    FILE.write_text("{\n" + ",\n".join(lists) + "\n}\n")


if __name__ == "__main__":
    main()

"""Exports of a running service: asked for over GraphQL, held up while they are written, followed to their end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from tests.service.running import ADMIN, Command, eventually

APRIL = {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
ASK = "mutation($input: ExportRouterUsageInput!) { exportRouterUsage(input: $input) { export { id } errors { message } } }"
FIND = "query($id: ID!) { export(id: $id) { status progress error downloadUrl fileName rowCount } }"
RENDERER = "multiprocessing.spawn"  # in the command line of a process that renders


def ask_for_export(served: Command, token: str = ADMIN, **input: Any) -> str:
    """The id of a new export."""
    payload = served.ask(ASK, token, input={"range": APRIL} | input)["exportRouterUsage"]
    assert payload["errors"] == [], payload
    return payload["export"]["id"]


def export(served: Command, id: str, token: str = ADMIN) -> dict[str, Any]:
    """An export as it is now."""
    return served.ask(FIND, token, id=id)["export"]


def completed(served: Command, id: str, token: str = ADMIN) -> dict[str, Any]:
    """An export once it is over, which has to be well."""
    found = eventually(lambda: now if (now := export(served, id, token))["status"] not in ("PENDING", "RUNNING") else None)
    assert found is not None
    assert found["status"] == "COMPLETED", found
    return found


@contextmanager
def held_up(database_url: str) -> Iterator[None]:
    """What is rendered inside waits before its first row, and so does whoever else asks for figures of buckets."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'cell_0' AND tablename LIKE 'router%%'").fetchall()
        for (table,) in tables:
            connection.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(Identifier("cell_0", table)))
        yield

"""Exports of a running service: asked for over GraphQL, held up while they are written, followed to their end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.service.running import ADMIN, Command, eventually

APRIL = {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
ASK = "mutation($input: ExportRouterUsageInput!) { exportRouterUsage(input: $input) { export { id } errors { message } } }"
FIND = "query($id: ID!) { export(id: $id) { status progress error downloadUrl fileName rowCount } }"
RENDERER = "multiprocessing.spawn"  # in the command line of a process that renders


def ask_for_export(served: Command, token: str = ADMIN, **input: Any) -> str:
    """The id of a new export."""
    payload = served.ask(ASK, token, input={"range": APRIL} | input)["exportRouterUsage"]
    assert payload["errors"] == []
    return payload["export"]["id"]


def export(served: Command, id: str, token: str = ADMIN) -> dict[str, Any]:
    """An export as it is now."""
    return served.ask(FIND, token, id=id)["export"]


def completed(served: Command, id: str, token: str = ADMIN) -> dict[str, Any]:
    """An export once it is over, which has to be well."""
    found = eventually(lambda: (now := export(served, id, token))["status"] not in ("PENDING", "RUNNING") and now)
    assert found["status"] == "COMPLETED", found
    return found


@contextmanager
def held_up(database_url: str) -> Iterator[None]:
    """What is rendered inside waits before its first row, and so does whoever else asks for figures."""
    with psycopg.connect(database_url) as connection:
        connection.execute("LOCK TABLE cell_0.generations IN ACCESS EXCLUSIVE MODE")
        yield

"""Setting up: every table of every layer, in one step that any number of processes may take at once."""

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

SET_UP_LOCK = 0x7A11_96A9_0001  # one advisory lock: concurrent CREATE IF NOT EXISTS fail with "tuple concurrently updated"


def set_up(database_url: str, schemas: Iterable[str], statements: Iterable[Any]) -> None:
    """Create what is missing of `schemas` and `statements`, all or nothing. `database_url` must not go through a pooler."""
    with psycopg.connect(database_url, application_name="tallygraph set-up") as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SET_UP_LOCK])
        connection.execute("SET LOCAL client_min_messages = warning")  # "already exists, skipping" is what we want
        for schema in schemas:
            connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
        for statement in statements:
            connection.execute(statement)

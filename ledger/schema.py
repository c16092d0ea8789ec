"""Setting up: every table of every layer, in one step that any number of processes may take at once."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composable, Identifier

SET_UP_LOCK = 0x7A11_96A9_0001  # one advisory lock: concurrent CREATE IF NOT EXISTS fail with "tuple concurrently updated"
LOCK_TIMEOUT_MS = 3_000  # of a table: appends queue behind us


def set_up(database_url: str, schemas: Iterable[str], statements: Sequence[Any]) -> None:
    """Create what is missing of `schemas` and `statements`, all or nothing. `database_url` must not go through a pooler.

    What was created once is not created again: even CREATE INDEX IF NOT EXISTS locks its table before it looks, waits for a VACUUM
    there, and lets appends wait behind it. Raises OperationalError of psycopg where a table stays locked.
    """
    with psycopg.connect(database_url, application_name="tallygraph set-up") as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SET_UP_LOCK])
        connection.execute("SET LOCAL client_min_messages = warning")  # "already exists, skipping" is what we want
        connection.execute(SQL("SET LOCAL lock_timeout = {}").format(LOCK_TIMEOUT_MS))
        wanted = _digest(statements)
        if _is_done(connection, wanted):
            return
        for schema in schemas:
            connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
        for statement in statements:
            connection.execute(statement)
        connection.execute("CREATE TABLE IF NOT EXISTS tallygraph.set_ups (digest bytea PRIMARY KEY)")
        connection.execute("INSERT INTO tallygraph.set_ups VALUES (%s) ON CONFLICT DO NOTHING", [wanted])


def _is_done(connection: Connection[Any], digest: bytes) -> bool:
    exists = connection.execute("SELECT to_regclass('tallygraph.set_ups') IS NOT NULL").fetchone()
    if exists is None or not exists[0]:
        return False
    # FOR UPDATE, so that a database that cannot be written is found out here, too.
    found = connection.execute("SELECT FROM tallygraph.set_ups WHERE digest = %s FOR UPDATE", [digest]).fetchone()
    return found is not None


def _digest(statements: Sequence[Any]) -> bytes:
    texts = (each.as_string() if isinstance(each, Composable) else str(each) for each in statements)
    return blake2b("\0".join(texts).encode(), digest_size=16).digest()

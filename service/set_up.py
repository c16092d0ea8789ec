"""Everything the database has to have, created in one step."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg.conninfo import conninfo_to_dict

from jobs.schema import STATEMENTS as JOBS_STATEMENTS
from ledger import accounts, aside
from ledger.application import CELL, Ledger
from ledger.schema import set_up
from projections import audit_differences, generations
from projections.runner import Runner
from service import tokens
from service.errors import DatabaseUnavailableError

OLDEST_POSTGRES = 150000
CONNECT_SECONDS = 10
NOT_OURS = (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)


def prepare(database_url: str) -> None:
    """Create schemas and tables that are missing, and the first read models. Raises DatabaseUnavailableError for an old Postgres."""
    with psycopg.connect(database_url, connect_timeout=CONNECT_SECONDS) as connection:
        if connection.info.server_version < OLDEST_POSTGRES:
            raise DatabaseUnavailableError(f"The database {place(database_url)} is older than PostgreSQL 15: use a newer one.")
    ledger = Ledger(database_url)
    try:
        statements = [
            *ledger.recorder.sql_create_statements,  # pyright: ignore[reportAttributeAccessIssue] - ours is a Postgres recorder
            *accounts.CREATE,
            *aside.CREATE,
            *generations.statements(CELL),
            audit_differences.sql(audit_differences.CREATE, CELL),
            *tokens.CREATE,
            *JOBS_STATEMENTS,
        ]
    finally:
        ledger.close()
    set_up(database_url, ["tallygraph", CELL, "jobs"], statements)
    runner = Runner(database_url)
    with runner.connect() as connection:
        runner.begin(connection)


@contextmanager
def reachable(database_url: str, advice: str) -> Iterator[None]:
    """What goes wrong with the connection, as one sentence without the password, and what to do about it."""
    try:
        yield
    except (*NOT_OURS, PersistenceError) as error:
        if not isinstance(error.__cause__ if isinstance(error, PersistenceError) else error, NOT_OURS):
            raise
        reason = str(error).partition("\n")[0].rstrip(".?! ")  # what follows are hints, or the same of other addresses of the host
        raise DatabaseUnavailableError(f"The database {place(database_url)} cannot be used: {reason}. {advice}") from None


def place(database_url: str) -> str:
    """Which database a URL means, without its password."""
    parts = conninfo_to_dict(database_url)
    return f"{parts.get('dbname', '')} on {parts.get('host', 'localhost')}"

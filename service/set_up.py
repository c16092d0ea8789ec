"""Everything the database has to have, created in one step."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from jobs.schema import STATEMENTS as JOBS_STATEMENTS
from ledger import accounts, aside
from ledger.application import CELL, Ledger
from ledger.schema import set_up
from projections import generations
from projections.runner import Runner
from service import tokens
from service.errors import DatabaseUnavailableError

OLDEST_POSTGRES = 150000


def prepare(database_url: str) -> None:
    """Create schemas and tables that are missing, and the first read models. Raises DatabaseUnavailableError."""
    with reachable(database_url):
        with psycopg.connect(database_url, connect_timeout=10) as connection:
            if connection.info.server_version < OLDEST_POSTGRES:
                raise DatabaseUnavailableError(f"{place(database_url)} is older than PostgreSQL 15: use a newer one.")
        ledger = Ledger(database_url)
        try:
            statements = [
                *ledger.recorder.sql_create_statements,  # pyright: ignore[reportAttributeAccessIssue] - ours is a Postgres recorder
                *accounts.CREATE,
                *aside.CREATE,
                *generations.statements(CELL),
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
def reachable(database_url: str) -> Iterator[None]:
    """What goes wrong with the connection, as one sentence without the password."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege) as error:
        reason = " ".join(str(error).split())
        raise DatabaseUnavailableError(f"The database {place(database_url)} cannot be used: {reason}. Check DATABASE_URL.") from None
    except psycopg.ProgrammingError as error:
        raise DatabaseUnavailableError(f"DATABASE_URL is not a Postgres URL: {' '.join(str(error).split())}.") from None


def place(database_url: str) -> str:
    """Which database a URL means, without its password."""
    parts = conninfo_to_dict(database_url)
    return f"{parts.get('dbname', '')} on {parts.get('host', 'localhost')}"

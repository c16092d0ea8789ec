"""The database of a command: where it is, and that all is there that has to be."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg

from service.embedded_postgres import EmbeddedPostgres
from service.set_up import CONNECT_SECONDS, prepare, reachable
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Database:
    """`direct_url` is for what a pooler cannot pass on: LISTEN, locks, prepared statements."""

    url: str
    direct_url: str


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """The database of DATABASE_URL, or of a private Postgres in the data directory, prepared.

    Raises DatabaseUnavailableError, also where a connection is lost inside.
    """
    with ExitStack() as stack:
        if settings.database_url is None:
            folder = settings.data_dir / "postgres"
            url = direct_url = stack.enter_context(EmbeddedPostgres(folder)).url
            advice = f"Its log is {folder / 'cluster' / 'postgres.log'}."
        else:
            _try(settings)
            url, direct_url = settings.database_url, settings.database_direct_url or settings.database_url
            advice = f"Check {'DATABASE_DIRECT_URL' if settings.database_direct_url else 'DATABASE_URL'}."
        stack.enter_context(reachable(direct_url, advice))
        prepare(direct_url)
        yield Database(url, direct_url)


def _try(settings: Settings) -> None:
    """What is wrong is told now, by name, and not by the first question."""
    named = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_DIRECT_URL": settings.database_direct_url,
        "DATABASE_READ_URL": settings.database_read_url,
    }
    for name, url in named.items():
        if url is not None:
            with reachable(url, f"Check {name}."), psycopg.connect(url, connect_timeout=CONNECT_SECONDS):
                pass

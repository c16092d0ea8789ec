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
        found = _given(settings) or _private(settings, stack)
        if settings.database_direct_url:
            advice = "Check DATABASE_DIRECT_URL."
        elif settings.database_url:
            advice = "Check DATABASE_URL."
        else:
            advice = f"Its log is {settings.data_dir / 'postgres' / 'cluster' / 'postgres.log'}."
        stack.enter_context(reachable(found.direct_url, advice))
        prepare(found.direct_url)
        yield found


def _given(settings: Settings) -> Database | None:
    """Tried, where it is not what will be prepared: a wrong URL is told before anybody depends on it."""
    if settings.database_url is None:
        return None
    named = {"DATABASE_URL": settings.database_url, "DATABASE_READ_URL": settings.database_read_url}
    for name, url in named.items():
        if url is not None and url != settings.database_direct_url:
            with reachable(url, f"Check {name}."), psycopg.connect(url, connect_timeout=CONNECT_SECONDS):
                pass
    return Database(settings.database_url, settings.database_direct_url or settings.database_url)


def _private(settings: Settings, stack: ExitStack) -> Database:
    url = stack.enter_context(EmbeddedPostgres(settings.data_dir / "postgres")).url
    return Database(url, url)

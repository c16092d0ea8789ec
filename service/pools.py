"""Connections of the web process to Postgres."""

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

POOL_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_MS = 8_000


def pool(database_url: str, size: int) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Up to `size` connections; open it.

    After a failure it tries again for as long as a caller waits, and the next caller makes it try anew. By default it would pause longer
    and longer, and stay away for minutes after the database is back.
    """
    return AsyncConnectionPool(
        database_url,
        min_size=1,
        max_size=size,
        timeout=POOL_TIMEOUT_SECONDS,
        reconnect_timeout=POOL_TIMEOUT_SECONDS,
        open=False,
        check=AsyncConnectionPool.check_connection,  # one that broke while it lay there is not given out
        kwargs={"application_name": "tallygraph web", "options": f"-c TimeZone=UTC -c statement_timeout={STATEMENT_TIMEOUT_MS}"},
    )

"""Connections of the web process to Postgres."""

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

POOL_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_MS = 8_000
# A statement is planned for the values it has. A plan for any values would read a month to find the requests of a key that has few: to plan
# takes a few tenths of a millisecond.
OPTIONS = f"-c TimeZone=UTC -c statement_timeout={STATEMENT_TIMEOUT_MS} -c plan_cache_mode=force_custom_plan"


READ_ONLY = f"{OPTIONS} -c default_transaction_read_only=on"


def pool(database_url: str, size: int, *, for_snapshots: bool = False) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Up to `size` connections; open it. One that broke while it lay there is not given out.

    Those for snapshots can write nothing, and are not looked at before: Snapshots do that, and ask nothing for it.

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
        check=None if for_snapshots else AsyncConnectionPool.check_connection,
        kwargs={"application_name": "tallygraph web", "options": READ_ONLY if for_snapshots else OPTIONS},
    )

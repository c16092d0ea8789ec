"""How far each group of read models is behind the log: what operators watch."""

from typing import Any, NamedTuple

from psycopg import AsyncConnection

from ledger.application import CELL
from projections.read_model import GROUP, SHAPE, Tables


class Lag(NamedTuple):
    """Of a group, by the database's clock. Without live read models, nothing of the log is in them."""

    group: str
    head: int  # how many events the log holds
    events: int  # that are not in the read models yet
    seconds: float  # since the oldest of them was recorded; 0 where there is none


async def lags(connection: AsyncConnection[Any], cell: str = CELL) -> list[Lag]:
    """Of the groups there are, in one statement that reads three rows."""
    cursor = await connection.execute(Tables(cell, 0).sql(LAG), {"group": GROUP, "shape": SHAPE})
    return [Lag(GROUP, *row) for row in await cursor.fetchall()]


# The append that holds the first event past the read models is the first that ends past them. An instant of the log may be ahead of the
# clock, which was set back.
LAG = """
    SELECT log.position, log.position - behind.position, coalesce(greatest(extract(epoch FROM clock_timestamp() - (
        SELECT recorded_at FROM {appends} WHERE position > behind.position ORDER BY position LIMIT 1)), 0), 0)::float8
    FROM {head} AS log, LATERAL (
        SELECT least(coalesce(max(position), 0), log.position) AS position FROM {generations}
        WHERE name = %(group)s AND shape = %(shape)s AND state = 'live') AS behind"""

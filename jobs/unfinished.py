"""How many jobs of each kind wait or run, of all accounts together: what operators watch."""

from typing import Any, NamedTuple

from psycopg import AsyncConnection

from jobs.audits import Audits
from jobs.exports import Exports
from jobs.job import JobStatus


class Unfinished(NamedTuple):
    """Jobs of one kind."""

    kind: str
    pending: int
    running: int


async def unfinished(connection: AsyncConnection[Any]) -> list[Unfinished]:
    """Each kind, also where there is none of it. Reads the few rows that somebody has to look at again."""
    cursor = await connection.execute(COUNT, {"pending": JobStatus.PENDING, "running": JobStatus.RUNNING})
    ((exports, exporting, audits, auditing),) = await cursor.fetchall()
    return [Unfinished(Exports.NOUN, exports, exporting), Unfinished(Audits.NOUN, audits, auditing)]


COUNT = """
    SELECT exports.pending, exports.running, audits.pending, audits.running FROM (
        SELECT count(*) FILTER (WHERE status = %(pending)s) AS pending, count(*) FILTER (WHERE status = %(running)s) AS running
        FROM jobs.exports WHERE wake_at IS NOT NULL) AS exports, (
        SELECT count(*) FILTER (WHERE status = %(pending)s) AS pending, count(*) FILTER (WHERE status = %(running)s) AS running
        FROM jobs.audits WHERE wake_at IS NOT NULL) AS audits"""

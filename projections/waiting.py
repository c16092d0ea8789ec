"""What is asked of changes that wait: corrections and voidings whose request, or whose version, is not there yet."""

from uuid import UUID

from projections.log_streams import LoggedEvent, logged
from projections.snapshot import Snapshot


async def waiting_changes(snapshot: Snapshot, account_id: UUID, limit: int, after: int | None = None) -> list[LoggedEvent]:
    """The account's, in the order in which they were recorded, past the position `after`."""
    rows = await snapshot.rows(WAITING, {"account": account_id, "after": after or 0, "limit": limit})
    return [logged(*row) for row in rows]


async def count_waiting(snapshot: Snapshot, account_id: UUID) -> int:
    """How many changes wait."""
    ((count,),) = await snapshot.rows("SELECT count(*) FROM {waiting_changes} WHERE account_id = %(account)s", {"account": account_id})
    return count


WAITING = """
    SELECT change.position, event.topic, change.version,
        (SELECT recorded_at FROM {appends} AS append WHERE append.position >= change.position ORDER BY append.position LIMIT 1), event.state
    FROM {waiting_changes} AS change
    JOIN {events} AS event ON event.originator_id = change.originator_id AND event.originator_version = change.version
    WHERE change.account_id = %(account)s AND change.position > %(after)s
    ORDER BY change.position LIMIT %(limit)s"""

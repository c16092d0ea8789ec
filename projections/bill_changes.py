"""What changed on a bill between two positions of the log: line by line, and which events changed it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from projections import bill
from projections.bill import BillOf
from projections.bill_lines import BillDimension, BillLine, group_of, merged
from projections.log_streams import LoggedEvent, events_at
from projections.router_facts import Range
from projections.router_sums import EXACT_SUMS
from projections.snapshot import Snapshot

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line as it is after, and its fee before and after; 0 where there is no such line."""

    line: BillLine
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """USD, exact."""
        return EXACT_SUMS.subtract(self.after, self.before)


async def changed_lines(before: Snapshot, after: Snapshot, of: BillOf, group_by: frozenset[BillDimension]) -> list[LineChange]:
    """The lines whose fee is another, in the order of their groups. Raises TooManyLinesError, RangeTooLargeError."""
    was = {group_of(line): line for line in await bill.lines(before, of, group_by)}
    now = {group_of(line): line for line in await bill.lines(after, of, group_by)}
    nothing = merged([replace(line, fee=NOTHING, counted=None, gpu_time=None) for line in (*was.values(), *now.values())])
    pairs = [(was.get(group_of(each), each), now.get(group_of(each), each)) for each in nothing]
    return [LineChange(line, earlier.fee, line.fee) for earlier, line in pairs if earlier.fee != line.fee]


@dataclass(frozen=True, slots=True)
class EventsBetween:
    """The events past position `after`, up to `up_to`, that concern what an account is billed for a range."""

    account_id: UUID
    range: Range
    after: int
    up_to: int

    async def page(self, snapshot: Snapshot, limit: int, past: int | None) -> Sequence[LoggedEvent]:
        """Up to `limit` of them past position `past`, in the order of the log."""
        rows = await snapshot.rows(
            f"WITH {BETWEEN} SELECT position FROM told WHERE position > %(past)s ORDER BY position LIMIT %(limit)s",
            self._parameters | {"past": past or 0, "limit": limit},
        )
        found = await events_at(snapshot, [position for (position,) in rows])
        return [found[position] for (position,) in rows]

    async def count(self, snapshot: Snapshot) -> int:
        """How many there are."""
        ((count,),) = await snapshot.rows(f"WITH {BETWEEN} SELECT count(*) FROM told", self._parameters)
        return count

    @property
    def _parameters(self) -> dict[str, Any]:
        range = {"start": self.range.start, "end": self.range.end}
        return {"account": self.account_id, **range, "after": self.after, "up_to": self.up_to}


# Only quarter-hours that something has changed in are looked into; one that has no request left has what it had in history_past.
# A request's row holds since the event that made it so, which may be of the platform; a chain that waited has more than that one. Lives of
# deployments are read from all that was told of them, so what is dated before the range may change it, and what is after it does not.
BETWEEN = """
    request AS (
        SELECT id, since FROM (
            SELECT DISTINCT time FROM {router_model_buckets} AS bucket
            WHERE account_id = %(account)s AND grain = 900 AND time > %(start)s::timestamptz - interval '15 minutes' AND time < %(end)s
                AND bucket.position > %(after)s
        ) AS quarter CROSS JOIN LATERAL (
            SELECT id, since FROM {history}
            WHERE account_id = %(account)s AND occurred_at >= greatest(quarter.time, %(start)s)
                AND occurred_at < least(quarter.time + interval '15 minutes', %(end)s) AND since > %(after)s AND channel = 'router'
            OFFSET 0
        ) AS changed
        UNION ALL
        SELECT id, since FROM {history_past}
        WHERE account_id = %(account)s AND occurred_at >= %(start)s AND occurred_at < %(end)s AND until > %(after)s AND channel = 'router'
    ),
    told AS (
        SELECT since AS position FROM request WHERE since > %(after)s AND since <= %(up_to)s
        UNION
        SELECT notification_id FROM (SELECT DISTINCT id FROM request) AS request
        JOIN {events} AS event ON event.originator_id = request.id AND notification_id > %(after)s AND notification_id <= %(up_to)s
        UNION
        SELECT position FROM {deployment_events}
        WHERE account_id = %(account)s AND position > %(after)s AND position <= %(up_to)s
            AND occurred_at < extract(epoch FROM %(end)s::timestamptz) * 1000000
        UNION
        SELECT position FROM {gpu_prices} AS price
        WHERE position > %(after)s AND position <= %(up_to)s
            AND EXISTS (SELECT FROM {deployments} WHERE account_id = %(account)s AND gpu_type = price.gpu_type)
    )"""

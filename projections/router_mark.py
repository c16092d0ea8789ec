"""Whether router usage of a range may have changed from one snapshot to another, without adding it up."""

from typing import NamedTuple
from uuid import UUID

from domain.calendar import QUARTER, ceiling, floor, segments
from projections.router_facts import SEGMENT, WITHIN_BUCKETS, Range, RouterFilter, covering_parameters, filtered, within
from projections.snapshot import Snapshot


class Mark(NamedTuple):
    """Of the buckets that cover a range. What is added to one moves the position on; where one goes, there are fewer."""

    buckets: int
    position: int | None  # of the last event that changed one of them


async def mark(snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter) -> Mark:
    """The same in two snapshots only where usage of the range is the same. Quarter-hours that the range cuts count as a whole."""
    start, end = floor(range.start, QUARTER), ceiling(range.end, QUARTER)
    condition, values = filtered(filter, "series")
    parameters = {**covering_parameters(account_id, segments(start, end, [start, end])), **values}
    (row,) = await snapshot.rows(f"{MARK} {f'{SERIES} {condition}' if condition else ''}", parameters)
    return Mark(*row)


MARK = f"WITH {SEGMENT} SELECT count(*), max(fact.position) FROM {within('{router_buckets}', WITHIN_BUCKETS)}"
SERIES = "JOIN {router_series} AS series ON series.account_id = fact.account_id AND series.series = fact.series"

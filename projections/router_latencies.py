"""Percentiles of latency, exact: from the requests of a range themselves, since no sums can tell them."""

from collections.abc import Sequence
from uuid import UUID

from projections.history_past import requests_as_of
from projections.router_facts import COUNTS, Range, RouterFilter, filtered
from projections.snapshot import Snapshot

NANOSECONDS = 1_000_000_000
MAX_PERCENTILE_REQUESTS = 5_000_000  # which take 3 to 4 seconds


class TooManyLatenciesError(ValueError):
    """Raised when a range has more requests with a latency than MAX_PERCENTILE_REQUESTS."""


async def latency_percentiles(
    snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter, percents: Sequence[float]
) -> list[float | None]:
    """Seconds, for each of `percents`, by linear interpolation between the two requests next to it; null where none has a latency.

    Raises TooManyLatenciesError.
    """
    condition, values = filtered(filter, "fact")
    query = PERCENTILES.format(requests=requests_as_of(snapshot.as_of), condition=condition)
    shares = [percent / 100 for percent in percents]
    parameters = {"account": account_id, "start": range.start, "end": range.end, "shares": shares, "as_of": snapshot.as_of, **values}
    ((number, found),) = await snapshot.rows(query, {**parameters, "limit": MAX_PERCENTILE_REQUESTS + 1})
    if number > MAX_PERCENTILE_REQUESTS:
        raise TooManyLatenciesError(
            f"the range has more than {MAX_PERCENTILE_REQUESTS:,} requests with a latency (MAX_PERCENTILE_REQUESTS):"
            " ask for a shorter range, or with a filter"
        )
    return [None for _ in percents] if found is None else [each / NANOSECONDS for each in found]


PERCENTILES = f"""
    SELECT count(*), percentile_cont(%(shares)s::float8[]) WITHIN GROUP (ORDER BY latency_ns) FROM (
        SELECT fact.latency_ns FROM {{requests}} AS fact
        WHERE fact.account_id = %(account)s AND fact.occurred_at >= %(start)s AND fact.occurred_at < %(end)s AND {COUNTS}
            AND fact.latency_ns IS NOT NULL {{condition}}
        LIMIT %(limit)s
    ) AS looked_at"""

"""The requests that deployments served in a range: days, then hours, then quarter-hours, and what cuts a quarter-hour from history."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain import calendar
from domain.calendar import QUARTER, Segment, segments
from domain.gpu_time import SECOND
from projections import deployment_lives
from projections.history_past import requests_as_of
from projections.router_facts import SEGMENT, WITHIN_BUCKETS, Range, covering_parameters, within
from projections.since import came, changed_since, went
from projections.snapshot import Snapshot


class Served(NamedTuple):
    """Sums over requests."""

    requests: int = 0
    tokens: int = 0
    estimated: int = 0  # how many with token counts that their reporter estimated
    unknown_tokens: int = 0  # how many without a token count


def summed(each: Iterable[Served]) -> Served:
    """All of them together."""
    return Served(*map(sum, zip(*each, strict=True)))


async def served_by_deployment(snapshot: Snapshot, account_id: UUID, range: Range) -> dict[str, Served]:
    """What each deployment served in the range, by key; one that served nothing is not there. Raises TooManyDeploymentsError."""
    usage, parameters = _usage(snapshot, account_id, range, [range.start, range.end])
    served = "" if snapshot.as_of is None else "HAVING sum(requests) > 0"  # there are buckets of requests that have come since
    query = f"{usage} SELECT deployment, {SUMS} FROM usage GROUP BY deployment {served} LIMIT %(limit)s"
    rows = await snapshot.rows(query, parameters | {"limit": deployment_lives.MAX_DEPLOYMENTS + 1})
    deployment_lives.check_number(len(rows))
    return {key: Served(*map(int, sums)) for key, *sums in rows}


async def served_by_bucket(
    snapshot: Snapshot, account_id: UUID, range: Range, edges: list[datetime], keys: Sequence[str] | None
) -> dict[int, Served]:
    """What the deployments of those keys, or all, served from each edge to the next, by the number of the edge, from 0."""
    usage, parameters = _usage(snapshot, account_id, range, edges)
    condition = "" if keys is None else "WHERE deployment = ANY(%(keys)s::text[])"
    query = f"{usage} SELECT width_bucket(time, %(edges)s::timestamptz[]), {SUMS} FROM usage {condition} GROUP BY 1"
    rows = await snapshot.rows(query, {**parameters, "edges": edges, "keys": [*(keys or ())]})
    return {bucket - 1: Served(*map(int, sums)) for bucket, *sums in rows}


async def busy_quarters(snapshot: Snapshot, account_id: UUID, range: Range, keys: Sequence[str]) -> dict[str, list[int]]:
    """By key, the quarter-hours that the range touches in which a request was served: their starts, microseconds since 1970, ascending."""
    if snapshot.as_of is not None:
        return await _busy_then(snapshot, account_id, range, keys)
    rows = await snapshot.rows(
        """SELECT deployment, array_agg(extract(epoch FROM time)::int8) FROM {deployment_buckets}
        WHERE account_id = %(account)s AND deployment = ANY(%(keys)s::text[]) AND grain = 900 AND time >= %(start)s AND time < %(end)s
        GROUP BY deployment""",
        {"account": account_id, "keys": [*keys], "start": calendar.floor(range.start, QUARTER), "end": range.end},
    )
    return {key: sorted(second * SECOND for second in seconds) for key, seconds in rows}


async def _busy_then(snapshot: Snapshot, account_id: UUID, range: Range, keys: Sequence[str]) -> dict[str, list[int]]:
    """The same, where buckets may have changed since."""
    quarters = Segment(QUARTER, calendar.floor(range.start, QUARTER), calendar.ceiling(range.end, QUARTER))
    parameters = covering_parameters(account_id, [quarters])
    query = f"""WITH {_rows(snapshot.as_of, edges=False)},
        busy AS (
            SELECT deployment, date_bin('15 minutes', time, 'epoch') AS quarter FROM usage
            WHERE deployment = ANY(%(keys)s::text[]) GROUP BY 1, 2 HAVING sum(requests) > 0
        )
        SELECT deployment, array_agg(extract(epoch FROM quarter)::int8) FROM busy GROUP BY deployment"""
    rows = await snapshot.rows(query, {**parameters, "keys": [*keys], "as_of": snapshot.as_of})
    return {key: sorted(second * SECOND for second in seconds) for key, seconds in rows}


def _usage(snapshot: Snapshot, account_id: UUID, range: Range, edges: list[datetime]) -> tuple[str, dict[str, Any]]:
    """The rows that cover the range, as the common table expression `usage`, none of them across an edge; and its parameters."""
    covering = segments(range.start, range.end, edges)
    cut = any(each.grain is None for each in covering)
    return f"WITH {_rows(snapshot.as_of, edges=cut)}", {**covering_parameters(account_id, covering), "as_of": snapshot.as_of}


def _rows(as_of: int | None, *, edges: bool) -> str:
    """Those rows, with what they are made of: single requests at the edges, and where buckets have changed since `as_of`."""
    rows = f"SELECT {KEPT} FROM {within('{deployment_buckets}', WITHIN_BUCKETS)}"
    if edges:
        rows += f" UNION ALL SELECT {_single()} FROM {within(requests_as_of(as_of), WITHIN_HISTORY)}"
    if as_of is None:
        return f"{SEGMENT}, usage AS ({rows})"
    rows += f" UNION ALL SELECT {_single()} FROM {went(COUNTS)} UNION ALL SELECT {_single('-')} FROM {came(COUNTS)}"
    return f"{SEGMENT}, {changed_since('deployment_buckets', COUNTS)}, usage AS ({rows})"


def _single(sign: str = "") -> str:
    """Of a request what a bucket counts, or with the sign what is taken from it."""
    return f"occurred_at, deployment, {', '.join(sign + value for value in COUNTED)}"


SUMS = ", ".join(f"sum({name})" for name in Served._fields)
KEPT = "time, deployment, requests, tokens, estimated, unknown_tokens"
COUNTED = ("1", "coalesce(total_tokens, 0)", "(usage_source = 'estimated')::int", "(input IS NULL AND output IS NULL)::int")
COUNTS = "fact.channel = 'deployment' AND fact.deployment IS NOT NULL AND NOT fact.voided"
WITHIN_HISTORY = (
    "segment.grain = 0 AND fact.account_id = %(account)s AND fact.occurred_at >= segment.starts AND fact.occurred_at < segment.ends"
    f" AND {COUNTS}"
)

"""What has changed since a position: the requests by which buckets differ from what they were then.

Sums can be taken back, so a bucket of then is the bucket of now, without the requests that have come to be as they are since, and with
those that were something else then. Only quarter-hours that something has changed in are looked into: a bucket knows the position of the
last event that changed it, and so does the hour and the day that it lies in.
"""

from itertools import pairwise

from domain.calendar import DAY, HOUR, QUARTER

GRAINS = [int(grain.total_seconds()) for grain in (DAY, HOUR, QUARTER)]


def changed_since(buckets: str, counts: str) -> str:
    """Common table expressions to follow SEGMENT: what `came` and `went` need.

    `buckets` is the table, `counts` the condition for a row of history, as `fact`, to be in it. Takes `account` and `as_of`.
    """
    finer = [
        f"""changed_{fine} AS (
            SELECT grain, time FROM changed_{coarse} WHERE grain < {coarse}
            UNION ALL
            SELECT DISTINCT fact.grain, fact.time FROM changed_{coarse} AS wide CROSS JOIN LATERAL (
                {_changed(buckets, f"{fine}", "wide.time", f"wide.time + {coarse} * interval '1 second'")}
            ) AS fact WHERE wide.grain = {coarse}
        )"""
        for coarse, fine in pairwise(GRAINS)
    ]
    return f"""
        changed_{GRAINS[0]} AS (
            SELECT DISTINCT fact.grain, fact.time FROM segment CROSS JOIN LATERAL (
                {_changed(buckets, "segment.grain", "segment.starts", "segment.ends")}
            ) AS fact
        ),
        {", ".join(finer)},
        quarter AS (
            SELECT time FROM changed_{GRAINS[-1]} UNION SELECT date_bin('15 minutes', occurred_at, 'epoch') FROM {went(counts)}
        )"""


def went(counts: str) -> str:
    """Rows of history, as `fact`, that were in the buckets of the segments then and are something else now."""
    return f"""segment CROSS JOIN LATERAL (
                SELECT * FROM {{history_past}} AS fact
                WHERE segment.grain > 0 AND fact.account_id = %(account)s AND fact.occurred_at >= segment.starts
                    AND fact.occurred_at < segment.ends AND fact.since <= %(as_of)s AND fact.until > %(as_of)s AND {counts} OFFSET 0
            ) AS fact"""


def came(counts: str) -> str:
    """Rows of history, as `fact`, that are in the buckets of the segments now and were not so then."""
    return f"""quarter CROSS JOIN LATERAL (
                SELECT * FROM {{history}} AS fact
                WHERE fact.account_id = %(account)s AND fact.occurred_at >= quarter.time
                    AND fact.occurred_at < quarter.time + interval '15 minutes' AND fact.since > %(as_of)s AND {counts} OFFSET 0
            ) AS fact"""


def _changed(buckets: str, grain: str, start: str, end: str) -> str:
    """OFFSET 0 keeps the planner from comparing all rows of a grain with all stretches."""
    return f"""SELECT * FROM {{{buckets}}} AS fact
                WHERE fact.account_id = %(account)s AND fact.grain = {grain} AND fact.time >= {start} AND fact.time < {end}
                    AND fact.position > %(as_of)s OFFSET 0"""

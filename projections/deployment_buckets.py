"""Deployment buckets: quarter-hours, with hours and days beside them, of the requests that deployments served.

A bucket is one deployment in one stretch of time. One without requests does not exist: a quarter-hour that does was busy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import Cursor

from domain.calendar import QUARTER
from domain.events import EPOCH, MICROSECOND, RequestCompleted
from domain.quantities import tokens
from projections.grains import at_every_grain
from projections.read_model import Recorded, Tables, columns

CREATE = (
    """
    CREATE TABLE {deployment_buckets} (
        account_id uuid NOT NULL,
        grain integer NOT NULL, -- seconds
        time timestamptz NOT NULL,
        deployment text COLLATE "C" NOT NULL, -- its key
        requests bigint NOT NULL,
        tokens numeric NOT NULL,
        estimated bigint NOT NULL,
        unknown_tokens bigint NOT NULL,
        position bigint NOT NULL, -- of the last event that changed it
        PRIMARY KEY (account_id, grain, time, deployment)
    ) WITH (fillfactor = 80)""",
    # In which quarter-hours a deployment was busy, one deployment after the other.
    "CREATE INDEX ON {deployment_buckets} (account_id, deployment, time) WHERE grain = 900",
)

CHANNEL = "deployment"
Key = tuple[bytes, int, str]  # account, start in microseconds since 1970, deployment


@dataclass(slots=True)
class Delta:
    """What a batch adds to one bucket; less than nothing where requests are taken back."""

    requests: int = 0
    tokens: int = 0
    estimated: int = 0
    unknown_tokens: int = 0
    position: int = 0

    def add(self, other: "Delta") -> None:
        """Add what another delta of the same deployment has."""
        self.requests += other.requests
        self.tokens += other.tokens
        self.estimated += other.estimated
        self.unknown_tokens += other.unknown_tokens
        self.position = max(self.position, other.position)


Change = dict[timedelta, dict[Key, Delta]]
"""What a batch adds, at each grain."""


def prepare(added: Iterable[Recorded], taken: Iterable[Recorded] = ()) -> Change:
    """Sum up the requests of deployments: those that come in, less those as they stood before a change."""
    quarters: dict[Key, Delta] = {}
    fold(quarters, added)
    fold(quarters, taken, -1)
    return change(quarters)


def change(quarters: dict[Key, Delta]) -> Change:
    """The same at every grain."""
    return at_every_grain(quarters, Delta)


def apply(cursor: Cursor[Any], tables: Tables, change: Change, *, shrinks: bool = False) -> None:
    """Add the sums to their buckets. What `shrinks` may leave buckets without a request: they go."""
    for grain, deltas in change.items():
        if not deltas:
            continue
        keys = sorted(deltas)
        names = [_name(key, int(grain.total_seconds())) for key in keys]
        rows = [(*name, *_sums(deltas[key])) for name, key in zip(names, keys, strict=True)]
        cursor.execute(tables.sql(ADD), columns(rows), prepare=True)
        if shrinks:
            cursor.execute(tables.sql(DROP_EMPTY), columns(names), prepare=True)


def fold(quarters: dict[Key, Delta], batch: Iterable[Recorded], sign: int = 1) -> None:
    """Add what the batch has to each quarter-hour, or with the sign -1 take it away."""
    width = QUARTER // MICROSECOND
    for position, _, account, event, *_ in batch:
        if not isinstance(event, RequestCompleted) or event.channel != CHANNEL or event.deployment is None:
            continue
        delta = quarters.setdefault((account, event.occurred_at - event.occurred_at % width, event.deployment), Delta())
        input, output = tokens(event.input), tokens(event.output)
        delta.requests += sign
        delta.tokens += sign * ((input or 0) + (output or 0))
        delta.estimated += sign * (event.usage_source == "estimated")
        delta.unknown_tokens += sign * (input is None and output is None)
        delta.position = max(delta.position, position)


def _name(key: Key, grain: int) -> tuple[Any, ...]:
    account, start, deployment = key
    return UUID(bytes=account), grain, EPOCH + start * MICROSECOND, deployment


def _sums(delta: Delta) -> tuple[Any, ...]:
    return delta.requests, Decimal(delta.tokens), delta.estimated, delta.unknown_tokens, delta.position


ADD = """
    INSERT INTO {deployment_buckets} AS bucket
    SELECT * FROM unnest(%b::uuid[], %b::int4[], %b::timestamptz[], %b::text[], %b::int8[], %b::numeric[], %b::int8[], %b::int8[],
                         %b::int8[])
    ON CONFLICT (account_id, grain, time, deployment) DO UPDATE SET
        requests = bucket.requests + excluded.requests,
        tokens = bucket.tokens + excluded.tokens,
        estimated = bucket.estimated + excluded.estimated,
        unknown_tokens = bucket.unknown_tokens + excluded.unknown_tokens,
        position = greatest(bucket.position, excluded.position)"""
DROP_EMPTY = """
    DELETE FROM {deployment_buckets} AS bucket
    USING unnest(%b::uuid[], %b::int4[], %b::timestamptz[], %b::text[]) AS emptied (account_id, grain, time, deployment)
    WHERE (bucket.account_id, bucket.grain, bucket.time, bucket.deployment)
        = (emptied.account_id, emptied.grain, emptied.time, emptied.deployment) AND requests = 0"""

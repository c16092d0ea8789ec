"""Deployments as they were known at a position: the lives that more was told of since are read again, from what was told by then."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.deployment_events import DeploymentEvent
from domain.lifecycle import Life, fold
from projections.deployments import OF_RANK
from projections.reckoning import reckoned
from projections.snapshot import Snapshot

MAX_EVENTS_READ_AGAIN = 200_000  # of one account, by one answer of the past


class TooManyEventsError(ValueError):
    """Raised when more than MAX_EVENTS_READ_AGAIN events would have to be read for an answer of the past."""


Past = tuple[int, Life]
"""The first instant that anything was told of, and the life."""


async def lives_then(snapshot: Snapshot, account_id: UUID, keys: Sequence[str] | None = None) -> dict[str, Past]:
    """Of the deployments of those keys, or all, those that more was told of after `snapshot.as_of`, by key; none that nobody knew then.

    Raises TooManyEventsError.
    """
    parameters = {"account": account_id, "as_of": snapshot.as_of, "keys": None if keys is None else [*keys]}
    rows = await snapshot.rows(EVENTS, parameters | {"limit": MAX_EVENTS_READ_AGAIN + 1})
    if len(rows) > MAX_EVENTS_READ_AGAIN:
        raise TooManyEventsError(
            f"lives of deployments that more was told of since have more than {MAX_EVENTS_READ_AGAIN:,} events (MAX_EVENTS_READ_AGAIN):"
            " ask as of a later position"
        )
    return await reckoned(len(rows), lambda: _lives(rows))


def _lives(rows: Sequence[tuple[Any, ...]]) -> dict[str, Past]:
    told: defaultdict[str, list[DeploymentEvent]] = defaultdict(list)
    for deployment, rank, source, event_id, occurred_at, *described in rows:
        told[deployment].append(OF_RANK[rank]("", source, event_id, occurred_at, deployment, *described))  # a life needs no account
    return {key: (min(event.occurred_at for event in events), fold(events)) for key, events in told.items()}


EVENTS = """
    SELECT deployment, rank, source, event_id, occurred_at, event.gpus, event.name, event.kind, event.model, event.gpu_type
    FROM {deployments} AS known JOIN {deployment_events} AS event USING (account_id, deployment)
    WHERE account_id = %(account)s AND known.position > %(as_of)s AND event.position <= %(as_of)s
        AND (%(keys)s::text[] IS NULL OR deployment = ANY(%(keys)s::text[]))
    LIMIT %(limit)s"""

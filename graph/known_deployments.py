"""What is known of the deployments that an operation names here and there: all that it asks for at a time is one query."""

import asyncio
from collections import defaultdict
from uuid import UUID

from graph.context import Context
from projections.deployment_lives import Deployment, of_keys
from projections.snapshot import Snapshot

Named = tuple[UUID, str]
"""Account and key."""


async def known_deployment(context: Context, snapshot: Snapshot | None, account_id: UUID, key: str) -> Deployment:
    """What is known of the deployment in `snapshot`, or the operation's own.

    The caller has seen to it that the account is within the viewer's reach.
    """

    async def load(names: list[Named]) -> list[Deployment]:
        read = snapshot or await context.snapshot()
        keys: dict[UUID, set[str]] = defaultdict(set)
        for owner, named in names:
            keys[owner].add(named)
        known = await asyncio.gather(*(of_keys(read, owner, sorted(some)) for owner, some in keys.items()))
        found = dict(zip(keys, known, strict=True))
        return [found[owner][named] for owner, named in names]

    return await context.loader((Deployment, snapshot), load).load((account_id, key))

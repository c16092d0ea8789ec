"""What is known of the deployments that an operation names here and there: all that it asks for at a time is one query."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from strawberry.dataloader import DataLoader

from graph.context import Context
from projections.deployment_lives import Deployment, of_keys
from projections.snapshot import Snapshot

Named = tuple[UUID, str]
"""Account and key."""


async def known_deployment(context: Context, snapshot: Snapshot | None, account_id: UUID, key: str) -> Deployment:
    """What is known of the deployment in `snapshot`, or the operation's own.

    The caller has seen to it that the account is within the viewer's reach.
    """
    loader = context.loaders.get((Deployment, snapshot))
    if loader is None:
        loader = context.loaders[Deployment, snapshot] = _loader(context, snapshot)
    return await loader.load((account_id, key))


def _loader(context: Context, within: Snapshot | None) -> DataLoader[Any, Any]:
    """Nothing is kept: after a change that the operation makes, there is more to read."""

    async def load(names: Sequence[Named]) -> list[Deployment]:
        snapshot = within or await context.snapshot()
        found: dict[Named, Deployment] = {}
        for account_id in {account_id for account_id, _ in names}:
            keys = sorted({key for account, key in names if account == account_id})
            known = await of_keys(snapshot, account_id, keys)
            found |= {(account_id, key): each for key, each in known.items()}
        return [found[name] for name in names]

    return DataLoader(load, cache=False)

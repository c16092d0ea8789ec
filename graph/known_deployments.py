"""What is known of the deployments that an operation names here and there: all that it asks for at a time is one query."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from strawberry.dataloader import DataLoader

from graph.context import Context
from projections.deployment_lives import Deployment, of_keys

Named = tuple[UUID, str]
"""Account and key."""


async def known_deployment(context: Context, account_id: UUID, key: str) -> Deployment:
    """What is known of the deployment. The caller has seen to it that the account is within the viewer's reach."""
    loader = context.loaders.get(Deployment)
    if loader is None:
        loader = context.loaders[Deployment] = _loader(context)
    return await loader.load((account_id, key))


def _loader(context: Context) -> DataLoader[Any, Any]:
    """Nothing is kept: after a change that the operation makes, there is more to read."""

    async def load(names: Sequence[Named]) -> list[Deployment]:
        snapshot = await context.snapshot()
        found: dict[Named, Deployment] = {}
        for account_id in {account_id for account_id, _ in names}:
            keys = sorted({key for account, key in names if account == account_id})
            known = await of_keys(snapshot, account_id, keys)
            found |= {(account_id, key): each for key, each in known.items()}
        return [found[name] for name in names]

    return DataLoader(load, cache=False)

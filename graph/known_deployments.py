"""What is known of the deployments that an operation names here and there: all that it asks for at a time is one query."""

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
        found: dict[Named, Deployment] = {}
        for account in {account for account, _ in names}:
            keys = sorted({key for owner, key in names if owner == account})
            known = await of_keys(read, account, keys)
            found |= {(account, key): each for key, each in known.items()}
        return [found[name] for name in names]

    return await context.loader((Deployment, snapshot), load).load((account_id, key))

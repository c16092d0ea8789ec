"""Deployments, as far as requests make them known."""

from uuid import UUID

import strawberry

from graph.node import Kind, global_id, name_of_kind


@strawberry.type(description="A deployment of the account's own, which serves requests on GPUs allocated to it.")
class Deployment:
    id: strawberry.ID = strawberry.field(description="The id: what the filter of history by deployment takes, beside the key.")
    key: str = strawberry.field(description="The deployment's key, as it was reported.")


def deployment(account_id: UUID, key: str | None) -> Deployment | None:
    """The account's deployment of that key; null where there is none."""
    return None if key is None else Deployment(id=global_id(Kind.DEPLOYMENT, account_id.bytes + key.encode()), key=key)


def key_within(account_id: UUID, id_or_key: str) -> str | None:
    """The key that an id or a key stands for within the account; null for an id of another account's."""
    name = name_of_kind(id_or_key, Kind.DEPLOYMENT)
    if name is None:
        return id_or_key
    return name[16:].decode(errors="replace") if name[:16] == account_id.bytes else None

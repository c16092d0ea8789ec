"""Deployments and fine-tunings: what each is, and what was reported of it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

import strawberry

from domain import lifecycle
from domain.deployment_events import MICRO
from graph import deployment_reports
from graph.context import Context, Info
from graph.deployment_reports import Contradiction
from graph.event_log import Event
from graph.inputs import After, First, given
from graph.known_deployments import known_deployment
from graph.node import Kind, Node, global_id, name_of_kind
from graph.paging import Connection
from projections import deployment_lives
from projections.snapshot import Snapshot

T = TypeVar("T")


@strawberry.enum(description="What a deployment is for.")
class DeploymentType(Enum):
    DEPLOYMENT = strawberry.enum_value("deployment", description="It serves requests.")
    FINE_TUNING = strawberry.enum_value("fine_tuning", description="It makes a model, and is done then.")


@strawberry.enum(description="What a deployment does.")
class DeploymentStatus(Enum):
    PENDING = strawberry.enum_value("pending", description="It exists, and has not run yet.")
    RUNNING = strawberry.enum_value("running", description="GPUs are allocated to it.")
    STOPPED = strawberry.enum_value("stopped", description="It has no GPUs. It may start again.")
    SUCCEEDED = strawberry.enum_value("succeeded", description="It has ended for good, as it should.")
    FAILED = strawberry.enum_value("failed", description="It has ended for good, and not as it should.")


TYPES = {lifecycle.DEPLOYMENT: DeploymentType.DEPLOYMENT, lifecycle.FINE_TUNING: DeploymentType.FINE_TUNING}


def _told(read: Callable[[deployment_lives.Deployment], Any], type: object, description: str) -> Any:
    """A field that is read from what is known of the deployment: at hand where it stands in a table, loaded with all others elsewhere."""

    def resolve(self: "Deployment", info: Info) -> Any:
        return read(self.known) if self.known is not None else self.loaded(info.context, read)

    return strawberry.field(resolver=resolve, graphql_type=type, description=description)


@strawberry.type(
    description="A deployment of the account's own, which serves requests on GPUs allocated to it, or a fine-tuning. It is shown as it is"
    " now, which is `completeThrough`. What is null was not told, or has not happened."
)
class Deployment(Node):
    key: str = strawberry.field(description="The deployment's key, as it was reported: its name in events.")
    name: str = _told(lambda known: known.name, str, "Its name; its key where none was told.")
    type: DeploymentType = _told(lambda known: TYPES[known.kind], DeploymentType, "What it is for; DEPLOYMENT where that was not told.")
    model: str | None = _told(lambda known: known.model, str | None, "The model that it serves or makes.")
    status: DeploymentStatus = _told(lambda known: DeploymentStatus[known.status.name], DeploymentStatus, "What it does now.")
    gpu_type: str | None = _told(lambda known: known.gpu_type, str | None, "The type of its GPUs, which decides their price.")
    gpus: Decimal | None = _told(lambda known: _gpus(known.gpus), Decimal | None, "How many GPUs its creation tells; parts of one, too.")
    allocated_gpus: Decimal | None = _told(
        lambda known: _gpus(known.allocated_gpus),
        Decimal | None,
        "How many GPUs it has now: 0 unless it runs; null where nobody told.",
    )
    created_at: datetime | None = _told(lambda known: known.created_at, datetime | None, "When it was created.")
    started_at: datetime | None = _told(lambda known: known.started_at, datetime | None, "When it ran first.")
    stopped_at: datetime | None = _told(
        lambda known: known.stopped_at, datetime | None, "Since when it has not run any more; null before, and when it runs again."
    )
    account_id: strawberry.Private[UUID]
    known: strawberry.Private[deployment_lives.Deployment | None]
    snapshot: strawberry.Private[Snapshot | None] = None  # in which it is looked up; null: the operation's own

    @strawberry.field(description="Everything that was reported of it, in the order in which it happened.")
    async def events(self, info: Info, first: First = 50, after: After = strawberry.UNSET) -> Connection[Event]:
        return await deployment_reports.events(info, self.account_id, self.key, first, given(after))

    @strawberry.field(description="Reports of it that cannot have been so, given the others, in the order in which they are dated.")
    async def contradictions(self, info: Info, first: First = 50, after: After = strawberry.UNSET) -> Connection[Contradiction]:
        return await deployment_reports.contradictions(info, self.account_id, self.key, first, given(after))

    async def loaded(self, context: Context, read: Callable[[deployment_lives.Deployment], T]) -> T:
        """What is read from what is known of it."""
        return read(await known_deployment(context, self.snapshot, self.account_id, self.key))


def deployment(account_id: UUID, key: str | None, snapshot: Snapshot | None = None) -> Deployment | None:
    """The account's deployment of that key, of which no more is known yet; null where there is none. It is looked up in `snapshot`."""
    if key is None:
        return None
    return Deployment(id=_id(account_id, key), key=key, account_id=account_id, known=None, snapshot=snapshot)


def known(account_id: UUID, deployment: deployment_lives.Deployment) -> Deployment:
    """The account's deployment, as it is known."""
    return Deployment(id=_id(account_id, deployment.key), key=deployment.key, account_id=account_id, known=deployment)


async def deployment_by_name(info: Info, name: bytes) -> Deployment | None:
    """The deployment with that global name, where the viewer reaches it and something was told of it."""
    account_id, key = UUID(bytes=name[:16]), _key(name)
    if key is None or not info.context.viewer.reaches(account_id):
        return None
    found = await deployment_lives.one(await info.context.snapshot(), account_id, key)
    return None if found is None else known(account_id, found)


def key_within(account_id: UUID, id_or_key: str) -> str | None:
    """The key that an id or a key stands for within the account; null for an id of another account's."""
    name = name_of_kind(id_or_key, Kind.DEPLOYMENT)
    if name is None:
        return id_or_key
    return _key(name) if name[:16] == account_id.bytes else None


def _key(name: bytes) -> str | None:
    """The key in a global name; null where it is none that could have been reported."""
    try:
        key = name[16:].decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in key else key


def _id(account_id: UUID, key: str) -> strawberry.ID:
    return global_id(Kind.DEPLOYMENT, account_id.bytes + key.encode())


def _gpus(micro: int | None) -> Decimal | None:
    return None if micro is None else Decimal(micro) / MICRO

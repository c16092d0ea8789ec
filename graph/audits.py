"""Audits: whether the figures are what the log says, what differs, and how far such a proof is."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from domain.access import Scope
from graph.context import Context, Info
from graph.cursors import Cursors, Key, Listing
from graph.desks import followed, jobs_of
from graph.inputs import After, First, given
from graph.node import Kind, Node, global_id, name_of_kind
from graph.pages import fetched
from graph.paging import Connection, page_of
from graph.period import Period
from graph.scalars import BigInt, Position
from jobs.audit_states import AuditState
from jobs.job import JobStatus
from jobs.links import Linked, download_path
from projections.audit_differences import Difference


@strawberry.enum(description="How far an audit is, and what came of it.")
class AuditStatus(Enum):
    PENDING = strawberry.enum_value("pending", description="It waits for a worker.")
    RUNNING = strawberry.enum_value("running", description="The log is being replayed and compared.")
    MATCHED = strawberry.enum_value("matched", description="Every figure is what the log says.")
    DIFFERENT = strawberry.enum_value("different", description="Some figures are not what the log says; `differences` names them.")
    FAILED = strawberry.enum_value("failed", description="It came to no verdict; `error` says why.")
    CANCELLED = strawberry.enum_value("cancelled", description="Somebody has cancelled it.")


@strawberry.type(description="One figure of one row that is not what the log says.")
class AuditDifference:
    read_model: str = strawberry.field(description='Where the figure stands, such as "router_buckets".')
    key: str = strawberry.field(description="Which row: its key, as JSON.")
    field: str = strawberry.field(description='Which figure of the row; "row" where the whole row is on one side alone.')
    replayed: str | None = strawberry.field(
        description="What the log says; null where it says that there is no such row, or that the figure is unknown."
    )
    materialised: str | None = strawberry.field(
        description="What is shown in answers; null where there is no such row, or the figure is unknown."
    )


@strawberry.type(description="The log replayed from its first event, compared figure by figure with what the read models say.")
class Audit(Node):
    status: AuditStatus = strawberry.field(description="How far it is, and what came of it.")
    progress: float = strawberry.field(description="From 0 to 1: the part of the log that is replayed. A new attempt begins again.")
    range: Period = strawberry.field(description="The time whose figures are audited.")
    events_replayed: BigInt = strawberry.field(
        description="How many events were replayed, the account's and the platform's, such as prices; 0 until there is a verdict."
    )
    position: Position | None = strawberry.field(description="The place in the log that the digest is of; null until there is a verdict.")
    digest: str | None = strawberry.field(
        description="SHA-256 over the replayed figures, in hexadecimal: the same log gives the same digest, always."
        " Null until there is a verdict."
    )
    difference_count: BigInt | None = strawberry.field(
        description="How many figures are not what the log says; null until there is a verdict."
    )
    error: str | None = strawberry.field(description="Why it failed; null where it has not.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    completed_at: datetime | None = strawberry.field(description="When it came to its verdict.")
    state: strawberry.Private[AuditState]

    @strawberry.field(
        description="The figures that are not what the log says, in the order of read models, keys and fields."
        " There are none until there is a verdict."
    )
    async def differences(self, info: Info, first: First = 50, after: After = strawberry.UNSET) -> Connection[AuditDifference]:
        return await differences_of(info, self.state, first, given(after))

    @strawberry.field(
        description="Where to download verdict and differences as JSON: signed, made when asked for, and good for ten minutes."
        " Null until there is a verdict."
    )
    def download_url(self, info: Info) -> str | None:
        state, services = self.state, info.context.services
        if state.status is not JobStatus.COMPLETED:
            return None
        link = Linked.AUDIT, services.seal, state.id, state.account_id
        return services.public_url + download_path(*link, file_name=state.file_name, now=services.clock())


def to_audit(context: Context, state: AuditState) -> Audit:
    """The audit as the answer shows it."""
    return Audit(
        id=global_id(Kind.AUDIT, state.id.bytes),
        state=state,
        status=AuditStatus[state.verdict],
        progress=state.progress,
        range=Period(from_=state.period_from, to=state.period_to),
        events_replayed=state.events or 0,
        position=None if state.position is None else context.sealed(state.position),
        digest=state.digest,
        difference_count=state.differences,
        error=state.error,
        created_at=state.created_at,
        completed_at=state.completed_at,
    )


AuditId = Annotated[strawberry.ID, strawberry.argument(description="The audit's id.")]
NO_AUDIT = "There is no such audit: give the id of one that you see."


async def audit_by_id(info: Info, id: AuditId) -> Audit | None:
    """Null where it is not there or not the viewer's."""
    info.context.require(Scope.BILLING, "audit")
    name = name_of_kind(id, Kind.AUDIT)
    return None if name is None else await audit_by_name(info, name)


async def audit_by_name(info: Info, name: bytes) -> Audit | None:
    """The audit with this name of 16 bytes; null where it is not there or not the viewer's."""
    context = info.context
    context.require(Scope.BILLING, "an audit")
    state = await context.services.audits.get(UUID(bytes=name), context.viewer.account_id)
    return None if state is None else to_audit(context, state)


async def audits_of(info: Info, account_id: UUID, first: int, after: str | None) -> Connection[Audit]:
    """A page of the account's audits, newest first."""
    context = info.context
    asked = (info, context.services.audits, account_id, "audits")
    return await jobs_of(*asked, first=first, after=after, node=lambda state: to_audit(context, state))


async def audit_updated(info: Info, id: AuditId) -> AsyncGenerator[Audit, None]:
    """Raises NotFoundError where it is not there or not the viewer's."""
    context = info.context
    context.require(Scope.BILLING, "auditUpdated")
    async with aclosing(followed(info, context.services.audits, name_of_kind(id, Kind.AUDIT), NO_AUDIT)) as states:
        async for state in states:
            yield to_audit(context, state)


async def differences_of(info: Info, state: AuditState, first: int, after: str | None) -> Connection[AuditDifference]:
    """A page of what it has found. Audits that are asked at the same moment are asked together."""
    services = info.context.services
    loader = info.context.loader(AuditDifference, services.audits.differences_of_each)
    cursors = Cursors(services.seal, Listing(state.account_id.bytes, "audit differences", state.id.bytes, ""))
    page = page_of(cursors, first=first, after=after)
    start = 0 if page.start is None else page.start[0]
    rows = await fetched(info, page, lambda: loader.load((state, page.limit, start)))

    async def count() -> int:
        return state.differences or 0

    return Connection[AuditDifference].of(rows, page, cursors, key=_key, node=_difference, count=count)


def _key(row: Difference) -> Key:
    return (row.number,)


def _difference(row: Difference) -> AuditDifference:
    return AuditDifference(read_model=row.read_model, key=row.key, field=row.field, replayed=row.replayed, materialised=row.materialised)

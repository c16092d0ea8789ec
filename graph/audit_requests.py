"""Asking for an audit, and cancelling one."""

from typing import Annotated

import strawberry

from domain.access import Scope
from graph.audits import NO_AUDIT, Audit, AuditId, to_audit
from graph.context import Context, Info
from graph.desks import NO_ACCOUNT, asked, cancelled, refusal
from graph.errors import BadInputError
from graph.inputs import TimeRange, given
from graph.node import Kind, name_of_kind
from graph.reach import Reached, account_by_id
from graph.scalars import Position
from graph.user_error import UserError
from jobs.audit_request import AuditRequest
from jobs.audit_states import AuditState
from ledger.position import PositionUnknownError, opened
from projections import directory


@strawberry.type(description="The audit, or why there is none.")
class AuditPayload:
    audit: Audit | None = strawberry.field(description="The audit as it is now; null where there is none.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where nothing was.")


@strawberry.input(description="Which figures to prove.")
class StartAuditInput:
    account_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Whose figures; those of the viewer's own account where absent."
    )
    range: TimeRange = strawberry.field(description="The time whose figures are audited, [from, to).")
    up_to: Position | None = strawberry.field(
        default=strawberry.UNSET,
        description="The place in the log that the digest is to be of, as an answer gave it; where the read models are where absent."
        " Figures are compared as they are now, either way.",
    )


async def start_audit(info: Info, input: Annotated[StartAuditInput, strawberry.argument(description="What to audit.")]) -> AuditPayload:
    """Answers at once: the audit is made apart."""
    context = info.context
    context.require(Scope.BILLING, "startAudit")
    account = await account_by_id(context, given(input.account_id))
    if account is None:
        return AuditPayload(audit=None, errors=refusal("NOT_FOUND", NO_ACCOUNT, ["input", "accountId"]))
    return _payload(context, *await asked(_ask(context, input, account), "LIMIT_UNFINISHED_AUDITS"))


async def cancel_audit(info: Info, id: AuditId) -> AuditPayload:
    """The worker that makes it stops within a second."""
    context = info.context
    context.require(Scope.BILLING, "cancelAudit")
    name = name_of_kind(id, Kind.AUDIT)
    return _payload(context, *await cancelled(info, context.services.audits, name, missing=NO_AUDIT, finished="AUDIT_FINISHED"))


async def _ask(context: Context, input: StartAuditInput, account: Reached) -> AuditState:
    return await context.services.audits.request(await _request(context, input, account))


async def _request(context: Context, input: StartAuditInput, account: Reached) -> AuditRequest:
    period = input.range.checked("input", "range")
    up_to = given(input.up_to)
    return AuditRequest(account.id, account.key, period.start, period.end, None if up_to is None else await _position(context, up_to))


async def _position(context: Context, up_to: str) -> int:
    """Raises BadInputError where the service has not given it out, or the log does not go so far."""
    services, field = context.services, ("input", "upTo")
    try:
        cell, position = opened(up_to, services.seal)
    except PositionUnknownError as error:
        raise BadInputError(f"upTo: {error}.", field=field) from None
    snapshot = await context.snapshot()
    head, _ = await directory.read_models(snapshot)
    # A standby may be a moment behind what a receipt has told.
    if cell != snapshot.cell or (position > head and not await services.snapshots.wait_for(position, services.at_least_seconds)):
        raise BadInputError("upTo is ahead of the log: pass on a position that this service has given out.", field=field)
    return position


def _payload(context: Context, state: AuditState | None, errors: list[UserError]) -> AuditPayload:
    return AuditPayload(audit=None if state is None else to_audit(context, state), errors=errors)

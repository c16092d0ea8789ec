"""Asking for an audit, and cancelling one."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.access import Scope
from graph.audits import NO_AUDIT, Audit, AuditId, to_audit
from graph.context import Context, Info
from graph.errors import ApiError, BadInputError
from graph.inputs import TimeRange, given
from graph.node import Kind, name_of_kind
from graph.reach import Reached, account_by_id
from graph.scalars import Position
from graph.user_error import UserError, user_error
from jobs.audit_request import AuditRequest
from jobs.errors import InvalidRequestError, JobFinishedError, JobNotFoundError, TooManyJobsError
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
        message = "There is no such account: give the id of one that you see, or none for your own."
        return _refused("NOT_FOUND", message, ["input", "accountId"])
    try:
        state = await context.services.audits.request(await _request(context, input, account))
    except ApiError as error:
        return AuditPayload(audit=None, errors=[user_error(error)])
    except InvalidRequestError as error:
        return _refused("BAD_INPUT", str(error), ["input", error.field])
    except TooManyJobsError as error:
        return _refused("LIMIT_UNFINISHED_AUDITS", str(error))
    return AuditPayload(audit=to_audit(context, state), errors=[])


async def cancel_audit(info: Info, id: AuditId) -> AuditPayload:
    """The worker that makes it stops within a second."""
    context = info.context
    context.require(Scope.BILLING, "cancelAudit")
    desk, account_id = context.services.audits, context.viewer.account_id
    name = name_of_kind(id, Kind.AUDIT)
    if name is None:
        return _refused("NOT_FOUND", NO_AUDIT, ["id"])
    try:
        state = await desk.cancel(UUID(bytes=name), account_id)
    except JobNotFoundError:
        return _refused("NOT_FOUND", NO_AUDIT, ["id"])
    except JobFinishedError as error:
        finished = await desk.get(UUID(bytes=name), account_id)
        refused = _refused("AUDIT_FINISHED", str(error), ["id"])
        return refused if finished is None else AuditPayload(audit=to_audit(context, finished), errors=refused.errors)
    return AuditPayload(audit=to_audit(context, state), errors=[])


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


def _refused(code: str, message: str, field: list[str] | None = None) -> AuditPayload:
    return AuditPayload(audit=None, errors=[UserError(code=code, message=message, field=field)])

"""Correcting a request, and voiding one."""

from typing import Annotated, Any

import strawberry

from domain.access import Scope
from domain.corrections import RequestCorrected, RequestVoided
from graph.context import Info
from graph.errors import ApiError, BadInputError
from graph.history import Request
from graph.request_changes import Change, Changed, changed
from graph.scalars import Position
from graph.usage_event_input import QuantityInput, quantities
from graph.user_error import UserError, user_error


@strawberry.input(description="What to correct of a request. Absent leaves a field as it is; null makes it unknown.")
class CorrectRequestInput:
    id: strawberry.ID = strawberry.field(description="The request's id.")
    expected_version: int = strawberry.field(description="The version that is corrected: where another one stands, nothing is changed.")
    idempotency_key: str = strawberry.field(
        description="A name for this correction, unique for ever. Trying again with the same key and content corrects once."
    )
    reason: str = strawberry.field(description="Why: it is kept beside what the request said before.")
    input: list[QuantityInput] | None = strawberry.field(
        default=strawberry.UNSET, description="What went in, whole. Null: unknown. Empty: none."
    )
    output: list[QuantityInput] | None = strawberry.field(
        default=strawberry.UNSET, description="What came out, whole. Null: unknown. Empty: none."
    )
    model: str | None = strawberry.field(default=strawberry.UNSET, description="The model that was asked for. It cannot be unknown.")
    provider: str | None = strawberry.field(default=strawberry.UNSET, description="Who served the request.")
    status_code: int | None = strawberry.field(default=strawberry.UNSET, description="The HTTP status code, from 200 to 599.")


@strawberry.input(description="Which request to void, and why.")
class VoidRequestInput:
    id: strawberry.ID = strawberry.field(description="The request's id.")
    expected_version: int = strawberry.field(description="The version that is voided: where another one stands, nothing is changed.")
    idempotency_key: str = strawberry.field(
        description="A name for this voiding, unique for ever. Trying again with the same key and content voids once."
    )
    reason: str = strawberry.field(description="Why: it is kept beside what the request said.")


@strawberry.type(description="The request as it is corrected, or why it is not.")
class CorrectRequestPayload:
    request: Request | None = strawberry.field(
        description="The request as it is now. Null where it was not corrected, where the figures do not include the correction yet,"
        " and without the scope READ."
    )
    position: Position | None = strawberry.field(description="Covers the correction: pass it on as `atLeast` to read it. Null without one.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where nothing was.")


@strawberry.type(description="The request as it is voided, or why it is not.")
class VoidRequestPayload:
    request: Request | None = strawberry.field(
        description="The request as it is now. Null where it was not voided, where the figures do not include the voiding yet,"
        " and without the scope READ."
    )
    position: Position | None = strawberry.field(description="Covers the voiding: pass it on as `atLeast` to read it. Null without one.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where nothing was.")


async def correct_request(
    info: Info, input: Annotated[CorrectRequestInput, strawberry.argument(description="What to correct.")]
) -> CorrectRequestPayload:
    """Durable when it returns."""
    info.context.require(Scope.BILLING, "correctRequest")
    try:
        done = await changed(info, _change(RequestCorrected.TOPIC, input, _changes(input)))
    except ApiError as error:
        return CorrectRequestPayload(request=None, position=None, errors=[user_error(error)])
    return CorrectRequestPayload(request=_shown(info, done), position=done.position, errors=[])


async def void_request(
    info: Info, input: Annotated[VoidRequestInput, strawberry.argument(description="What to void.")]
) -> VoidRequestPayload:
    """Durable when it returns."""
    info.context.require(Scope.BILLING, "voidRequest")
    try:
        done = await changed(info, _change(RequestVoided.TOPIC, input, {}))
    except ApiError as error:
        return VoidRequestPayload(request=None, position=None, errors=[user_error(error)])
    return VoidRequestPayload(request=_shown(info, done), position=done.position, errors=[])


def _shown(info: Info, done: Changed) -> Request | None:
    """Who may correct may not always look."""
    return done.request if info.context.viewer.may(Scope.READ) else None


def _change(topic: str, input: CorrectRequestInput | VoidRequestInput, changes: dict[str, Any]) -> Change:
    data = {**changes, "reason": input.reason}
    return Change(topic=topic, id=input.id, expected_version=input.expected_version, key=input.idempotency_key, data=data)


def _changes(input: CorrectRequestInput) -> dict[str, Any]:
    """New values by the event's names of the fields. Raises BadInputError."""
    if input.model is None:
        raise BadInputError("A request has a model: give its name, or leave it out to keep it.", field=("input", "model"))
    sides = {"input": input.input, "output": input.output}
    told = {name: side if side is strawberry.UNSET else quantities(side) for name, side in sides.items()}
    told |= {"model": input.model, "provider": input.provider, "status_code": input.status_code}
    changes = {name: value for name, value in told.items() if value is not strawberry.UNSET}
    if not changes:
        raise BadInputError("Nothing is corrected: give the fields that change, a null for what is unknown.", field=("input",))
    return changes

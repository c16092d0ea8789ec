"""Asking for an export, and cancelling one."""

from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from domain.access import Scope
from graph.context import Context, Info
from graph.desks import NO_ACCOUNT, asked, cancelled, refusal
from graph.exports import NO_EXPORT, Export, ExportFormat, to_export
from graph.inputs import UTC, TimeRange, given
from graph.node import Kind, name_of_kind
from graph.reach import Reached, account_by_id
from graph.router_inputs import Interval, RouterDimension, RouterFilter
from graph.user_error import UserError
from jobs.export_states import ExportState
from jobs.request import ExportRequest, UsageFilter


@strawberry.type(description="The export, or why there is none.")
class ExportPayload:
    export: Export | None = strawberry.field(description="The export as it is now; null where there is none.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where nothing was.")


@strawberry.input(description="Which router usage to export, and how.")
class ExportRouterUsageInput:
    account_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Whose usage; the viewer's own account where absent."
    )
    range: TimeRange = strawberry.field(description="The time that is exported, [from, to).")
    time_zone: ZoneInfo = strawberry.field(default=UTC, description="The time zone whose clock and calendar the buckets follow.")
    filter: RouterFilter | None = strawberry.field(default=strawberry.UNSET, description="Which requests count.")
    interval: Interval | None = strawberry.field(
        default=Interval.HOUR, description="The width of a bucket, each a row of the file; null for the whole range as one."
    )
    group_by: list[RouterDimension] = strawberry.field(
        default_factory=lambda: [RouterDimension.MODEL, RouterDimension.API_KEY],
        description="What buckets are told apart by, beside time; empty for time alone.",
    )
    format: ExportFormat = strawberry.field(default=ExportFormat.XLSX, description="The format of the file.")


async def export_router_usage(
    info: Info, input: Annotated[ExportRouterUsageInput, strawberry.argument(description="What to export.")]
) -> ExportPayload:
    """The file will show what the viewer could see when they asked, or later."""
    context = info.context
    context.require(Scope.READ, "exportRouterUsage")
    account = await account_by_id(context, given(input.account_id))
    if account is None:
        return ExportPayload(export=None, errors=refusal("NOT_FOUND", NO_ACCOUNT, ["input", "accountId"]))
    return _payload(context, *await asked(_ask(context, input, account), "LIMIT_UNFINISHED_EXPORTS"))


async def cancel_export(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The export's id.")]) -> ExportPayload:
    """The worker that writes the file stops within a second."""
    context = info.context
    context.require(Scope.READ, "cancelExport")
    name = name_of_kind(id, Kind.EXPORT)
    return _payload(context, *await cancelled(info, context.services.exports, name, missing=NO_EXPORT, finished="EXPORT_FINISHED"))


async def _ask(context: Context, input: ExportRouterUsageInput, account: Reached) -> ExportState:
    return await context.services.exports.request(await _request(context, input, account.id, account.key))


async def _request(context: Context, input: ExportRouterUsageInput, account_id: UUID, account_key: str) -> ExportRequest:
    period = input.range.checked("input", "range")
    state = await (await context.snapshot()).state()
    return ExportRequest(
        account_id=account_id,
        account_key=account_key,
        period_from=period.start,
        period_to=period.end,
        time_zone=input.time_zone.key,
        filter=_filter(given(input.filter)),
        interval=None if input.interval is None else input.interval.name,
        group_by=tuple(each.name for each in input.group_by),
        format=input.format.name,
        at_least=state.position,
    )


def _filter(filter: RouterFilter | None) -> UsageFilter:
    if filter is None:
        return UsageFilter()
    models, providers, api_keys = given(filter.models), given(filter.providers), given(filter.api_keys)
    return UsageFilter(
        models=None if models is None else tuple(models),
        providers=None if providers is None else tuple(providers),
        api_keys=None if api_keys is None else tuple(api_keys),
    )


def _payload(context: Context, state: ExportState | None, errors: list[UserError]) -> ExportPayload:
    return ExportPayload(export=None if state is None else to_export(context, state), errors=errors)

"""What an export holds, as somebody asked for it."""

from zoneinfo import ZoneInfo

import strawberry

from graph.context import Info
from graph.period import Period
from graph.router_inputs import Interval, RouterDimension
from jobs.export_states import ExportState
from jobs.request import ExportRequest


@strawberry.type(description="Which router usage a file holds, as it was asked for.")
class ExportContents:
    range: Period = strawberry.field(description="The time whose usage it is.")
    time_zone: ZoneInfo = strawberry.field(description="The time zone whose clock and calendar its buckets follow.")
    interval: Interval | None = strawberry.field(description="The width of a bucket; null where the whole range is one.")
    group_by: list[RouterDimension] = strawberry.field(
        description="What buckets are told apart by, beside time, each with columns of its own; empty for time alone."
    )
    models: list[str] | None = strawberry.field(description="It counts only requests to these models; null where it counts those to all.")
    providers: list[str | None] | None = strawberry.field(
        description="It counts only requests served by these providers, a null being those without one; null where it counts all."
    )
    api_keys: list[strawberry.ID | None] | None = strawberry.field(
        description="It counts only requests made with the API keys of these ids, a null being those without one; null where it counts all."
    )


async def contents_of(info: Info, state: ExportState) -> ExportContents:
    """From the log of the jobs, where it stands for ever. Exports that are asked at the same moment are asked together."""
    loader = info.context.loader(ExportContents, info.context.services.exports.requests)
    return _contents(await loader.load(state.id))


def _contents(request: ExportRequest) -> ExportContents:
    models, providers, api_keys = request.filter.models, request.filter.providers, request.filter.api_keys
    return ExportContents(
        range=Period(from_=request.period_from, to=request.period_to),
        time_zone=request.zone,
        interval=None if request.interval is None else Interval[request.interval],
        group_by=[RouterDimension[each] for each in request.group_by],
        models=None if models is None else [*models],
        providers=None if providers is None else [*providers],
        api_keys=None if api_keys is None else [None if each is None else strawberry.ID(each) for each in api_keys],
    )

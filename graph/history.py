"""History: request by request, filtered by every column, in any order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from graph.context import Info
from graph.cursors import Cursors
from graph.deployment import Deployment, deployment
from graph.drawn import drawn_requests
from graph.errors import RangeTooLargeError
from graph.event_log import Event, event
from graph.history_inputs import HistoryOrder, HistoryOrderField
from graph.inputs import Channel, Direction
from graph.listings import listing_of
from graph.node import Kind, Node, global_id
from graph.pages import fetched
from graph.paging import LongConnection, page_of
from graph.rated_lines import RatedLine, rated_lines
from graph.request_columns import columns_of
from graph.scalars import BigInt
from graph.usage_factors import ApiKey, UsageFactor, api_key, factors
from graph.views import view_of
from projections import history_pages
from projections.history_drawn import drawn_page
from projections.history_matching import HistoryOf
from projections.snapshot import Snapshot

CHANNELS = {channel.value: channel for channel in Channel}
MAX_ORDERED_RANGE = timedelta(days=31, hours=1)  # a month, also one in which the clocks go back


@strawberry.type(description="One API request that was served, or failed. What is null is unknown.")
class Request(Node):
    request_id: str = strawberry.field(description="The request's id, as its reporter gave it.")
    source: str = strawberry.field(description="Who reported it.")
    event_id: str = strawberry.field(description="The id of the event that reported it: with `source`, its name.")
    version: int = strawberry.field(description="1 as reported; each correction adds one.")
    request_type: str | None = strawberry.field(description='The kind of request, such as "chat".')
    model: str = strawberry.field(description="The model that was asked for.")
    model_version: str | None = strawberry.field(description="The version of the model.")
    provider: str | None = strawberry.field(description="Who served it.")
    technology: str | None = strawberry.field(description='The technology, such as "LLM".')
    channel: Channel = strawberry.field(description="The way in which it was served.")
    api_key: ApiKey | None = strawberry.field(description="The API key it was made with; null where it had none.")
    deployment: Deployment | None = strawberry.field(description="The deployment that served it; null where none of the account's did.")
    input_tokens: BigInt | None = strawberry.field(description="Tokens that went in.")
    output_tokens: BigInt | None = strawberry.field(description="Tokens that came out.")
    total_tokens: BigInt | None = strawberry.field(description="Tokens of the sides that are known; null where neither is.")
    input: list[UsageFactor] | None = strawberry.field(description="What went in, by category. Null is unknown, empty is none.")
    output: list[UsageFactor] | None = strawberry.field(description="What came out, by category. Null is unknown, empty is none.")
    time_to_first_token: float | None = strawberry.field(description="Milliseconds to the first token.")
    latency: float | None = strawberry.field(description="Milliseconds of the whole response.")
    gateway_latency: float | None = strawberry.field(description="Milliseconds spent in the gateway.")
    timestamp: datetime = strawberry.field(description="When it happened, by the reporter's clock.")
    status_code: int | None = strawberry.field(description="The HTTP status code.")
    error_message: str | None = strawberry.field(description="What went wrong.")
    service_tier: str | None = strawberry.field(description="The tier that it was served in, such as priority or batch.")
    fee: Decimal | None = strawberry.field(
        description="What it costs, in the account's currency; null where no price is known, and for requests that are paid by GPU time."
    )
    reported_cost: Decimal | None = strawberry.field(description="What its reporter thinks it costs: to compare with, never billed.")
    voided: bool = strawberry.field(description="Whether it was voided: it is kept, and counts in no figure.")
    row: strawberry.Private[history_pages.Request]

    @strawberry.field(description="What the log holds of it: that it was reported, corrected, voided.")
    async def events(self, info: Info) -> list[Event]:
        logged = await history_pages.events_of(await info.context.snapshot(), self.row.id)
        return [event(info.context, each) for each in logged]

    @strawberry.field(
        description="How its fee came about: each line of its input, then of its output, with the price that it took. Where all lines have"
        " a fee, theirs add up to it."
    )
    async def rated_lines(self, info: Info) -> list[RatedLine]:
        return await rated_lines(info.context, self.row)


REQUESTS = LongConnection[Request]  # which takes its time to be said


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The arguments of a connection, as they were given."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


async def requests(info: Info, snapshot: Snapshot, of: HistoryOf, order: HistoryOrder, pages: Pages) -> LongConnection[Request]:
    """A page of the requests that match, in that order. Raises RangeTooLargeError, BadInputError."""
    by = history_pages.HistoryOrderField[order.field.name]
    if order.field is not HistoryOrderField.TIMESTAMP and of.range.end - of.range.start > MAX_ORDERED_RANGE:
        raise RangeTooLargeError(
            f"history ordered by {order.field.name} takes a range of 31 days at most (MAX_ORDERED_RANGE):"
            " ask for a shorter range, or order by TIMESTAMP.",
            field=("range",),
        )
    descending = order.direction is Direction.DESC
    listing = await listing_of(snapshot, of.account_id, "requests", of, by, descending)
    cursors = Cursors(info.context.services.seal, listing)
    page = page_of(cursors, first=pages.first, after=pages.after, last=pages.last, before=pages.before)

    where: dict[str, Any] = {"order": by, "descending": descending, "limit": page.limit, "after": page.start, "backwards": page.backwards}
    shown = drawn_requests(info)

    async def count() -> int | None:
        return await history_pages.count(snapshot, of)

    if shown is not None:
        texts = await fetched(info, page, lambda: drawn_page(snapshot, of, shown, **where))
        return REQUESTS.of_drawn(info, texts, page, cursors, count)
    wanted = columns_of(info)
    rows = await fetched(info, page, lambda: history_pages.page(snapshot, of, wanted=wanted, **where))
    return REQUESTS.of(rows, page, cursors, key=history_pages.key_in(by), node=request, count=count)


request: Callable[[history_pages.Request], Request] = view_of(
    Request,
    "row",
    id=lambda view: global_id(Kind.REQUEST, view.row.account_id.bytes + view.row.id.bytes),
    request_id="row.request_id",
    source="row.source",
    event_id="row.event_id",
    version="row.version",
    request_type="row.request_type",
    model="row.model",
    model_version="row.model_version",
    provider="row.provider",
    technology="row.technology",
    channel=lambda view: CHANNELS[view.row.channel],
    api_key=lambda view: api_key(view.row.api_key, view.row.api_key_name),
    deployment=lambda view: deployment(view.row.account_id, view.row.deployment),
    input_tokens="row.input_tokens",
    output_tokens="row.output_tokens",
    total_tokens="row.total_tokens",
    input=lambda view: None if view.row.input is None else factors(view.row.input),
    output=lambda view: None if view.row.output is None else factors(view.row.output),
    time_to_first_token="row.ttft_ms",  # noqa: S106 - an attribute
    latency="row.latency_ms",
    gateway_latency="row.gateway_latency_ms",
    timestamp="row.occurred_at",
    status_code="row.status_code",
    error_message="row.error_message",
    service_tier="row.service_tier",
    fee="row.fee",
    reported_cost="row.reported_cost",
    voided="row.voided",
)
"""The request as the answer shows it. Nobody sees what was not fetched."""


async def request_by_name(info: Info, name: bytes) -> Request | None:
    """The request with that global name, where the viewer reaches it."""
    account_id, id = UUID(bytes=name[:16]), UUID(bytes=name[16:])
    if not info.context.viewer.reaches(account_id):
        return None
    row = await history_pages.one(await info.context.snapshot(), account_id, id)
    return None if row is None else request(row)

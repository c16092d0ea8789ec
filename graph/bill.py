"""The bill: what an account's usage of a range costs, by whatever it is grouped by."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from domain.gpu_time import gpu_hours
from domain.prices import Price
from graph.context import Info
from graph.data_state import COUNTS, DataState, data_state
from graph.deployment import Deployment, deployment
from graph.gpu_charges import GpuCharge, gpu_charge
from graph.history import Pages, Request, requests
from graph.history_inputs import HistoryOrder
from graph.inputs import After, First, given
from graph.paging import LongConnection
from graph.price_inputs import PriceDirection
from graph.range_errors import range_errors
from graph.selection import selected
from graph.usage_factors import ApiKey, api_key
from graph.what_if import at_prices
from projections import bill, bill_charges
from projections.bill import BillOf, BillTotals
from projections.bill_charges import GpuCharges, TooManyChargesError
from projections.bill_lines import BillLine as Line
from projections.router_facts import Range, RouterFilter
from projections.router_usage import Totals
from projections.snapshot import Snapshot


@strawberry.enum(description="What is paid for.")
class Service(Enum):
    ROUTER = strawberry.enum_value("router", description="Requests through the router, paid by what they use.")
    DEPLOYMENT = strawberry.enum_value("deployment", description="GPUs allocated to deployments, paid by the hour.")
    FINE_TUNING = strawberry.enum_value("fine_tuning", description="GPUs allocated to fine-tunings, paid by the hour.")


@strawberry.enum(description="What lines of a bill can be grouped by.")
class BillDimension(Enum):
    SERVICE = strawberry.enum_value("service", description="What is paid for.")
    MODEL = strawberry.enum_value("model", description="The model: of requests, or that a deployment serves or a fine-tuning makes.")
    API_KEY = strawberry.enum_value("api_key", description="The API key that requests were made with.")
    PROVIDER = strawberry.enum_value("provider", description="Who served the requests.")
    DEPLOYMENT = strawberry.enum_value("deployment", description="The deployment or fine-tuning that GPUs were allocated to.")
    CATEGORY = strawberry.enum_value("category", description="The kind of usage, on either side of a request; GPU time.")
    DAY = strawberry.enum_value("day", description="The local day of the bill's time zone.")


@strawberry.type(
    description="What one group costs. A dimension is null where lines are not grouped by it, or the group has none."
    " What has no price is in no line."
)
class BillLine:
    service: Service | None = strawberry.field(description="What is paid for.")
    model: str | None = strawberry.field(description="The model.")
    api_key: ApiKey | None = strawberry.field(description="The API key.")
    provider: str | None = strawberry.field(description="Who served the requests.")
    deployment: Deployment | None = strawberry.field(description="The deployment or fine-tuning.")
    direction: PriceDirection | None = strawberry.field(description="With the category: which side of a request it is of.")
    category: str | None = strawberry.field(description='The kind of usage, such as "prompt" or "gpu_time".')
    day: datetime | None = strawberry.field(description="Where the local day begins.")
    quantity: Decimal | None = strawberry.field(description="With the category: how much of it has a price, in its unit.")
    unit: str | None = strawberry.field(description='With the category: what is counted, such as "token" or "gpu_hour".')
    fee: Decimal = strawberry.field(description="What it costs, in the bill's currency: exact, not rounded.")
    snapshot: strawberry.Private[Snapshot]
    of: strawberry.Private[BillOf]
    group_by: strawberry.Private[frozenset[bill.BillDimension]]
    line: strawberry.Private[Line]
    charges: strawberry.Private[GpuCharges]

    @strawberry.field(
        description="The requests that the line is the sum of, newest first, with what they cost as billed; with its `gpuCharges`, they"
        " explain it whole. By category, each has such a line among its `ratedLines`."
    )
    async def history(self, info: Info, first: First = 50, after: After = strawberry.UNSET) -> LongConnection[Request]:
        behind = bill_charges.requests_of(self.of, self.group_by, self.line)
        return await requests(info, self.snapshot, behind, HistoryOrder(), Pages(first=first, after=given(after)))

    @strawberry.field(
        description="The quarter-hours of GPU time that the line is the sum of, by deployment and time; up to 10,000 (MAX_GPU_CHARGES)."
    )
    async def gpu_charges(self, info: Info) -> list[GpuCharge]:
        with range_errors(buckets="range"):
            found = await info.context.loader(self.charges, self.charges.behind).load(self.line)
        assert not isinstance(found, TooManyChargesError), "a loader raises it"
        info.context.spend(len(found))
        info.context.show(len(found))
        return [gpu_charge(self.snapshot, self.of.account_id, each) for each in found]


@strawberry.type(description="What the usage of a range costs. The lines add up to the total exactly, whatever they are grouped by.")
class Bill:
    total: Decimal = strawberry.field(description="The sum of all known fees: exact, not rounded.")
    currency: str = strawberry.field(description="The currency of every fee: an ISO 4217 code.")
    data_state: DataState = strawberry.field(description="How far these figures can be trusted, and how many requests have no price.")
    unpriced_gpu_hours: Decimal = strawberry.field(
        description="GPU hours that are in no line: no price is known for their GPU type. Rounded to nine places."
    )
    of: strawberry.Private[BillOf]
    snapshot: strawberry.Private[Snapshot]

    @strawberry.field(description="The fees by group, in the order of their groups; up to 10,000 lines (MAX_BILL_LINES).")
    async def lines(
        self,
        group_by: Annotated[
            list[BillDimension], strawberry.argument(description="What lines are told apart by; empty for one line of all.")
        ] = [BillDimension.SERVICE],  # noqa: B006 - a default of the schema, never changed
    ) -> list[BillLine]:
        dimensions = frozenset(bill.BillDimension[each.name] for each in group_by)
        with range_errors(buckets="range"):
            found = await bill.lines(self.snapshot, self.of, dimensions)
        return bill_lines(self.snapshot, self.of, dimensions, found)


TOTALS = frozenset({"total", "unpricedGpuHours"})
NOT_ASKED_FOR = BillTotals(Totals(), bill.GpuUsage())


async def bill_at(
    info: Info, snapshot: Snapshot, account_id: UUID, range: Range, *, zone: ZoneInfo, prices: list[Price] | None, currency: str
) -> Bill:
    """With other prices, where they are given."""
    repriced = None if prices is None else await at_prices(snapshot, account_id, range, RouterFilter(), prices)
    return await bill_of(info, snapshot, BillOf(account_id, range, zone, repriced), currency)


async def bill_of(info: Info, snapshot: Snapshot, of: BillOf, currency: str) -> Bill:
    """Only what is selected is summed up."""
    sums = NOT_ASKED_FOR
    if selected(info) & TOTALS or selected(info, "dataState") & COUNTS:
        with range_errors(buckets="range"):
            sums = await bill.totals(snapshot, of)
    return Bill(
        total=sums.fee,
        currency=currency,
        data_state=await data_state(info.context, snapshot, sums.router),
        unpriced_gpu_hours=gpu_hours(sums.gpus.unpriced),
        of=of,
        snapshot=snapshot,
    )


def bill_lines(snapshot: Snapshot, of: BillOf, group_by: frozenset[bill.BillDimension], lines: Sequence[Line]) -> list[BillLine]:
    """The lines as the answer shows them."""
    charges = GpuCharges(snapshot, of, group_by)
    return [_bill_line(snapshot, of, group_by, charges, each) for each in lines]


def _bill_line(snapshot: Snapshot, of: BillOf, group_by: frozenset[bill.BillDimension], charges: GpuCharges, line: Line) -> BillLine:
    return BillLine(
        service=None if line.service is None else Service[line.service.name],
        model=line.model,
        api_key=api_key(line.api_key, line.api_key_name),
        provider=line.provider,
        deployment=deployment(of.account_id, line.deployment, snapshot),
        direction=None if line.direction is None else PriceDirection[line.direction.upper()],
        category=line.category,
        day=line.day,
        quantity=line.quantity,
        unit=line.unit,
        fee=line.fee,
        snapshot=snapshot,
        of=of,
        group_by=group_by,
        line=line,
        charges=charges,
    )

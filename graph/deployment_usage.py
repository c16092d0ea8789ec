"""Deployment usage: what an account's own deployments and fine-tunings used in a range of time."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from domain import calendar
from domain.gpu_time import gpu_hours, gpu_seconds, utilization
from domain.gpu_usage import GpuUsage
from graph import deployment_table
from graph.context import Info
from graph.data_state import DataState, data_state
from graph.deployment_inputs import DeploymentOrder
from graph.deployment_table import IDLE, DeploymentUsageConnection, Duration, duration
from graph.inputs import UTC, After, First, Zone, given
from graph.range_errors import range_errors
from graph.router_inputs import Interval
from graph.scalars import BigInt
from graph.selection import selected
from projections import deployment_series, deployment_usage
from projections.deployment_requests import Served
from projections.deployment_usage import DeploymentFilter
from projections.router_usage import Range, Totals
from projections.snapshot import Snapshot


@strawberry.type(description="What was used from an instant on, for the width of the series' interval.")
class DeploymentPoint:
    time: datetime = strawberry.field(description="Where the bucket starts.")
    requests: BigInt = strawberry.field(description="How many requests were served.")
    tokens: BigInt = strawberry.field(description="How many tokens, in and out.")
    gpu_hours: Decimal = strawberry.field(description="GPU hours that were allocated, rounded to 9 places. To add up, take `gpuSeconds`.")
    gpu_seconds: Decimal = strawberry.field(description="The same in GPU seconds, exactly.")
    fee: Decimal = strawberry.field(description="What the GPU hours cost that have a price; the others are `unpricedGpuHours`.")
    unpriced_gpu_hours: Decimal = strawberry.field(description="GPU hours without a price: what they cost is unknown, and not in `fee`.")
    partial: bool = strawberry.field(description="Whether it shows but a part: the bucket has not ended, or the range cuts it.")


@strawberry.type(
    description="What an account's own deployments and fine-tunings used in a range of time. GPU time, durations and fees end at"
    " `completeThrough`: what is dated after it has not happened yet."
)
class DeploymentUsage:
    data_state: DataState = strawberry.field(description="How far these figures can be trusted.")
    total_requests: BigInt = strawberry.field(description="How many requests were served. Those that are voided do not count.")
    active_deployments: int = strawberry.field(
        description="How many deployments run now, whatever the range. Fine-tunings are counted apart, in `fineTunings`."
    )
    allocated_gpu_hours: Decimal = strawberry.field(
        description="GPU hours that were allocated: the sum of GPUs times running time within the range, rounded to 9 places."
    )
    allocated_gpu_seconds: Decimal = strawberry.field(description="The same in GPU seconds, exactly.")
    idle_gpu_hours: Decimal = strawberry.field(
        description="GPU hours of those quarter-hours in which the deployment that had the GPUs served no request."
    )
    utilization: float | None = strawberry.field(description="Percent of the GPU hours that were not idle; null where none were allocated.")
    unpriced_gpu_hours: Decimal = strawberry.field(
        description="GPU hours without a price: what they cost is unknown, and not in `totalFee`."
    )
    unknown_gpus: Duration = strawberry.field(
        description="How long deployments ran with a number of GPUs that nobody told: their GPU hours and fee are unknown, not zero."
    )
    fine_tunings: int = strawberry.field(
        description="How many fine-tunings ran at some time in the range or succeeded in it, and had not failed before its end."
    )
    total_tokens: BigInt = strawberry.field(description="How many tokens, in and out.")
    total_fee: Decimal | None = strawberry.field(
        description="Sum of the known fees of GPU hours; 0 where none were allocated, null where some were and none is priced."
    )
    of: strawberry.Private[deployment_usage.DeploymentUsage]

    @strawberry.field(
        description="The table: deployments that existed at some time in the range, or served a request in it. One exists from the first"
        " thing that is told of it until it has succeeded or failed; stopped, it may start again. Sums over the table are the totals."
    )
    async def deployments(
        self,
        info: Info,
        order_by: Annotated[DeploymentOrder | None, strawberry.argument(description="The order; by name where absent.")] = strawberry.UNSET,
        first: First = 50,
        after: After = strawberry.UNSET,
    ) -> DeploymentUsageConnection:
        return await deployment_table.deployments(info, self.of, given(order_by), first, given(after))

    @strawberry.field(description="The same figures over time, buckets without usage as well. Their sums are the totals, exactly.")
    async def series(
        self,
        info: Info,
        interval: Annotated[Interval, strawberry.argument(description="The width of a bucket.")] = Interval.DAY,
        time_zone: Zone = UTC,
    ) -> list[DeploymentPoint]:
        fields = selected(info)
        with range_errors():
            points = await deployment_series.series(
                self.of,
                calendar.Interval[interval.name],
                time_zone,
                requests=bool(fields & REQUESTS_OF_POINT),
                gpus=bool(fields & GPUS_OF_POINT),
                fees="fee" in fields,
            )
        return [_point(each) for each in points]


REQUESTS = frozenset({"totalRequests", "totalTokens"})
UNCERTAIN = frozenset({"estimatedRequests", "unknownTokenRequests"})
PRICED = frozenset({"totalFee", "unpricedGpuHours"})
GPUS = frozenset({"allocatedGpuHours", "allocatedGpuSeconds", "unknownGpus", "utilization"}) | PRICED
REQUESTS_OF_POINT = frozenset({"requests", "tokens"})
GPUS_OF_POINT = frozenset({"gpuHours", "gpuSeconds"})


async def deployment_usage_of(info: Info, snapshot: Snapshot, account_id: UUID, range: Range, filter: DeploymentFilter) -> DeploymentUsage:
    """The figures that are selected; the others are not fetched, and nobody sees what stands in their place. Raises RangeTooLargeError."""
    fields = selected(info)
    of = deployment_usage.DeploymentUsage(snapshot, account_id, range, filter)
    with range_errors():
        counted = fields & REQUESTS or selected(info, "dataState") & UNCERTAIN
        served = await of.requests() if counted else Served()
        used = await of.gpu_usage(priced=bool(fields & PRICED)) if fields & GPUS else GpuUsage()
        idle = sum((await of.idle(await of.lives())).values()) if fields & IDLE else 0
        active = await of.active() if "activeDeployments" in fields else 0
        fine_tunings = await of.fine_tunings() if "fineTunings" in fields else 0
    percent = utilization(idle, used.gpu_time)
    return DeploymentUsage(
        # Requests of deployments are paid by GPU time: none of them lacks a price.
        data_state=await data_state(info.context, snapshot, Totals(estimated=served.estimated, unknown_tokens=served.unknown_tokens)),
        total_requests=served.requests,
        active_deployments=active,
        allocated_gpu_hours=gpu_hours(used.gpu_time),
        allocated_gpu_seconds=gpu_seconds(used.gpu_time),
        idle_gpu_hours=gpu_hours(idle),
        utilization=None if percent is None else float(percent),
        unpriced_gpu_hours=gpu_hours(used.unpriced),
        unknown_gpus=duration(used.untold),
        fine_tunings=fine_tunings,
        total_tokens=served.tokens,
        total_fee=used.fee_if_known,
        of=of,
    )


def _point(point: deployment_series.Point) -> DeploymentPoint:
    return DeploymentPoint(
        time=point.time,
        requests=point.served.requests,
        tokens=point.served.tokens,
        gpu_hours=gpu_hours(point.used.gpu_time),
        gpu_seconds=gpu_seconds(point.used.gpu_time),
        fee=point.used.fee,
        unpriced_gpu_hours=gpu_hours(point.used.unpriced),
        partial=point.partial,
    )

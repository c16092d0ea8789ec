"""The table of deployments: what each used in the range."""

from decimal import Decimal

import strawberry

from domain.durations import duration_text, whole_seconds
from domain.gpu_time import gpu_hours, gpu_seconds
from graph.context import Info
from graph.cursors import Cursors
from graph.deployment import TYPES, Deployment, DeploymentType, known
from graph.deployment_inputs import DeploymentOrder, DeploymentOrderField
from graph.inputs import Direction
from graph.listings import listing_of
from graph.pages import fetched
from graph.paging import Connection, page_of
from graph.range_errors import range_errors
from graph.scalars import BigInt
from graph.selection import selected_of_nodes
from projections import deployment_table, deployment_usage
from projections.deployment_table import Row, Wanted

IDLE = frozenset({"idleGpuHours", "utilization"})
PRICED = frozenset({"fee", "unpricedGpuHours"})


@strawberry.type(description="How long something took.")
class Duration:
    seconds: BigInt = strawberry.field(description="Whole seconds; what is less is cut.")
    text: str = strawberry.field(description='The same for people, in its two largest units: "26h 15m", "45m 10s", "12s".')


@strawberry.type(description="What one deployment used in the range. Nothing counts before it happened.")
class DeploymentUsageRow:
    deployment: Deployment = strawberry.field(description="The deployment, as it is now.")
    name: str = strawberry.field(description="Its name; its key where none was told.")
    type: DeploymentType = strawberry.field(description="What it is for.")
    model: str | None = strawberry.field(description="The model that it serves or makes.")
    requests: BigInt = strawberry.field(description="How many requests it served.")
    duration: Duration = strawberry.field(description="How long it ran, with any number of GPUs.")
    tokens: BigInt = strawberry.field(description="How many tokens, in and out.")
    gpu_hours: Decimal = strawberry.field(
        description="GPU hours that were allocated: GPUs times running time, rounded to 9 places. To add up, take `gpuSeconds`."
    )
    gpu_seconds: Decimal = strawberry.field(description="The same in GPU seconds, exactly.")
    idle_gpu_hours: Decimal = strawberry.field(description="GPU hours of those quarter-hours in which it served no request.")
    utilization: float | None = strawberry.field(description="Percent of the GPU hours that were not idle; null where none were allocated.")
    unpriced_gpu_hours: Decimal = strawberry.field(description="GPU hours without a price: what they cost is unknown, and not in `fee`.")
    unknown_gpus: Duration = strawberry.field(
        description="How long it ran with a number of GPUs that nobody told: their GPU hours and fee are unknown, not zero."
    )
    fee: Decimal | None = strawberry.field(
        description="What its GPU hours cost, as far as that is known; null where there are some and none is priced."
    )


@strawberry.type(description="A row, and its place in the table.")
class DeploymentUsageEdge:
    cursor: str = strawberry.field(description="The place in the table, opaque: give it as after. Good for this table alone.")
    node: DeploymentUsageRow = strawberry.field(description="What stands there.")


@strawberry.type(description="A page of the table of deployments.")
class DeploymentUsageConnection(Connection[DeploymentUsageRow]):
    @strawberry.field(description="The rows of this page, each with its cursor.")
    def edges(self, info: Info) -> list[DeploymentUsageEdge]:
        return self.placed(info)


async def deployments(
    info: Info, of: deployment_usage.DeploymentUsage, order: DeploymentOrder | None, first: int, after: str | None
) -> DeploymentUsageConnection:
    """A page of the table; by name where no order is given. Raises RangeTooLargeError, BadInputError."""
    order = order or DeploymentOrder(field=DeploymentOrderField.NAME, direction=Direction.ASC)
    by, descending = deployment_table.DeploymentOrder[order.field.name], order.direction is Direction.DESC
    listing = await listing_of(of.snapshot, of.account_id, "deployments", of.range, of.filter, by, descending)
    cursors = Cursors(info.context.services.seal, listing)
    page = page_of(cursors, first=first, after=after)
    fields = selected_of_nodes(info)
    wanted = Wanted(idle=bool(fields & IDLE), prices=bool(fields & PRICED))

    async def fetch() -> list[Row]:
        with range_errors():
            return await deployment_table.rows(of, wanted, order=by, descending=descending, limit=page.limit, after=page.start)

    async def count() -> int:
        with range_errors():
            return await deployment_table.count_rows(of)

    rows = await fetched(info, page, fetch)
    return DeploymentUsageConnection.of(rows, page, cursors, key=lambda row: row.key, node=lambda row: _row(of, row), count=count)


def duration(microseconds: int) -> Duration:
    """A duration as the answer shows it."""
    seconds = whole_seconds(microseconds)
    return Duration(seconds=seconds, text=duration_text(seconds))


def _row(of: deployment_usage.DeploymentUsage, row: Row) -> DeploymentUsageRow:
    return DeploymentUsageRow(
        deployment=known(of.account_id, row.deployment),
        name=row.deployment.name,
        type=TYPES[row.deployment.kind],
        model=row.deployment.model,
        requests=row.served.requests,
        duration=duration(row.running),
        tokens=row.served.tokens,
        gpu_hours=gpu_hours(row.used.gpu_time),
        gpu_seconds=gpu_seconds(row.used.gpu_time),
        idle_gpu_hours=gpu_hours(row.idle),
        utilization=row.utilization,
        unpriced_gpu_hours=gpu_hours(row.used.unpriced),
        unknown_gpus=duration(row.used.untold),
        fee=row.used.fee_if_known,
    )

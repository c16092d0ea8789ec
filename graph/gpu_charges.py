"""How what deployments cost came about: GPU time times price, rounded quarter-hour by quarter-hour."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from domain.events import EPOCH, MICROSECOND
from domain.gpu_time import QUARTER_HOUR
from graph.context import Info
from graph.deployment import Deployment, deployment
from graph.event_log import Event
from graph.rated_lines import event_at
from projections.bill_charges import Charged
from projections.snapshot import Snapshot

GPU_SECOND_PLACES = 12  # of a micro-GPU microsecond


@strawberry.type(
    description="Quarter-hours of one deployment that are alike, one after the other. The fee of each is gpuSeconds times unitPrice by"
    " 3600, rounded half-even to 12 places; quarterHours times that is the fee of all."
)
class GpuCharge:
    deployment: Deployment | None = strawberry.field(description="What ran.")
    from_: datetime = strawberry.field(name="from", description="Where the first quarter-hour begins.")
    to: datetime = strawberry.field(description="Where the last quarter-hour ends.")
    quarter_hours: int = strawberry.field(description="How many quarter-hours there are.")
    gpu_seconds: Decimal = strawberry.field(description="GPU time in each that is charged at this price, in seconds of one GPU: exact.")
    unit_price: Decimal = strawberry.field(description="The price of a GPU hour.")
    fee: Decimal = strawberry.field(description="What all of them cost: exact.")
    price_position: strawberry.Private[int | None]

    @strawberry.field(description="The event that set the price.")
    async def price(self, info: Info) -> Event | None:
        return None if self.price_position is None else await event_at(info.context, self.price_position)


def gpu_charge(snapshot: Snapshot, account_id: UUID, charged: Charged) -> GpuCharge:
    """The charge as the answer shows it."""
    charge = charged.charge
    assert charge.price.price is not None, "what has no price is not charged"
    return GpuCharge(
        deployment=deployment(account_id, charged.deployment.key, snapshot),
        from_=EPOCH + charge.start * MICROSECOND,
        to=EPOCH + (charge.start + charge.quarters * QUARTER_HOUR) * MICROSECOND,
        quarter_hours=charge.quarters,
        gpu_seconds=Decimal(f"{charge.gpu_time}E-{GPU_SECOND_PLACES}"),
        unit_price=charge.price.price,
        fee=charge.fee,
        price_position=charge.price.position,
    )

"""Lives of deployments for tests: events by a word and an instant, and strategies that make them meet, clash and come at once."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from hypothesis import strategies as st

from domain.deployment_events import (
    MICRO,
    DeploymentCreated,
    DeploymentEvent,
    DeploymentFailed,
    DeploymentScaled,
    DeploymentStarted,
    DeploymentStopped,
    DeploymentSucceeded,
)
from domain.gpu_prices import GpuPrices, PriceSegments
from domain.gpu_time import QUARTER_HOUR, SECOND
from domain.lifecycle import fold
from domain.price_events import PLATFORM, GpuPriceSet

TYPES: dict[str, type[DeploymentEvent]] = {
    "created": DeploymentCreated,
    "started": DeploymentStarted,
    "scaled": DeploymentScaled,
    "stopped": DeploymentStopped,
    "succeeded": DeploymentSucceeded,
    "failed": DeploymentFailed,
}
T0 = 1_776_729_600 * SECOND  # 2026-04-21T00:00:00Z
_numbers = count(1)


def told(what: str, occurred_at: int, gpus: float | Decimal | None = None, **fields: Any) -> DeploymentEvent:
    """An event of one deployment: `gpus` in whole GPUs or parts of one."""
    defaults: dict[str, Any] = {"account": "acme", "source": "control-plane", "id": f"{what}-{next(_numbers)}", "deployment": "gpu-1"}
    micro = None if gpus is None else int(Decimal(str(gpus)) * MICRO)
    return TYPES[what](occurred_at=occurred_at, gpus=micro, **(defaults | fields))


def price(unit_price: str, effective_from: int, gpu_type: str = "H100") -> GpuPriceSet:
    return GpuPriceSet(PLATFORM, "operator", f"gpu-price-{next(_numbers)}", effective_from, gpu_type, unit_price, effective_from)


def events(instants: st.SearchStrategy[int]) -> st.SearchStrategy[list[DeploymentEvent]]:
    """Any events of one deployment, in any order, each with a name of its own."""
    one = st.builds(
        told,
        st.sampled_from(("created", "started", "started", "scaled", "scaled", "stopped", "stopped", "succeeded", "failed")),
        instants,
        gpus=st.sampled_from((None, None, 0, 1, 2, Decimal("0.46"), Decimal("0.000001"), 8)),
        source=st.sampled_from(("a", "b")),
        name=st.sampled_from((None, "chat")),
        kind=st.sampled_from((None, "deployment", "fine_tuning")),
        gpu_type=st.sampled_from((None, "H100")),
    )
    return st.lists(one, max_size=12)


few_instants = st.integers(0, 8)  # so few that events meet
span = 12 * QUARTER_HOUR
instants = st.builds(
    lambda quarter, beside: T0 + quarter * QUARTER_HOUR + beside,
    st.integers(0, 11),
    st.sampled_from((0, 0, 1, QUARTER_HOUR // 2, QUARTER_HOUR - 1)) | st.integers(0, QUARTER_HOUR - 1),
)
lives = events(instants).map(fold)
ranges = st.tuples(instants, instants).map(sorted)


@st.composite
def prices(draw: st.DrawFn) -> PriceSegments:
    """Up to five prices of a type, in force from any instants, some of them at once, some of them none."""
    amounts = st.sampled_from(("0", "1.99", "2.49", "0.000000000001", "3600", "12.3456789"))
    recorded: Sequence[tuple[int, str, int]] = draw(st.lists(st.tuples(instants, amounts, instants), max_size=5))
    return GpuPrices((position, at, price(amount, since)) for position, (at, amount, since) in enumerate(recorded)).of("H100")

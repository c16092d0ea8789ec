"""Lines of a bill: what one group costs, and how lines of equal groups become one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext
from enum import Enum
from typing import Any

from domain.gpu_time import gpu_hours
from projections.router_sums import EXACT_SUMS

MAX_BILL_LINES = 10_000


class TooManyLinesError(ValueError):
    """Raised when a bill has more lines than MAX_BILL_LINES."""


class Service(Enum):
    """What is paid for."""

    ROUTER = "router"
    DEPLOYMENT = "deployment"
    FINE_TUNING = "fine_tuning"


class BillDimension(Enum):
    """What lines can be grouped by."""

    SERVICE = "service"
    MODEL = "model"
    API_KEY = "api_key"
    PROVIDER = "provider"
    DEPLOYMENT = "deployment"
    CATEGORY = "category"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class BillLine:
    """What one group costs. Null is a dimension that is not grouped by, or that the group does not have."""

    fee: Decimal
    service: Service | None = None
    model: str | None = None
    provider: str | None = None
    api_key: str | None = None
    api_key_name: str | None = None
    deployment: str | None = None
    direction: str | None = None
    category: str | None = None
    day: datetime | None = None
    unit: str | None = None  # of the quantity; only of lines by category
    counted: Decimal | None = None
    gpu_time: int | None = None  # micro-GPU microseconds, in place of what is counted

    @property
    def quantity(self) -> Decimal | None:
        """In the unit; GPU hours are rounded to nine places, once, after they were summed."""
        return self.counted if self.gpu_time is None else gpu_hours(self.gpu_time)


def merged(lines: Iterable[BillLine]) -> list[BillLine]:
    """Lines of equal groups as one, ordered by group; what a group does not have comes last."""
    groups: defaultdict[tuple[Any, ...], list[BillLine]] = defaultdict(list)
    for line in lines:
        groups[group_of(line)].append(line)
    with localcontext(EXACT_SUMS):
        return [_sum(groups[key]) for key in sorted(groups, key=lambda key: [(value is None, value or "") for value in key])]


def _sum(lines: Sequence[BillLine]) -> BillLine:
    if len(lines) == 1:
        return lines[0]
    first = lines[0]
    counted = [line.counted for line in lines if line.counted is not None]
    gpu_times = [line.gpu_time for line in lines if line.gpu_time is not None]
    return replace(
        first,
        fee=sum((line.fee for line in lines), Decimal(0)),
        counted=sum(counted, Decimal(0)) if counted else None,
        gpu_time=sum(gpu_times) if gpu_times else None,
    )


def group_of(line: BillLine) -> tuple[Any, ...]:
    """What tells the line from others."""
    day = None if line.day is None else line.day.isoformat()
    service = None if line.service is None else line.service.value
    return day, service, line.model, line.provider, line.api_key, line.deployment, line.direction, line.category, line.unit


def check_number(number: int) -> None:
    if number > MAX_BILL_LINES:
        raise TooManyLinesError(
            f"the bill has more than {MAX_BILL_LINES:,} lines (MAX_BILL_LINES): ask for a shorter range, or group by fewer dimensions"
        )

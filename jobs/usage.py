"""The figures of an export, as the layer that has them hands them over."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from jobs.request import ExportRequest


class UsageSource(Protocol):
    """Where the figures come from. It travels to the process that renders, so it has to pickle: settings, no connections."""

    def open(self, request: ExportRequest, /) -> AbstractContextManager["UsageSnapshot"]:
        """One consistent state of the read models, held until the context ends.

        Waits, within a bound of its own, until they include `request.at_least`. Raises JobRefusedError where
        no later attempt could succeed; whatever else it raises is tried again.
        """
        ...


@dataclass(frozen=True, slots=True)
class Quantity:
    """One line of a breakdown: how much of a category, in its unit, such as token, second or image."""

    category: str
    unit: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """Usage of one bucket and group. None is unknown or not grouped by, never zero.

    `time` is the start of the bucket in UTC; None where the period is one bucket. Tokens, `average_latency_seconds`,
    `success_rate` (percent), `fee` (exact, in the account's currency) and `throughput` (requests per second)
    are None where nothing is known.
    """

    time: datetime | None = None
    model: str | None = None
    provider: str | None = None
    api_key_id: str | None = None
    api_key_name: str | None = None
    requests: int
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    unknown_token_requests: int = 0
    estimated_requests: int = 0
    input: tuple[Quantity, ...] = ()
    output: tuple[Quantity, ...] = ()
    average_latency_seconds: float | None = None
    success_rate: float | None = None
    error_count: int = 0
    fee: Decimal | None = None
    unpriced_requests: int = 0
    throughput: float | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSnapshot:
    """The figures at one position of the log.

    `position_label` is the position as the API shows it to this account. `totals` is the row of the whole period:
    its categories are all there are, in the order in which they become columns. `rows` are `row_count` many, in
    the order in which they are written, and may be read once.
    """

    position: int
    position_label: str
    complete_through: datetime
    currency: str
    row_count: int
    totals: UsageRow
    rows: Iterable[UsageRow]

"""The facts: what the log holds, one class a type, in the shape that is stored.

Fields are positional in the stored form, so their order is a promise: new ones go to the end, null where nothing is said; any other
change raises SHAPE and adds an upcast.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import ClassVar

import msgspec

from domain.names import request_originator_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


Quantity = tuple[str, str, int]
"""How much of one kind of usage: category, unit, and a whole number of that unit. Plain, for there are several to every event."""


class Outcome(Enum):
    """How a request ended."""

    SUCCESS = "success"
    CLIENT_ERROR = "client_error"  # 400 to 499
    SERVER_ERROR = "server_error"  # 500 to 599
    UNKNOWN_ERROR = "unknown_error"  # an error message without a status code


Upcast = Callable[[list], list]


class UsageEvent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What every event says: whose it is, its name (`source` and `id`, unique for ever within the account) and when it was."""

    TOPIC: ClassVar[str] = ""  # Stored with every event; outlives class names.
    SHAPE: ClassVar[int] = 1  # Number of the stored shape; UPCASTS[n] makes fields of shape n into fields of shape n + 1.
    UPCASTS: ClassVar[dict[int, Upcast]] = {}

    account: str
    source: str
    id: str
    occurred_at: int  # microseconds since 1970, UTC, by the reporter's clock

    @property
    def originator_id(self) -> bytes:
        """The 16 bytes of the stream this event belongs to."""
        return request_originator_id(self.account, self.source, self.id, self.occurred_at)

    @property
    def originator_version(self) -> int:
        """Place within the stream, from 1."""
        return 1

    @property
    def time(self) -> datetime:
        """When it happened, aware, in UTC."""
        return EPOCH + self.occurred_at * MICROSECOND


class RequestCompleted(UsageEvent, frozen=True, array_like=True, gc=False):
    """One API request was served, or failed. Null is unknown; an empty list of quantities is none."""

    TOPIC: ClassVar[str] = "request.completed"

    model: str
    request_id: str | None = None  # the event's id where null
    request_type: str | None = None
    model_version: str | None = None
    provider: str | None = None
    technology: str | None = None
    service_tier: str | None = None
    channel: str = "router"
    deployment: str | None = None
    api_key: str | None = None
    api_key_name: str | None = None
    input: tuple[Quantity, ...] | None = None  # disjoint categories, ordered by category and unit
    output: tuple[Quantity, ...] | None = None
    ttft_ns: int | None = None
    latency_ns: int | None = None
    gateway_latency_ns: int | None = None
    status_code: int | None = None
    error_message: str | None = None
    usage_source: str = "reported"
    reported_cost: str | None = None  # canonical decimal, USD
    original: bytes | None = None  # the report as it came, where it said more than these fields hold

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        return outcome(self.status_code, told_error=self.error_message is not None)


def outcome(status_code: int | None, *, told_error: bool) -> Outcome:
    """The status code decides; without one, whether there is an error message does."""
    if status_code is None:
        return Outcome.UNKNOWN_ERROR if told_error else Outcome.SUCCESS
    if status_code < 400:
        return Outcome.SUCCESS
    return Outcome.CLIENT_ERROR if status_code < 500 else Outcome.SERVER_ERROR


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 of an aware `instant`, exactly."""
    delta = instant - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds

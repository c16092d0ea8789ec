"""What money depends on: prices, and the wish to rate again. They are the platform's own and of no account: `account` is empty.

Each event is a stream of its own, named by its source and id alone: told again with another time, it is a conflict and not another event.
"""

from decimal import Decimal
from typing import ClassVar

from domain.events import UsageEvent
from domain.limits import MAX_PRICE_FRACTION_DIGITS, MAX_PRICE_INTEGER_DIGITS
from domain.names import event_originator_id

CURRENCY = "USD"  # of every price
PLATFORM = ""  # in place of an account


class PlatformEvent(UsageEvent, frozen=True, array_like=True, gc=False):
    """A fact of the platform."""

    @property
    def originator_id(self) -> bytes:
        """The 16 bytes of the stream that this event is."""
        return event_originator_id(self.account, self.source, self.id)


class PriceSet(PlatformEvent, frozen=True, array_like=True, gc=False):
    """The price of one unit of one category, in USD, from an instant on.

    Prices of one `sheet` stand together: from the effective instant of a later sheet of that name, a model that it prices has the prices
    of the later one alone. A price without a sheet holds until another one of the same kind takes its place.
    """

    TOPIC: ClassVar[str] = "price.set"

    model: str
    direction: str  # input or output
    category: str
    unit: str
    unit_price: str  # canonical decimal, USD
    effective_from: int  # microseconds since 1970
    provider: str | None = None  # null: any
    above_prompt_tokens: int | None = None  # only for requests with more prompt tokens than this, and then for the whole of them
    service_tier: str | None = None  # only for requests served in this tier
    sheet: str | None = None
    original: bytes | None = None  # the report as it came, where it said more than these fields hold

    @property
    def price(self) -> Decimal:
        """USD per unit."""
        return Decimal(self.unit_price)


class GpuPriceSet(PlatformEvent, frozen=True, array_like=True, gc=False):
    """The price of a GPU hour of one type, in USD, from the later of `effective_from` and its recording on."""

    TOPIC: ClassVar[str] = "gpu_price.set"

    gpu_type: str
    unit_price: str  # canonical decimal, USD
    effective_from: int  # microseconds since 1970
    original: bytes | None = None

    @property
    def price(self) -> Decimal:
        """USD per GPU hour."""
        return Decimal(self.unit_price)


class RatingRenewed(PlatformEvent, frozen=True, array_like=True, gc=False):
    """Requests of a range were rated again, with the prices known when this was recorded."""

    TOPIC: ClassVar[str] = "rating.renewed"

    start: int  # microseconds since 1970; [start, end)
    end: int
    reason: str
    of_account: str | None = None  # the key of the one account that is rated again; null: all
    models: tuple[str, ...] | None = None  # ordered; null: all
    original: bytes | None = None


def unfit(unit_price: str) -> str | None:
    """Why a canonical decimal cannot be a unit price; null where it can. Products of those that can with quantities stay exact."""
    whole, _, fraction = unit_price.partition(".")
    if whole.startswith("-"):
        return "is below 0"
    if len(whole) > MAX_PRICE_INTEGER_DIGITS or len(fraction) > MAX_PRICE_FRACTION_DIGITS:
        return (
            f"has more than {MAX_PRICE_INTEGER_DIGITS} digits before the point or {MAX_PRICE_FRACTION_DIGITS} behind it"
            " (MAX_PRICE_INTEGER_DIGITS, MAX_PRICE_FRACTION_DIGITS)"
        )
    return None

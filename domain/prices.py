"""Prices by model and provider, and which of them are in force for a request: as of its time, and as of a position in the log."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from decimal import Decimal
from threading import Lock
from typing import NamedTuple, Self

from domain.fallbacks import INPUT, OUTPUT, Key, lookups
from domain.price_events import PriceSet

MAX_CACHED_TARIFFS = 20_000  # (model, provider) pairs: reporters choose both
MAX_CACHED_ERAS = 1_000  # of one pair
MAX_CACHED_KINDS = 256  # of one side of one era: reporters choose categories, too


class Price(NamedTuple):
    """The price of one unit, in USD, with where in the log it was recorded and from when it holds."""

    position: int
    model: str
    provider: str | None  # null: any
    direction: str
    category: str
    unit: str
    unit_price: Decimal
    effective_from: int  # microseconds since 1970
    above_prompt_tokens: int | None = None
    service_tier: str | None = None
    sheet: str | None = None

    @classmethod
    def of(cls, position: int, event: PriceSet) -> Self:
        """The price that was recorded at `position`."""
        return cls(
            position,
            event.model,
            event.provider,
            event.direction,
            event.category,
            event.unit,
            event.price,
            event.effective_from,
            event.above_prompt_tokens,
            event.service_tier,
            event.sheet,
        )

    @property
    def key(self) -> Key:
        """What it is the price of, for its model and provider."""
        return self.direction, self.category, self.unit, self.above_prompt_tokens, self.service_tier


class PriceBook:
    """Every price ever set. What it answers for a position never changes: prices recorded there or later do not count.

    One thread may add while others ask, as long as whoever asks for a position comes after all prices before it were added.
    """

    def __init__(self, prices: Iterable[Price] = ()) -> None:
        self._prices: dict[str, dict[str | None, list[Price]]] = {}
        self._tariffs: dict[str, dict[str | None, Tariff]] = {}
        self._cached = 0
        self._lock = Lock()
        self.last = 0  # position of the latest price
        for price in prices:
            self.add(price)

    def add(self, price: Price) -> None:
        """Prices come in the order of their positions."""
        with self._lock:
            prices = self._prices.setdefault(price.model, {}).setdefault(price.provider, [])
            assert not prices or prices[-1].position < price.position, f"price at {price.position} comes after one at {prices[-1].position}"
            prices.append(price)
            self.last = price.position
            self._cached -= len(self._tariffs.pop(price.model, ()))

    def rates(self, model: str, provider: str | None, tier: str | None, occurred_at: int, position: int) -> "Rates":
        """The prices for requests like this at `occurred_at` (microseconds since 1970), of those recorded before `position`."""
        try:
            tariff = self._tariffs[model][provider]
        except KeyError:
            tariff = self._tariff(model, provider)
        return tariff.rates(tier, occurred_at, position)

    def _tariff(self, model: str, provider: str | None) -> "Tariff":
        with self._lock:  # else a price that is added meanwhile could be missing from what is kept
            if self._cached >= MAX_CACHED_TARIFFS:
                self._tariffs = {}
                self._cached = 0
            prices = self._prices.get(model, {})
            tariff = Tariff(() if provider is None else prices.get(provider, ()), prices.get(None, ()))
            self._tariffs.setdefault(model, {})[provider] = tariff
            self._cached += 1
            return tariff


class Tariff:
    """All prices that requests of one model and provider may take, over all time, and the rates that were worked out of them."""

    __slots__ = ("_any", "_eras", "_instants", "_own", "_positions", "_tiers")

    def __init__(self, own: Iterable[Price], any: Iterable[Price]) -> None:
        self._own, self._any = tuple(own), tuple(any)
        both = self._own + self._any
        self._positions = sorted(price.position for price in both)
        self._instants = sorted({price.effective_from for price in both})
        self._tiers = {price.service_tier for price in both}
        self._eras: dict[tuple[int, int, str | None], Rates] = {}

    def rates(self, tier: str | None, occurred_at: int, position: int) -> "Rates":
        """A tier that no price names is the standard one."""
        if not self._positions:
            return NO_RATES
        if tier not in self._tiers:
            tier = None
        era = (bisect_left(self._positions, position), bisect_right(self._instants, occurred_at), tier)
        rates = self._eras.get(era)
        if rates is None:
            if len(self._eras) >= MAX_CACHED_ERAS:
                self._eras = {}
            rates = Rates(in_force(self._own, position, occurred_at), in_force(self._any, position, occurred_at), tier)
            self._eras[era] = rates
        return rates


def in_force(prices: Iterable[Price], position: int, occurred_at: int) -> dict[Key, Price]:
    """The one price that holds for each key. `prices` are of one model and provider, in the order of their positions.

    Hypothetical ones, whose positions are below 0, come before all that were recorded. Of a sheet only the prices with its latest
    effective instant hold. Then the latest effective instant wins, of equals the last recorded.
    """
    every = tuple(prices)
    held = _held((price for price in every if price.position >= 0), position, occurred_at)
    return held | _held((price for price in every if price.position < 0), position, occurred_at)


def _held(prices: Iterable[Price], position: int, occurred_at: int) -> dict[Key, Price]:
    known = [price for price in prices if price.position < position and price.effective_from <= occurred_at]
    sheets: dict[str, int] = {}
    for price in known:
        if price.sheet is not None:
            sheets[price.sheet] = max(price.effective_from, sheets.get(price.sheet, price.effective_from))
    held: dict[Key, Price] = {}
    for price in known:
        if price.sheet is not None and price.effective_from < sheets[price.sheet]:
            continue
        other = held.get(price.key)
        if other is None or other.effective_from <= price.effective_from:
            held[price.key] = price
    return held


class Rates:
    """Prices in force for one model, provider, tier and time. How long the prompt is decides between them."""

    __slots__ = ("bands", "thresholds")

    def __init__(self, own: dict[Key, Price], any: dict[Key, Price], tier: str | None) -> None:
        self.thresholds = sorted({above for *_, above, of in (*own, *any) if above is not None and of in (tier, None)})
        crossed = [self.thresholds[:count][::-1] for count in range(len(self.thresholds) + 1)]
        self.bands = [(Kinds(INPUT, own, any, each, tier), Kinds(OUTPUT, own, any, each, tier)) for each in crossed]


class Kinds(dict[tuple[str, str], Price | None]):
    """(category, unit) → the price of it, on one side of a request; null where there is none. Filled as it is asked."""

    __slots__ = ("_any", "_crossed", "_direction", "_own", "_tier")

    def __init__(self, direction: str, own: dict[Key, Price], any: dict[Key, Price], crossed: list[int], tier: str | None) -> None:
        super().__init__()
        self._direction, self._own, self._any, self._crossed, self._tier = direction, own, any, crossed, tier

    def __missing__(self, kind: tuple[str, str]) -> Price | None:
        if len(self) >= MAX_CACHED_KINDS:
            self.clear()
        price = self[kind] = self._price(*kind)
        return price

    def _price(self, category: str, unit: str) -> Price | None:
        """Whatever the provider's own prices say, fallbacks included, comes before prices for any provider."""
        for prices in (self._own, self._any):
            for key in lookups(self._direction, category, unit, self._crossed, self._tier):
                if key in prices:
                    return prices[key]
        return None


NO_RATES = Rates({}, {}, None)

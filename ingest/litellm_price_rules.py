"""What a LiteLLM price list leaves to rules of its own is spelled out here, so that rating needs none of them.

Each function takes the prices of one entry and adds what the rule says to them. The rules are read in LiteLLM 1.106.2, in
`llm_cost_calc/utils.py`, `llm_cost_calc/tiered_pricing.py`, `cost_calculator.py` and `llms/fireworks_ai/cache_pricing.py`.
"""

from decimal import Context, Decimal, Inexact

from domain.fallbacks import INPUT, OUTPUT, Key, fallbacks
from domain.quantities import TOKEN

Prices = dict[Key, Decimal]
Range = tuple[int | None, Prices]
"""More prompt tokens than this, and the prices that a request of that length takes; their keys have no threshold."""

EXACT = Context(prec=100, traps=[Inexact])
HALF = Decimal("0.5")
BATCH = "batch"
CACHES = ("cached", "cache_write", "cache_write_1h")


def half(price: Decimal) -> Decimal:
    """Exactly."""
    return EXACT.multiply(price, HALF)


def tokens_of(direction: str, category: str, above: int | None = None, tier: str | None = None) -> Key:
    """The key of a price of tokens."""
    return direction, category, TOKEN, above, tier


def add_ranges(prices: Prices, ranges: list[Range]) -> None:
    """One range holds for the whole request, instead of the prices beside it: what the range does not price takes its prompt price.

    A missing price of completions is the exception: it is the one beside the ranges.
    """
    anywhere = {key[:2] for key in prices} | {key[:2] for _, of_range in ranges for key in of_range}
    completions = any(tokens_of(OUTPUT, "completion") in of_range for _, of_range in ranges)
    replaced = {(INPUT, "prompt"), *((INPUT, cache) for cache in CACHES)}
    replaced |= {(OUTPUT, "completion"), (OUTPUT, "reasoning")} if completions else set()
    for key in [key for key in prices if key[:2] in replaced and key[4] != BATCH]:
        del prices[key]
    for above, of_range in ranges:
        for direction, category in sorted(replaced & anywhere):
            lookups = (tokens_of(direction, each) for each in fallbacks(direction, category, TOKEN))
            price = next((of_range[key] for key in lookups if key in of_range), None)
            if price is not None:
                prices[tokens_of(direction, category, above)] = price


def add_fireworks_cache(prices: Prices) -> None:
    """Fireworks reads from its cache at half the price of a prompt, where the list does not say otherwise."""
    prompt = prices.get(tokens_of(INPUT, "prompt"))
    if prompt is not None:
        prices.setdefault(tokens_of(INPUT, "cached"), half(prompt))


def add_image_completions(prices: Prices) -> None:
    """A model that prices images alone puts out nothing else."""
    image = prices.get(tokens_of(OUTPUT, "image"))
    if image is not None:
        prices.setdefault(tokens_of(OUTPUT, "completion"), image)


def add_reasoning_of_tiers(prices: Prices) -> None:
    """Where a tier prices completions but not reasoning, reasoning costs what completions do, not what standard reasoning does."""
    if tokens_of(OUTPUT, "reasoning") not in prices:
        return
    for tier in {key[4] for key in prices} - {None, BATCH}:
        if tokens_of(OUTPUT, "completion", None, tier) not in prices or tokens_of(OUTPUT, "reasoning", None, tier) in prices:
            continue
        for above in _thresholds(prices):
            lookups = (tokens_of(OUTPUT, "completion", above, each) for each in (tier, None))
            price = next((prices[key] for key in lookups if key in prices), None)
            if price is not None:
                prices[tokens_of(OUTPUT, "reasoning", above, tier)] = price


def add_batch(prices: Prices) -> None:
    """Batch prices stand by themselves: a part without one takes that of the whole. Where there is none either, half the standard price."""
    given = dict(prices)
    for direction, category in sorted({key[:2] for key in given if key[2] == TOKEN and key[4] is None}):
        for above in _thresholds(given):
            price = _batch(given, direction, category, above)
            found = _reached(prices, direction, category, above, BATCH)
            if price is not None and (price != found or tokens_of(direction, category, above) in given):
                prices[tokens_of(direction, category, above, BATCH)] = price


def _batch(prices: Prices, direction: str, category: str, above: int | None) -> Decimal | None:
    standard = _reached(prices, direction, category, above, None)
    if (direction, category) == (OUTPUT, "image"):  # is halved even beside a batch price of completions
        own = _reached(prices, direction, category, above, BATCH)
        return half(standard) if own is None and standard is not None else own
    for each in fallbacks(direction, category, TOKEN):
        price = _reached(prices, direction, each, above, BATCH)
        if price is not None:
            return price
    return None if standard is None else half(standard)


def _reached(prices: Prices, direction: str, category: str, above: int | None, tier: str | None) -> Decimal | None:
    """The price of the highest threshold up to `above`."""
    levels = (level for level in reversed(_thresholds(prices)) if level is None or (above is not None and level <= above))
    lookups = (tokens_of(direction, category, level, tier) for level in levels)
    return next((prices[key] for key in lookups if key in prices), None)


def _thresholds(prices: Prices) -> list[int | None]:
    """Of the whole entry, lowest first; null is none."""
    return [None, *sorted({key[3] for key in prices if key[3] is not None})]

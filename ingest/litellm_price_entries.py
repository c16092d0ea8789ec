"""One entry of a LiteLLM price list: what its keys say, and what its rules add."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, Inexact, InvalidOperation
from typing import Any

from domain.limits import MAX_PRICE_FRACTION_DIGITS, MAX_PRICE_INTEGER_DIGITS
from ingest import litellm_price_rules as rules
from ingest.litellm_price_keys import OLDER_NAMES, RANGES, parse

NO_NUMBER = "prices that are no number of 0 or more"
TOO_LONG = "prices with too many digits"
TOLD_TWICE = "prices told twice"
OTHER_RANGES = "ranges of something other than prompt tokens"


def prices_of(entry: dict[str, Any], counts: Counter[str]) -> rules.Prices:
    """All prices of an entry, told or by rule. What is left out is added to `counts`, by reason."""
    prices = _prices(entry, entry, counts)
    ranges = list(_ranges(entry, counts))
    if ranges:
        rules.add_ranges(prices, ranges)
    if text(entry, "litellm_provider") == "fireworks_ai":
        rules.add_fireworks_cache(prices)
    rules.add_image_completions(prices)
    rules.add_reasoning_of_tiers(prices)
    rules.add_batch(prices)
    return prices


def text(entry: dict[str, Any], name: str) -> str | None:
    """A field of the entry; null where it is no text."""
    value = entry.get(name)
    return value if isinstance(value, str) else None


def _prices(group: dict[str, Any], entry: dict[str, Any], counts: Counter[str]) -> rules.Prices:
    """What the keys of a group, the entry itself or one of its ranges, are the prices of."""
    prices: rules.Prices = {}
    for name in sorted(group, key=lambda name: name in OLDER_NAMES):
        found = parse(name, text(entry, "mode"), text(entry, "litellm_provider"))
        if found is None or group[name] is None:
            continue
        if isinstance(found, str):
            counts[found] += 1
            continue
        price = _price(group[name], found.factor)
        if isinstance(price, str):
            counts[price] += 1
        elif found.key in prices:
            counts[TOLD_TWICE] += 1
        else:
            prices[found.key] = price
    return prices


def _ranges(entry: dict[str, Any], counts: Counter[str]) -> Iterator[rules.Range]:
    """`tiered_pricing`: a list of {"range": [low, high], …}, for low < prompt tokens ≤ high."""
    groups = entry.get(RANGES)
    for group in groups if isinstance(groups, list) else ():
        match group:
            case {"range": [int() | Decimal() as low, _], "input_cost_per_token": _}:
                yield int(low) or None, _prices(group, entry, counts)
            case _:
                counts[OTHER_RANGES] += 1


def _price(value: Any, factor: Decimal) -> Decimal | str:
    """The price of one unit; else the reason why there is none. A digit is left for halving it."""
    try:
        price = rules.EXACT.multiply(Decimal(value), factor).normalize(rules.EXACT)
    except Inexact:
        return TOO_LONG
    except (InvalidOperation, TypeError, ValueError):
        return NO_NUMBER
    if isinstance(value, bool) or not price.is_finite() or price < 0:
        return NO_NUMBER
    exponent = price.as_tuple().exponent
    assert isinstance(exponent, int), "finite"
    return price.copy_abs() if price.adjusted() < MAX_PRICE_INTEGER_DIGITS and exponent > -MAX_PRICE_FRACTION_DIGITS else TOO_LONG

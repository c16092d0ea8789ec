"""A LiteLLM price list becomes price.set events. Whatever in it is not taken over is counted, by reason.

A model is the list's key, for any provider. It also goes by the names that LiteLLM finds it by: `azure/gpt-4o` is the model `gpt-4o` of
the provider `azure`, and `claude-3-7-sonnet`, an entry of the provider `anthropic`, is `anthropic/claude-3-7-sonnet`.
https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from domain.notation import instant
from domain.price_events import PriceSet
from ingest.litellm_price_entries import prices_of, text
from ingest.outcomes import UnacceptableError

MAX_LIST_BYTES = 64 * 1024 * 1024  # expanded
DOCUMENTATION = "sample_spec"  # an entry that explains the others
GZIP = b"\x1f\x8b"
SHEET = "litellm"
SOURCE = "prices/litellm"
FAMILIES = ("bedrock", "fireworks_ai", "vertex_ai")  # LiteLLM tells their parts apart in `litellm_provider`, and nowhere else
NO_PRICE = "entries without a price"


class PriceRecord(NamedTuple):
    """One price of the list, in the words of a price.set event."""

    model: str
    provider: str | None
    direction: str
    category: str
    unit: str
    unit_price: Decimal
    above_prompt_tokens: int | None
    service_tier: str | None


class PriceList(NamedTuple):
    """The prices, in the order of the list, and how often something was left out, by reason."""

    prices: list[PriceRecord]
    left_out: Counter[str]


def read(content: bytes) -> PriceList:
    """A list in JSON, gzipped or not. Raises UnacceptableError for anything else."""
    counts: Counter[str] = Counter()
    records: list[PriceRecord] = []
    entries = _entries(content)
    for name, entry in entries.items():
        prices = prices_of(entry, counts)
        if not prices:
            counts[NO_PRICE] += 1
        for model, provider in _names(name, entries):
            for (direction, category, unit, above, tier), price in prices.items():
                records.append(PriceRecord(model, provider, direction, category, unit, price, above, tier))
    return PriceList(records, counts)


def price_events(
    prices: Iterable[PriceRecord], effective_from: datetime, *, told_at: datetime | None = None, source: str = SOURCE
) -> Iterator[dict[str, Any]]:
    """The prices as CloudEvents, in force from `effective_from` on. The same prices from the same instant are the same events.

    `told_at` is a part of an event like any other: whoever gives it gives the same again when repeating. Another price for the same
    instant conflicts with the first, unless its `source` is another one.
    """
    since = instant(effective_from.astimezone(UTC))
    time = since if told_at is None else instant(told_at.astimezone(UTC))
    for price in prices:
        conditions = {"above_prompt_tokens": price.above_prompt_tokens, "service_tier": price.service_tier}
        yield {
            "specversion": "1.0",
            "type": PriceSet.TOPIC,
            "source": source,
            "id": _id(price, since),
            "time": time,
            "data": {
                "model": price.model,
                "provider": price.provider,
                "direction": price.direction,
                "category": price.category,
                "unit": price.unit,
                "unit_price": _canonical(price.unit_price),
                "effective_from": since,
                "sheet": SHEET,
                **{name: value for name, value in conditions.items() if value is not None},
            },
        }


def _id(price: PriceRecord, since: str) -> str:
    """Tells all that the price is for, and from when; `*` is any provider."""
    kind = f"{price.direction} {price.category} {price.unit} {price.above_prompt_tokens or 0} {price.service_tier or 'standard'}"
    return f"{price.provider or '*'} {price.model} {kind} {since}"


def _entries(content: bytes) -> dict[str, Any]:
    try:
        entries = json.loads(_expanded(content), parse_float=Decimal)
    except (ValueError, RecursionError, zlib.error) as error:
        raise UnacceptableError(None, f"is not a price list in JSON: {error}") from None
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise UnacceptableError(None, "is not a LiteLLM price list: that is an object with a model a key, and an object of prices for each")
    return {name: entry for name, entry in entries.items() if name != DOCUMENTATION}


def _expanded(content: bytes) -> bytes:
    if content.startswith(GZIP):
        expander = zlib.decompressobj(zlib.MAX_WBITS | 16)
        content = expander.decompress(content, MAX_LIST_BYTES + 1)
        if not expander.eof and len(content) <= MAX_LIST_BYTES:
            raise UnacceptableError(None, "is cut off: send the whole file")
    if len(content) > MAX_LIST_BYTES:
        raise UnacceptableError(None, f"is larger than {MAX_LIST_BYTES} bytes (MAX_LIST_BYTES)")
    return content


def _names(name: str, entries: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """(model, provider) that an entry prices, as LiteLLM finds it by. A key of the list itself comes before what is made of another."""
    yield name, None
    provider = _family(entries[name])
    if not provider:
        return
    rest = name.removeprefix(f"{provider}/")
    if rest not in ("", name) and _family(entries.get(rest, {})) != provider:
        yield rest, provider
    prefixed = f"{provider}/{name}"
    if "/" not in name and prefixed not in entries:
        yield prefixed, None


def _family(entry: dict[str, Any]) -> str | None:
    """The provider as it stands in front of models: that of `vertex_ai-language-models` is `vertex_ai`."""
    provider = text(entry, "litellm_provider")
    return next((family for family in FAMILIES if provider is not None and provider.startswith(family)), provider)


def _canonical(price: Decimal) -> str:
    """No exponent, no needless zeros."""
    digits = f"{price:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits

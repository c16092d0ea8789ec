"""What is asked of prices: which of them hold already."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from domain.prices import Price
from projections.snapshot import Snapshot


async def recorded_before(snapshot: Snapshot, prices: Sequence[Price]) -> dict[Price, int]:
    """How often each of `prices` was recorded from its instant on, and then gave way to another price from the same instant.

    One that holds now has not given way the last time: telling it again is the same event.
    """
    rows = await snapshot.rows(RECORDED, {"models": [*{price.model for price in prices}]})
    amounts: defaultdict[tuple[Any, ...], list[Decimal]] = defaultdict(list)
    for *key, amount in rows:
        amounts[tuple(key)].append(amount)
    return {price: _gave_way(amounts[_key(price)], price.unit_price) for price in prices}


def _key(price: Price) -> tuple[Any, ...]:
    return price.model, price.provider, *price.key, price.effective_from


def _gave_way(amounts: Sequence[Decimal], amount: Decimal) -> int:
    runs = [each for i, each in enumerate(amounts) if i == 0 or amounts[i - 1] != each]
    return runs.count(amount) - bool(runs and runs[-1] == amount)


RECORDED = """
    SELECT model, provider, direction, category, unit, above_prompt_tokens, service_tier, effective_from, unit_price
    FROM {prices} WHERE model = ANY(%(models)s::text[]) AND sheet IS NULL ORDER BY position"""

"""From a total with its parts to categories that are disjoint, whatever the provider calls them."""

from collections.abc import Mapping
from typing import NamedTuple

from domain.events import Quantity
from domain.quantities import TOKEN
from ingest.usage_formats.counts import UNTOLD, Part, added, within

NO_KINDS: Mapping[str, Part] = {}
CACHED = {"prompt": "cached", "video": "cached", "image": "cached_image", "audio": "cached_audio"}  # cached video has no price of its own


class Usage(NamedTuple):
    """What a block comes to. A side is null where it is unknown; what there is nothing of is left out."""

    input: list[Quantity] | None
    output: list[Quantity] | None
    service_tier: str | None = None


class Cache(NamedTuple):
    """What of a prompt was read from a cache or written to one. `kinds` are parts of `read`."""

    read: Part = UNTOLD
    written: Part = UNTOLD
    written_1h: Part = UNTOLD
    kinds: Mapping[str, Part] = NO_KINDS


def input_side(total: Part, cache: Cache, kinds: Mapping[str, Part] = NO_KINDS) -> list[Quantity] | None:
    """Categories that add up to `total`, of which all that `cache` has and all `kinds` (audio, image, video) are parts.

    What is not said to be cached of one kind was text, as far as there was text; then video, images, audio. So does LiteLLM (1.106.2,
    `llm_cost_calc/utils.py`). Raises UnacceptableError where the parts do not fit into the total.
    """
    cached_kinds = {kind: part for kind, part in cache.kinds.items() if part.number}
    for kind, part in cached_kinds.items():
        within(kinds.get(kind, UNTOLD), part)
    kinds = cached_kinds | {kind: part for kind, part in kinds.items() if part.number}
    read = added(*cached_kinds.values()) if cached_kinds and cache.read.number is None else cache.read
    within(read, *cached_kinds.values())
    within(total, read, cache.written, cache.written_1h)
    within(total, *kinds.values())
    if total.number is None:
        return None
    left = {kind: kinds[kind].number or 0 for kind in CACHED if kind in kinds}
    left = {"prompt": total.number - sum(left.values()), **left}
    cached = {kind: part.number or 0 for kind, part in cached_kinds.items()}
    for kind, count in cached.items():
        left[kind] -= count
    untold = _taken(left, (read.number or 0) - sum(cached.values()))
    written, written_1h = cache.written.number or 0, cache.written_1h.number or 0
    _taken(left, written + written_1h)
    side = {**left, "cache_write": written, "cache_write_1h": written_1h}
    for kind, count in (*cached.items(), *untold):
        side[CACHED[kind]] = side.get(CACHED[kind], 0) + count
    return tokens(side)


def _taken(left: dict[str, int], count: int) -> list[tuple[str, int]]:
    """Take so many off what is left, in its order."""
    taken = []
    for kind, rest in left.items():
        taken.append((kind, min(count, rest)))
        left[kind] = rest - taken[-1][1]
        count -= taken[-1][1]
    return taken


def output_side(total: Part, reasoning: Part = UNTOLD, kinds: Mapping[str, Part] = NO_KINDS) -> list[Quantity] | None:
    """Categories that add up to `total`, of which the others are parts. Raises UnacceptableError where they do not fit into it."""
    parts = {"reasoning": reasoning, **kinds}
    within(total, *parts.values())
    if total.number is None:
        return None
    side = {category: part.number or 0 for category, part in parts.items()}
    return tokens({"completion": total.number - sum(side.values()), **side})


def tokens(side: Mapping[str, int]) -> list[Quantity]:
    """Tokens by category."""
    return [(category, TOKEN, count) for category, count in side.items() if count]


def with_searches(side: list[Quantity] | None, searches: Part, unit: str = "request") -> list[Quantity] | None:
    """An input side with the searches of the web that were made for it."""
    return side if side is None or not searches.number else [*side, ("web_search", unit, searches.number)]

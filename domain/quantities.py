"""Kinds of usage, in the order and with the labels that people see."""

from collections.abc import Iterable
from functools import lru_cache

from domain.events import Quantity

MAX_KNOWN = 4_096  # categories that are looked up once: they come again in every line
TOKEN = "token"  # noqa: S105 - a unit of usage

INPUT_LABELS = {
    "prompt": "Prompt tokens",
    "cached": "Cached tokens",
    "cache_write": "Cache write tokens (5 min)",
    "cache_write_1h": "Cache write tokens (1 h)",
    "audio": "Audio tokens",
    "cached_audio": "Cached audio tokens",
    "image": "Image tokens",
    "cached_image": "Cached image tokens",
    "video": "Video tokens",
}
OUTPUT_LABELS = {
    "completion": "Completion tokens",
    "reasoning": "Reasoning tokens",
    "audio": "Audio tokens",
    "image": "Image tokens",
    "video": "Video tokens",
}
UNIT_NAMES = {
    "image": "images",
    "millisecond": "milliseconds",
    "character": "characters",
    "page": "pages",
    "query": "queries",
    "request": "requests",
}


INPUT_PLACES = {category: place for place, category in enumerate(INPUT_LABELS)}
OUTPUT_PLACES = {category: place for place, category in enumerate(OUTPUT_LABELS)}
UNIT_LABELS = {unit: name.capitalize() for unit, name in UNIT_NAMES.items()}


@lru_cache(MAX_KNOWN)
def label(direction: str, category: str, unit: str = TOKEN) -> str:
    """What people call a category of `input` or `output`. One we do not know goes by its own name."""
    labels = INPUT_LABELS if direction == "input" else OUTPUT_LABELS
    if unit == TOKEN:
        return labels.get(category, category)
    if category == unit:
        return UNIT_LABELS.get(unit, unit)
    name = in_words(category) if category in labels else category
    return f"{name} ({UNIT_NAMES.get(unit, unit)})"


def in_words(category: str) -> str:
    """What a category that we know is called where it is not counted in tokens."""
    return category.replace("_", " ").capitalize()


@lru_cache(MAX_KNOWN)
def rank(direction: str, category: str, unit: str) -> tuple[int, str, str]:
    """Sort key of a breakdown: known categories in their order, then the others by name."""
    places = INPUT_PLACES if direction == "input" else OUTPUT_PLACES
    return (places.get(category, len(places)), category, unit)


def tokens(quantities: Iterable[Quantity] | None) -> int | None:
    """Sum of what is counted in tokens; null where the quantities are unknown."""
    if quantities is None:
        return None
    count = 0
    for _, unit, quantity in quantities:
        if unit == TOKEN:
            count += quantity
    return count

"""In what order prices are looked up for one line of a request: its own category first, then what that is a part of.

The rules are those of LiteLLM's price lists, read in the code that applies them (1.106.2, `llm_cost_calc/utils.py`): a missing price of a
part is the price of the whole, never 0; each category resolves by itself, the highest threshold crossed first, and at each threshold the
service tier's own price before the standard one. docs/rating.md tells it with examples.
"""

from collections.abc import Iterator, Sequence

from domain.quantities import TOKEN

Key = tuple[str, str, str, int | None, str | None]
"""What one price is for: direction, category, unit, `above_prompt_tokens`, `service_tier`. One price of a key holds at a time."""

INPUT = "input"
OUTPUT = "output"

PARTS_OF = {  # of tokens only: a second of audio is no part of a prompt
    INPUT: {
        "cached": ("prompt",),
        "cache_write": ("prompt",),
        "cache_write_1h": ("cache_write", "prompt"),
        "audio": ("prompt",),
        "cached_audio": ("cached", "prompt"),
        "image": ("prompt",),
        "cached_image": ("cached", "prompt"),
        "video": ("prompt",),
    },
    OUTPUT: {
        "reasoning": ("completion",),
        "audio": ("completion",),
        "image": ("completion",),
        "video": ("completion",),
    },
}


def fallbacks(direction: str, category: str, unit: str) -> tuple[str, ...]:
    """The category itself and those whose price it takes where it has none, nearest first."""
    return (category, *PARTS_OF[direction].get(category, ())) if unit == TOKEN else (category,)


def lookups(direction: str, category: str, unit: str, crossed: Sequence[int], tier: str | None) -> Iterator[Key]:
    """Keys of the prices that one line may take, best first. `crossed` are the thresholds that the request passes, highest first."""
    for each in fallbacks(direction, category, unit):
        for above in (*crossed, None):
            if tier is not None:
                yield direction, each, unit, above, tier
            yield direction, each, unit, above, None

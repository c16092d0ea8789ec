"""The keys of a LiteLLM price list: what each is the price of, or why it is not taken over. docs/rating.md has the table."""

import re
from decimal import Decimal
from typing import NamedTuple

from domain.fallbacks import INPUT, OUTPUT, Key
from domain.quantities import TOKEN

TIERS = {"priority": "priority", "flex": "flex", "batches": "batch", "balanced": "balanced", "ultrafast": "ultrafast"}
INCLUSIVE_THRESHOLDS = ("xai",)  # a prompt of exactly the threshold is above it
SUFFIXES = re.compile(rf"(?P<base>.*?)(_above_(?P<above>\d+)(?P<thousand>k?)_tokens)?(_(?P<tier>{'|'.join(TIERS)}))?")
PER_MILLISECOND = Decimal("0.001")  # of the price of a second

OF_TOKENS = {
    "input_cost_per_token": (INPUT, "prompt"),
    "input_cost_per_audio_token": (INPUT, "audio"),
    "input_cost_per_image_token": (INPUT, "image"),
    "input_cost_per_video_token": (INPUT, "video"),
    "cache_read_input_token_cost": (INPUT, "cached"),
    "cache_read_input_audio_token_cost": (INPUT, "cached_audio"),
    "cache_read_input_image_token_cost": (INPUT, "cached_image"),
    "cache_creation_input_token_cost": (INPUT, "cache_write"),
    "cache_creation_input_token_cost_above_1hr": (INPUT, "cache_write_1h"),
    "output_cost_per_token": (OUTPUT, "completion"),
    "output_cost_per_reasoning_token": (OUTPUT, "reasoning"),
    "output_cost_per_audio_token": (OUTPUT, "audio"),
    "output_cost_per_image_token": (OUTPUT, "image"),
    "output_cost_per_video_token": (OUTPUT, "video"),
}
OLDER_NAMES = {"input_cost_per_token_cache_hit": "cache_read_input_token_cost"}  # where both are there, the newer one holds
OF_OTHER_UNITS = {
    "input_cost_per_image": (INPUT, "image", "image"),
    "output_cost_per_image": (OUTPUT, "image", "image"),
    "input_cost_per_character": (INPUT, "character", "character"),
    "output_cost_per_character": (OUTPUT, "character", "character"),
    "ocr_cost_per_page": (INPUT, "page", "page"),
    "annotation_cost_per_page": (INPUT, "annotation", "page"),
    "input_cost_per_query": (INPUT, "query", "query"),
    "input_cost_per_request": (INPUT, "request", "request"),
}
OF_SECONDS = {  # events count milliseconds
    "input_cost_per_audio_per_second": (INPUT, "audio"),
    "input_cost_per_video_per_second": (INPUT, "video"),
    "output_cost_per_video_per_second": (OUTPUT, "video"),
}
OF_SECONDS_BY_MODE = {  # seconds of what, the mode of the entry says
    ("input_cost_per_second", "audio_transcription"): (INPUT, "audio"),
    ("input_cost_per_second", "realtime"): (INPUT, "audio"),
    ("output_cost_per_second", "audio_transcription"): (OUTPUT, "audio"),
    ("output_cost_per_second", "audio_speech"): (OUTPUT, "audio"),
    ("output_cost_per_second", "video_generation"): (OUTPUT, "video"),
}

LEFT_OUT = (  # the first that matches tells why
    (re.compile(r"off_peak_pricing"), "time of day"),
    (re.compile(r"regional_.*_multiplier.*|provider_specific_entry"), "place or speed: a multiplier of the whole request"),
    (re.compile(r"(search_|google_maps_|code_interpreter_|file_search_|vector_store_|computer_use_|citation_).*"), "tools and grounding"),
    (re.compile(r".*_dbu_cost_.*"), "DBU: the same price in a provider's own money"),
    (re.compile(r".*_per_pixel"), "pixels"),
    (re.compile(r".*_above_12hr.*|cache_creation_input_audio_.*|explicit_cache_.*"), "kinds of cache that no category tells apart"),
    (re.compile(r".*_cost_per_(image|second|video_per_second)_.+"), "sizes, qualities and lengths of images and videos"),
    (re.compile(r"(input_|output_)?cost_per_second"), "seconds of reserved capacity"),
    (re.compile(r"guardrail_.*|ocr_cost_per_credit|input_cost_per_text_message"), "units that no event counts"),
    (re.compile(r".*_(decisions|fast|auto)"), "service tiers without a rule"),
)
PRICE = re.compile(r"cost|pric|uplift|search_free|provider_specific_entry")
RANGES = "tiered_pricing"  # prices within: they have keys of their own


ONE = Decimal(1)


class PriceKey(NamedTuple):
    """What a key is the price of, and what its number is multiplied by to be the price of one unit."""

    key: Key
    factor: Decimal = ONE


def parse(name: str, mode: str | None, provider: str | None) -> PriceKey | str | None:
    """What an entry's key is the price of; the reason why it is not taken over; null for a key that is no price."""
    suffixes = SUFFIXES.fullmatch(name)
    assert suffixes, "each part of it may be absent"
    base = OLDER_NAMES.get(suffixes["base"], suffixes["base"])
    above = None
    if suffixes["above"]:
        above = int(suffixes["above"]) * (1000 if suffixes["thousand"] else 1) - (provider in INCLUSIVE_THRESHOLDS)
    tier = TIERS.get(suffixes["tier"])
    if base in OF_TOKENS:
        return PriceKey((*OF_TOKENS[base], TOKEN, above, tier))
    if base in OF_OTHER_UNITS:
        return PriceKey((*OF_OTHER_UNITS[base], above, tier))
    second = OF_SECONDS.get(base) or OF_SECONDS_BY_MODE.get((base, mode or ""))
    if second:
        return PriceKey((*second, "millisecond", above, tier), PER_MILLISECOND)
    return left_out(name) if PRICE.search(name) and name != RANGES else None


def left_out(name: str) -> str:
    """Why a key that is a price is not taken over."""
    return next((reason for pattern, reason in LEFT_OUT if pattern.fullmatch(name)), "keys that are unknown")

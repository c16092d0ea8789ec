"""A LiteLLM price list becomes prices: what its keys say, what its rules leave unsaid, and a count of all the rest."""

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ingest import litellm_prices
from ingest.litellm_price_entries import NO_NUMBER, OTHER_RANGES, TOLD_TWICE, TOO_LONG
from ingest.litellm_prices import NO_PRICE, PriceList, price_events, read
from ingest.outcomes import UnacceptableError

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = "batch"


def listed(name: str = "m", provider: str = "openai", **prices: Any) -> PriceList:
    return read(json.dumps({name: {"litellm_provider": provider, "mode": "chat"} | prices}).encode())


def told(name: str = "m", provider: str = "openai", **prices: Any) -> dict[tuple[Any, ...], str]:
    """Prices by direction, category, threshold and tier, of the name that the list gives. Batch prices are left out unless asked for."""
    tiers = prices.pop("tiers", lambda tier: tier != BATCH)
    return {
        (each.direction, each.category, each.above_prompt_tokens, each.service_tier): f"{each.unit_price.normalize():f}"
        for each in listed(name, provider, **prices).prices
        if each.model == name and each.provider is None and tiers(each.service_tier)
    }


def batch(**prices: Any) -> dict[tuple[Any, ...], str]:
    return {key[:3]: price for key, price in told(tiers=lambda tier: tier == BATCH, **prices).items()}


def test_numbers_are_read_as_decimals_and_texts_as_numbers():
    assert told(input_cost_per_token=3e-07, output_cost_per_token="3e-7") == {
        ("input", "prompt", None, None): "0.0000003",
        ("output", "completion", None, None): "0.0000003",
    }


def test_an_entry_without_a_price_gives_none_and_an_explicit_0_is_free():
    assert listed(max_tokens=8192).prices == []
    assert listed(max_tokens=8192).left_out == {NO_PRICE: 1}
    assert told(input_cost_per_token=0, output_cost_per_token=None) == {("input", "prompt", None, None): "0"}


def test_the_entry_that_explains_the_others_is_none():
    assert read(b'{"sample_spec": {"input_cost_per_token": 0}}') == ([], {})


def test_every_kind_of_token_has_its_category():
    assert list(
        told(
            input_cost_per_token=1,
            input_cost_per_audio_token=2,
            input_cost_per_image_token=3,
            input_cost_per_video_token=4,
            cache_read_input_token_cost=5,
            cache_read_input_audio_token_cost=6,
            cache_read_input_image_token_cost=7,
            cache_creation_input_token_cost=8,
            cache_creation_input_token_cost_above_1hr=9,
            output_cost_per_token=10,
            output_cost_per_reasoning_token=11,
            output_cost_per_audio_token=12,
            output_cost_per_image_token=13,
            output_cost_per_video_token=14,
        ).items()
    ) == [
        (("input", "prompt", None, None), "1"),
        (("input", "audio", None, None), "2"),
        (("input", "image", None, None), "3"),
        (("input", "video", None, None), "4"),
        (("input", "cached", None, None), "5"),
        (("input", "cached_audio", None, None), "6"),
        (("input", "cached_image", None, None), "7"),
        (("input", "cache_write", None, None), "8"),
        (("input", "cache_write_1h", None, None), "9"),
        (("output", "completion", None, None), "10"),
        (("output", "reasoning", None, None), "11"),
        (("output", "audio", None, None), "12"),
        (("output", "image", None, None), "13"),
        (("output", "video", None, None), "14"),
    ]


@pytest.mark.parametrize(
    ("mode", "key", "kind"),
    [
        ("image_generation", "output_cost_per_image", ("output", "image", "image", "6")),
        ("embedding", "input_cost_per_image", ("input", "image", "image", "6")),
        ("audio_speech", "input_cost_per_character", ("input", "character", "character", "6")),
        ("ocr", "ocr_cost_per_page", ("input", "page", "page", "6")),
        ("ocr", "annotation_cost_per_page", ("input", "annotation", "page", "6")),
        ("rerank", "input_cost_per_query", ("input", "query", "query", "6")),
        ("chat", "input_cost_per_request", ("input", "request", "request", "6")),
        ("audio_transcription", "input_cost_per_second", ("input", "audio", "millisecond", "0.006")),
        ("audio_speech", "output_cost_per_second", ("output", "audio", "millisecond", "0.006")),
        ("video_generation", "output_cost_per_second", ("output", "video", "millisecond", "0.006")),
        ("embedding", "input_cost_per_video_per_second", ("input", "video", "millisecond", "0.006")),
    ],
)
def test_other_units_are_counted_as_events_count_them(mode: str, key: str, kind: tuple[str, ...]):
    content = json.dumps({"m": {"litellm_provider": "openai", "mode": mode, key: 6}}).encode()
    price = read(content).prices[0]
    assert (price.direction, price.category, price.unit, f"{price.unit_price.normalize():f}") == kind


def test_seconds_of_reserved_capacity_are_no_usage():
    assert listed(input_cost_per_second=1, cost_per_second=1).left_out == {"seconds of reserved capacity": 2, NO_PRICE: 1}


def test_thresholds_and_tiers_are_conditions():
    prices = told(
        input_cost_per_token=1,
        input_cost_per_token_above_200k_tokens=2,
        input_cost_per_token_above_512_tokens=3,
        input_cost_per_token_priority=4,
        input_cost_per_token_above_200k_tokens_priority=5,
        cache_creation_input_token_cost_above_1hr_above_200k_tokens=6,
    )
    assert prices == {
        ("input", "prompt", None, None): "1",
        ("input", "prompt", 200_000, None): "2",
        ("input", "prompt", 512, None): "3",
        ("input", "prompt", None, "priority"): "4",
        ("input", "prompt", 200_000, "priority"): "5",
        ("input", "cache_write_1h", 200_000, None): "6",
    }


def test_a_threshold_of_xai_is_passed_by_reaching_it():
    assert ("input", "prompt", 199_999, None) in told(provider="xai", input_cost_per_token_above_200k_tokens=2)


def test_ranges_are_thresholds_and_what_a_range_does_not_price_takes_its_prompt_price():
    ranges = [
        {"range": [0, 32000.0], "input_cost_per_token": 1, "output_cost_per_token": 10, "cache_read_input_token_cost": 0.1},
        {"range": [32000.0, 128000.0], "input_cost_per_token": 2, "output_cost_per_token": 20, "output_cost_per_reasoning_token": 30},
    ]
    assert told(tiered_pricing=ranges, input_cost_per_token=7, input_cost_per_audio_token=8) == {
        ("input", "audio", None, None): "8",
        ("input", "cached", None, None): "0.1",
        ("input", "prompt", None, None): "1",
        ("output", "completion", None, None): "10",
        ("output", "reasoning", None, None): "10",
        ("input", "cached", 32_000, None): "2",
        ("input", "prompt", 32_000, None): "2",
        ("output", "completion", 32_000, None): "20",
        ("output", "reasoning", 32_000, None): "30",
    }


def test_ranges_without_completions_keep_the_price_beside_them():
    prices = told(tiered_pricing=[{"range": [0, 10], "input_cost_per_token": 1}], output_cost_per_token=7, input_cost_per_token=9)
    assert prices == {("input", "prompt", None, None): "1", ("output", "completion", None, None): "7"}


@pytest.mark.parametrize("group", [{"range": ["a", "b"], "input_cost_per_token": 1}, {"range": [1]}, {"input_cost_per_token": 1}, 1, None])
def test_ranges_that_are_none_are_left_out(group: Any):
    assert listed(tiered_pricing=[group], mode=[], litellm_provider={}).left_out == {OTHER_RANGES: 1, NO_PRICE: 1}


def test_ranges_of_search_results_are_left_out():
    assert listed(tiered_pricing=[{"max_results_range": [0, 25], "input_cost_per_query": 1}]).left_out == {OTHER_RANGES: 1, NO_PRICE: 1}


def test_reasoning_in_a_tier_costs_what_completions_cost_there():
    prices = told(
        output_cost_per_token=1,
        output_cost_per_reasoning_token=9,
        output_cost_per_token_priority=2,
        output_cost_per_token_above_200k_tokens=3,
    )
    assert prices["output", "reasoning", None, None] == "9"
    assert prices["output", "reasoning", None, "priority"] == "2"
    assert prices["output", "reasoning", 200_000, "priority"] == "3"


def test_batch_without_prices_of_its_own_is_half_of_the_standard_at_every_threshold():
    assert batch(
        input_cost_per_token=1, cache_read_input_token_cost=0.1, output_cost_per_token=4, input_cost_per_token_above_200k_tokens=2
    ) == {
        ("input", "prompt", None): "0.5",
        ("input", "cached", None): "0.05",
        ("output", "completion", None): "2",
        ("input", "prompt", 200_000): "1",
    }


def test_a_part_without_a_batch_price_takes_that_of_the_whole():
    assert batch(
        input_cost_per_token=1,
        input_cost_per_token_batches=0.4,
        input_cost_per_token_above_200k_tokens=2,
        cache_read_input_token_cost=0.1,
        output_cost_per_token=4,
        output_cost_per_token_batches=1,
        output_cost_per_reasoning_token=5,
        output_cost_per_image_token=6,
    ) == {
        ("input", "prompt", None): "0.4",
        ("input", "prompt", 200_000): "0.4",
        ("input", "cached", None): "0.4",
        ("output", "completion", None): "1",
        ("output", "reasoning", None): "1",
        ("output", "image", None): "3",
    }


def test_fireworks_reads_from_its_cache_at_half_price_unless_told_otherwise():
    assert told(provider="fireworks_ai", input_cost_per_token=1)["input", "cached", None, None] == "0.5"
    both = told(provider="fireworks_ai", input_cost_per_token=1, cache_read_input_token_cost=0)
    assert both["input", "cached", None, None] == "0"


def test_a_model_that_prices_images_alone_puts_out_nothing_else():
    assert told(output_cost_per_image_token=4)["output", "completion", None, None] == "4"
    assert told(output_cost_per_image_token=4, output_cost_per_token=1)["output", "completion", None, None] == "1"


def test_an_older_name_of_a_price_is_read_where_the_newer_is_not_there():
    assert told(input_cost_per_token_cache_hit=1) == {("input", "cached", None, None): "1"}
    both = listed(input_cost_per_token_cache_hit=1, cache_read_input_token_cost=2)
    assert [each.unit_price for each in both.prices if each.model == "m" and each.service_tier is None] == [Decimal(2)]
    assert both.left_out == {TOLD_TWICE: 1}


def names(entries: dict[str, str]) -> set[tuple[str, str | None]]:
    content = {name: {"litellm_provider": provider, "input_cost_per_query": 1} for name, provider in entries.items()}
    return {(each.model, each.provider) for each in read(json.dumps(content).encode()).prices}


def test_a_model_goes_by_the_names_that_litellm_finds_it_by():
    assert names({"azure/gpt-4o": "azure"}) == {("azure/gpt-4o", None), ("gpt-4o", "azure")}
    assert names({"o3": "openai"}) == {("o3", None), ("openai/o3", None)}
    assert names({"vertex_ai/x": "vertex_ai-llama_models"}) == {("vertex_ai/x", None), ("x", "vertex_ai")}
    assert names({"1024-x-1024/dall-e-2": "openai"}) == {("1024-x-1024/dall-e-2", None)}


def test_a_key_of_the_list_comes_before_a_name_made_of_another():
    assert names({"gemini/x": "gemini", "x": "gemini"}) == {("gemini/x", None), ("x", None)}
    assert names({"azure/x": "azure", "x": "openai"}) == {("azure/x", None), ("x", "azure"), ("x", None), ("openai/x", None)}


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("off_peak_pricing", {"input_cost_per_token": 1}, "time of day"),
        ("regional_processing_uplift_multiplier_eu", 1.1, "place or speed: a multiplier of the whole request"),
        ("search_context_cost_per_query", {"search_context_size_low": 1}, "tools and grounding"),
        ("input_dbu_cost_per_token", 1, "DBU: the same price in a provider's own money"),
        ("output_cost_per_pixel", 1, "pixels"),
        ("cache_creation_input_token_cost_above_12hr", 1, "kinds of cache that no category tells apart"),
        ("output_cost_per_image_1K", 1, "sizes, qualities and lengths of images and videos"),
        ("output_cost_per_second_720p", 1, "sizes, qualities and lengths of images and videos"),
        ("input_cost_per_token_decisions", 1, "service tiers without a rule"),
        ("ocr_cost_per_credit", 1, "units that no event counts"),
        ("cost_of_a_kind_to_come", 1, "keys that are unknown"),
        ("input_cost_per_token", True, NO_NUMBER),
        ("input_cost_per_token", "a lot", NO_NUMBER),
        ("input_cost_per_token", -1, NO_NUMBER),
        ("input_cost_per_token", "NaN", NO_NUMBER),
        ("input_cost_per_token", [], NO_NUMBER),
        ("input_cost_per_token", "1e-31", TOO_LONG),
        ("input_cost_per_token", "1e12", TOO_LONG),
        ("input_cost_per_token", "1e999999", TOO_LONG),
        ("input_cost_per_token", "1e9999999", TOO_LONG),
        ("input_cost_per_token", "1" * 200, TOO_LONG),
    ],
)
def test_what_is_not_taken_over_is_counted_by_reason(key: str, value: Any, reason: str):
    assert listed(**{key: value}).left_out == {reason: 1, NO_PRICE: 1}


def test_a_list_may_be_gzipped():
    content = json.dumps({"m": {"litellm_provider": "openai", "input_cost_per_token": 1}}).encode()
    assert read(gzip.compress(content)) == read(content)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"m": 1}', b"{", b"\xff", gzip.compress(b"{}", mtime=0)[:-9], b"[" * 100_000])
def test_anything_else_is_refused(content: bytes):
    with pytest.raises(UnacceptableError):
        read(content)


def test_a_list_that_expands_past_its_limit_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(litellm_prices, "MAX_LIST_BYTES", 1000)
    with pytest.raises(UnacceptableError, match="MAX_LIST_BYTES"):
        read(gzip.compress(b" " * 1001))


def test_the_same_prices_from_the_same_instant_are_the_same_events():
    prices = listed(input_cost_per_token=2.5e-06, input_cost_per_token_above_200k_tokens_priority=5e-06).prices
    events = list(price_events(prices, SINCE))
    assert events[0] == {
        "specversion": "1.0",
        "type": "price.set",
        "source": "prices/litellm",
        "id": "* m input prompt token 0 standard 2026-01-01T00:00:00Z",
        "time": "2026-01-01T00:00:00Z",
        "data": {
            "model": "m",
            "provider": None,
            "direction": "input",
            "category": "prompt",
            "unit": "token",
            "unit_price": "0.0000025",
            "effective_from": "2026-01-01T00:00:00Z",
            "sheet": "litellm",
        },
    }
    assert events[1]["data"]["above_prompt_tokens"] == 200_000
    assert events[1]["data"]["service_tier"] == "priority"
    assert events == list(price_events(prices, SINCE))
    later = list(price_events(prices, datetime(2026, 2, 1, tzinfo=UTC), told_at=SINCE))
    assert not {event["id"] for event in events} & {event["id"] for event in later}
    assert {event["time"] for event in later} == {"2026-01-01T00:00:00Z"}

"""Whole price lists, against what LiteLLM charges by them and against what real calls were reported to cost."""

import gzip
import json
import math
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from benchmarks.rating import LATER, book
from benchmarks.traces import data, lines
from domain.events import RequestCompleted, microseconds
from domain.prices import PriceBook
from domain.rating import explain, rate
from ingest.cloudevents import parse
from ingest.litellm_prices import price_events, read
from ingest.outcomes import Sender
from tests.events import FOR_EVER
from tests.real_input.present import needed

needed("price lists", data())

# The oracle adds up to four products of floats, each rounded; we add decimals and round once. Two units in the last place is the widest
# that the two come apart: of the 55,754 costs 39,448 are the same float, 16,299 are its neighbour, 7 are one further.
ULPS = 2
OLDEST = ("1.55.0", datetime(2024, 8, 1, tzinfo=UTC))  # released on 2024-12-12, but it is the oldest there is, and calls go back to August
RELEASED = (OLDEST, ("1.61.0", datetime(2025, 2, 11, tzinfo=UTC)), ("1.63.0", datetime(2025, 3, 6, tzinfo=UTC)))  # on the package index


@cache
def whole_list() -> dict[str, Any]:
    return json.loads(gzip.decompress((data() / "prices" / "litellm-1.106.2.json.gz").read_bytes()))


def request(vector: dict[str, Any]) -> RequestCompleted:
    """OpenAI's usage block with categories that are disjoint: `prompt_tokens` and `completion_tokens` are totals there."""
    usage = vector["usage"]
    of_prompt, of_completion = (usage.get(f"{side}_tokens_details") or {} for side in ("prompt", "completion"))
    written = of_prompt.get("cache_creation_tokens") or 0
    lives = of_prompt.get("cache_creation_token_details") or {}
    input = {
        "cached": of_prompt.get("cached_tokens") or 0,
        "cache_write": lives.get("ephemeral_5m_input_tokens", written),
        "cache_write_1h": lives.get("ephemeral_1h_input_tokens", 0),
        "audio": of_prompt.get("audio_tokens") or 0,
        "image": of_prompt.get("image_tokens") or 0,
    }
    output = {"reasoning": of_completion.get("reasoning_tokens") or 0, "audio": of_completion.get("audio_tokens") or 0}
    input["prompt"] = usage["prompt_tokens"] - sum(input.values())
    output["completion"] = usage["completion_tokens"] - sum(output.values())
    sides = [tuple(sorted((category, "token", count) for category, count in side.items())) for side in (input, output)]
    names = {"model": vector["model"], "provider": vector["provider"], "service_tier": vector["service_tier"]}
    return RequestCompleted("acme", "oracle", "1", 1, **names, input=sides[0], output=sides[1])


def outcome(prices: PriceBook, vector: dict[str, Any]) -> str:
    """`reproduced`, or the reason why not."""
    entry, one = whole_list()[vector["model"]], request(vector)
    rated = rate(prices, one, LATER)
    if rated.input is None or rated.output is None:
        missing = {(line.direction, line.category) for line in explain(prices, one, LATER).lines if line.fee is None}
        assert all(direction == "output" for direction, _ in missing)
        assert "output_cost_per_token" not in entry
        assert vector["output_cost"] == 0
        return "the list prices no output: 0 there, unpriced here"
    pairs = ((rated.input, vector["input_cost"]), (rated.output, vector["output_cost"]))
    if all(abs(float(sum(fees)) - cost) <= ULPS * math.ulp(cost) for fees, cost in pairs):
        return "reproduced"
    return "the hour is off-peak there" if "off_peak_pricing" in entry else "differs"


def test_every_vector_that_the_rules_cover_is_reproduced_and_the_rest_is_counted():
    prices = book(("1.106.2", 0))
    with gzip.open(data() / "prices" / "oracle-4of5.jsonl.gz") as file:
        outcomes = Counter(outcome(prices, json.loads(line)) for line in file)
    assert outcomes == {
        "reproduced": 27_877,
        "the hour is off-peak there": 81,
        "the list prices no output: 0 there, unpriced here": 81,
    }


def test_what_of_a_list_is_not_taken_over_is_counted():
    prices, left_out = read((data() / "prices" / "litellm-1.106.2.json.gz").read_bytes())
    assert len(prices) == 48_205
    assert left_out == {
        "tools and grounding": 436,
        "sizes, qualities and lengths of images and videos": 170,
        "entries without a price": 155,
        "place or speed: a multiplier of the whole request": 138,
        "DBU: the same price in a provider's own money": 116,
        "pixels": 68,
        "seconds of reserved capacity": 56,
        "prices told twice": 41,
        "kinds of cache that no category tells apart": 27,
        "ranges of something other than prompt tokens": 12,
        "time of day": 10,
        "service tiers without a rule": 8,
        "units that no event counts": 6,
    }


@pytest.mark.parametrize("version", ["1.55.0", "1.61.0", "1.63.0", "1.106.2"])
def test_no_two_prices_of_a_list_share_a_name(version: str):
    prices = read((data() / "prices" / f"litellm-{version}.json.gz").read_bytes()).prices
    assert len({event["id"] for event in price_events(prices, OLDEST[1])}) == len(prices)


def reported() -> list[RequestCompleted]:
    calls = [parse(line, Sender(None), FOR_EVER) for line in lines("aider-2024")]
    return [call for call in calls if isinstance(call, RequestCompleted) and call.reported_cost is not None]


def compared(prices: PriceBook, call: RequestCompleted) -> str:
    """The reports were added up in floats, some from several calls: 1,512 of those that are reproduced are so to the last bit."""
    fee = rate(prices, call, LATER).fee
    if fee is None:
        return "unpriced"
    return "reproduced" if math.isclose(fee, float(call.reported_cost or ""), rel_tol=1e-9) else "differs"


def test_reported_costs_are_reproduced_by_the_lists_of_their_time():
    prices = book(*((version, microseconds(released)) for version, released in RELEASED))
    outcomes = Counter(compared(prices, call) for call in reported())
    assert outcomes == {"reproduced": 2_289, "unpriced": 347, "differs": 33}


def test_reported_costs_that_no_list_of_the_time_reproduces_are_counted():
    books = [book((version, 0)) for version, _ in RELEASED]
    outcomes = Counter(
        min((compared(prices, call) for prices in books), key=("reproduced", "differs", "unpriced").index) for call in reported()
    )
    assert outcomes == {"reproduced": 2_439, "unpriced": 194, "differs": 36}

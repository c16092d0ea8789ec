"""How fast the pure function rates: `python -m benchmarks.rating`. The book holds a whole LiteLLM list, requests are a believable mix."""

from itertools import count, cycle, islice
from random import Random
from time import perf_counter

from benchmarks.traces import data
from domain.events import RequestCompleted
from domain.prices import Price, PriceBook
from domain.rating import rate
from ingest.litellm_prices import SHEET, read

LIST = "1.106.2"
LATER = 1_000_000  # a position past all prices
MODELS = (  # the list's own names, one of a provider, one with thresholds and one that no list has
    ("gpt-4o", "openai"),
    ("gpt-4o-mini", "openai"),
    ("o3-mini", "openai"),
    ("claude-sonnet-4-6", "anthropic"),
    ("gpt-4o", "azure"),
    ("gemini/gemini-2.5-pro", "gemini"),
    ("deepseek/deepseek-chat", "deepseek"),
    ("in-house", None),
)
WAYS = (  # input, output, service tier
    ((("prompt", "token", 310),), (("completion", "token", 95),), None),
    ((("cached", "token", 1024), ("prompt", "token", 310)), (("completion", "token", 95), ("reasoning", "token", 64)), None),
    ((("cached", "token", 190_000), ("prompt", "token", 30_000)), (("completion", "token", 800),), None),
    ((("cache_write", "token", 1000), ("cached", "token", 4096), ("prompt", "token", 21)), (("completion", "token", 57),), None),
    ((("prompt", "token", 2000),), (("completion", "token", 400), ("reasoning", "token", 320)), "priority"),
    ((("prompt", "token", 900),), (("completion", "token", 30),), "batch"),
)
DAY = 86_400_000_000
REQUESTS = 200_000


def book(*lists: tuple[str, int]) -> PriceBook:
    """Every price of the lists, by version, each from an instant on (microseconds since 1970). Recorded in that order."""
    positions = count(1)
    return PriceBook(
        Price(next(positions), *each[:5], each.unit_price, since, *each[6:], SHEET)
        for version, since in lists
        for each in read((data() / "prices" / f"litellm-{version}.json.gz").read_bytes()).prices
    )


def requests(number: int) -> list[RequestCompleted]:
    """Models and ways of use in every combination, in an order that repeats from run to run."""
    kinds = [(model, provider, way) for model, provider in MODELS for way in WAYS]
    Random(7).shuffle(kinds)
    return [
        RequestCompleted(
            "acme", "router/eu-1", str(i), i * DAY // number, model=model, provider=provider, input=input, output=output, service_tier=tier
        )
        for i, (model, provider, (input, output, tier)) in enumerate(islice(cycle(kinds), number))
    ]


def measure(number: int = REQUESTS) -> float:
    """Requests rated per second, of the best of three rounds after a first one."""
    prices, usage = book((LIST, 0)), requests(number)
    rounds = []
    for _ in range(4):
        start = perf_counter()
        for request in usage:
            rate(prices, request, LATER)
        rounds.append(perf_counter() - start)
    return number / min(rounds[1:])


if __name__ == "__main__":
    speed = measure()
    print(f"rating: {speed:,.0f} requests/s, {1e6 / speed:.2f} µs each")

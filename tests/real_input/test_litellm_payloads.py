"""What a real proxy posted, against what a person reads in it; and rated with the price list of the proxy, against what it reported."""

import json
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest

from benchmarks.rating import LATER, book
from benchmarks.traces import data
from domain.events import RequestCompleted
from domain.prices import PriceBook
from domain.rating import rate
from ingest.litellm.dialect import READING, LiteLLM
from tests.events import ACME, FOR_EVER
from tests.real_input.present import needed

FOLDER = needed("payloads", data() / "payloads" / "litellm")

TEAM_A = ("7f6835bd379e7e75e061d392c11024fb04441766c21089d470150ebd8b88433a", "team-a-prod")
TEAM_B = ("47a5c3cdb5284a6c3ac47ad764adab93e557e44e08c28ed155659532a2260436", "team-b-ci")
CACHED = {"cached": 4096, "cache_write": 1000, "cache_write_1h": 24, "prompt": 21}
REASONED = ({"cached": 1920, "prompt": 1080}, {"reasoning": 320, "completion": 80})

# request_type, model, provider, key; input, output; ttft, latency and gateway latency in ms; status, what its error begins with; cost
READ: dict[str, tuple[Any, ...]] = {
    "failure-upstream-400": (
        ("chat", "stub-400", "openai", TEAM_A),
        (None, None),
        (None, "37.153", None),
        (400, "litellm.BadRequestError: OpenAIException - context_length_exceeded: maximum context length is 128000 tokens"),
        None,
    ),
    "failure-upstream-429": (
        ("chat", "stub-429", "openai", TEAM_A),
        (None, None),
        (None, "4.917", None),
        (429, "litellm.RateLimitError: RateLimitError: OpenAIException - Rate limit reached for requests"),
        None,
    ),
    "failure-upstream-500": (
        ("chat", "stub-500", "openai", TEAM_A),
        (None, None),
        (None, "20.177", None),
        (500, "litellm.InternalServerError: InternalServerError: OpenAIException - The server had an error"),
        None,
    ),
    "success-anthropic-messages": (
        ("chat", "claude-sonnet-4-5", "anthropic", TEAM_A),
        (CACHED, {"completion": 57}),
        (None, "8.218", "8.333"),
        (200, None),
        "0.0260408",
    ),
    "success-anthropic-messages-stream": (
        ("chat", "claude-sonnet-4-5", "anthropic", TEAM_A),
        (CACHED, {"completion": 57}),
        ("109.533", "707.433", None),
        (200, None),
        "0.0260408",
    ),
    "success-embedding": (
        ("embedding", "text-embedding-3-small", "openai", TEAM_A),
        ({"prompt": 8}, {}),
        (None, "7.992", "14.2539"),
        (200, None),
        "0.00000016",
    ),
    "success-mock": (
        ("chat", "gpt-4o", "openai", TEAM_A),
        ({"prompt": 10}, {"completion": 20}),
        (None, "56.559", None),
        (200, None),
        "0.00022500000000000002",
    ),
    "success-mock-stream": (
        ("chat", "gpt-4o", "openai", TEAM_A),
        ({"prompt": 9}, {"completion": 10}),
        ("408.952", "1343.015", None),
        (200, None),
        "0.0001225",
    ),
    "success-openai-cached-reasoning": (
        ("chat", "gpt-5-mini", "openai", TEAM_B),
        REASONED,
        (None, "1750.275", "15.1069"),
        (200, None),
        "0.001118",
    ),
    "success-openai-priority": (  # asked for, and served as standard
        ("chat", "gpt-5-mini", "openai", TEAM_B),
        REASONED,
        (None, "21.226", "14.1609"),
        (200, None),
        "0.001118",
    ),
    "success-openai-stream": (
        ("chat", "gpt-5-mini", "openai", TEAM_B),
        REASONED,
        ("176.485", "782.431", None),
        (200, None),
        "0.001118",
    ),
    "success-openai-stream-include-usage": (
        ("chat", "gpt-5-mini", "openai", TEAM_B),
        REASONED,
        ("142.707", "757.093", None),
        (200, None),
        "0.001118",
    ),
}
TOOLS = {"success-anthropic-messages": Decimal("0.02"), "success-anthropic-messages-stream": Decimal("0.02")}  # two searches of the web


def events(name: str) -> list[RequestCompleted]:
    posted = json.loads((FOLDER / f"{name}.json").read_bytes())
    reports = LiteLLM().reports(msgspec.json.encode(posted["body"]), posted["headers"]["content-type"])
    return [READING.parse(report, ACME, FOR_EVER) for report in reports]  # pyright: ignore[reportReturnType] - it makes requests


@cache
def price_book() -> PriceBook:
    return book(("1.106.2", 0))


def milliseconds(nanoseconds: int | None) -> str | None:
    return None if nanoseconds is None else str((Decimal(nanoseconds) / 1_000_000).normalize())


def side(quantities: tuple[tuple[str, str, int], ...] | None) -> dict[str, int] | None:
    if quantities is None:
        return None
    assert {unit for _, unit, _ in quantities} <= {"token"}
    return {category: quantity for category, _, quantity in quantities}


def test_every_payload_was_read_by_a_person():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(READ)


@pytest.mark.parametrize("name", READ)
def test_what_the_proxy_posted_is_what_a_person_reads_in_it(name):
    (found,) = events(name)
    assert (
        (found.request_type, found.model, found.provider, (found.api_key, found.api_key_name)),
        (side(found.input), side(found.output)),
        tuple(map(milliseconds, (found.ttft_ns, found.latency_ns, found.gateway_latency_ns))),
        (found.status_code, found.error_message),
        found.reported_cost,
    ) == READ[name]
    assert (found.source, found.channel, found.service_tier) == ("litellm", "router", None)
    assert found.usage_source == ("none" if found.input is None else "reported")


@pytest.mark.parametrize("name", [name for name in READ if name.startswith("success")])
def test_rated_with_the_list_of_the_proxy_a_call_costs_what_the_proxy_reported(name):
    (found,) = events(name)
    fee = rate(price_book(), found, LATER).fee
    assert fee is not None
    assert float(fee + TOOLS.get(name, Decimal(0))) == pytest.approx(float(found.reported_cost or "0"), rel=1e-12)

"""A request, opened: all that the API tells of it, field by field, and how its fee came about; also corrected, voided, or failed."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, expect

from tests.dashboard import varied
from tests.dashboard.conftest import Enter
from tests.dashboard.varied import FIRST, days, event, instant, token
from tests.service.running import Command

EVENT = "position type version recordedAt time source eventId data"
REQUESTS = f"""query($range: TimeRange!, $id: String!) {{ account {{ currency history(
    range: $range, filter: {{requestId: $id, includeVoided: true}}) {{ nodes {{
    id timestamp requestId source eventId version voided model modelVersion requestType technology provider serviceTier apiKey {{ id name }}
    channel deployment {{ name }} inputTokens outputTokens totalTokens
    timeToFirstToken latency gatewayLatency statusCode errorMessage fee reportedCost
    ratedLines {{ direction category label quantity unit unitPrice fee price {{ {EVENT} }} }} events {{ {EVENT} }} }} }} }} }}"""
NONE = "\N{EN DASH}"
TIME = FIRST + timedelta(hours=5)
FULL: dict[str, Any] = {
    "request_type": "chat",
    "model": "alpha",
    "model_version": "2026-01",
    "provider": "north",
    "technology": "LLM",
    "service_tier": "flex",
    "api_key": {"id": "key-1", "name": "web app"},
    "input": [{"category": "prompt", "quantity": 12_345}, {"category": "cached", "quantity": 0}, {"category": "unpriced", "quantity": 2}],
    "output": [{"category": "completion", "quantity": 67}],
    "ttft_ms": 212.5,
    "latency_ms": 1840,
    "gateway_latency_ms": 4.1,
    "status_code": 200,
    "reported_cost": "0.0316",
}
PRICED = {"input": [{"category": "prompt", "quantity": 12_345}, {"category": "cached", "quantity": 1_000}]}
TOLD: dict[str, dict[str, Any]] = {
    "whole": FULL | PRICED,
    "without a price": FULL,
    "corrected": FULL | {"api_key": {"id": "key-2", "name": "key-2"}},
    "voided": FULL | PRICED,
    "failed": {"model": "alpha", "status_code": 429, "error_message": "Rate limit reached", "input": [], "output": []},
    "broken off": {"model": "beta", "error_message": "connection reset by peer"},
    "of a deployment": FULL | {"channel": "deployment", "deployment": "chat-prod"},
}


def of(id: str) -> dict[str, str]:
    return {"source": "varied", "id": id, "time": instant(TIME)}


def more() -> Iterator[bytes]:
    for id, data in TOLD.items():
        yield event("request.completed", id, TIME, data | {"request_id": f"request {id}"})
    change = {"of": of("corrected"), "version": 1, "reason": "counted twice", "provider": None, "latency_ms": 2000, **PRICED}
    yield event("request.corrected", "a correction", TIME + timedelta(hours=1), change)
    yield event("request.voided", "a voiding", TIME, {"of": of("voided"), "version": 1, "reason": "a test"})


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    with varied.varied(*more()) as found:
        yield found


def at(told: str) -> datetime:
    """An instant, as people read it."""
    return datetime.strptime(told, "%d %b %Y, %H:%M:%S UTC").replace(tzinfo=UTC)


def second(told: str) -> datetime:
    """An instant of the API, to the second."""
    return datetime.fromisoformat(told).replace(microsecond=0)


def facts(place: Locator) -> dict[str, str]:
    """Each by its name. Of a figure, what it is exactly."""
    return place.evaluate("""list => Object.fromEntries([...list.querySelectorAll("dt")].map((name) =>
        [name.innerText, name.nextElementSibling.querySelector(".value")?.title ?? name.nextElementSibling.innerText]))""")


def check_event(place: Locator, found: Any) -> None:
    """What is folded up beneath one event."""
    place.locator("summary").click()
    told = facts(place.locator("dl"))
    assert at(told.pop("Recorded")) == second(found["recordedAt"])
    assert told == {
        "Source": found["source"],
        "Event": f"{found['eventId']}, version {found['version']}",
        "Position": found["position"],
    }
    assert json.loads(place.locator("pre").inner_text()) == found["data"]


def milliseconds(value: float | None) -> str:
    return "not known" if value is None else f"{value:g} ms"


@pytest.mark.parametrize("id", TOLD)
def test_a_request_is_told_as_the_api_tells_it(served: Command, enter: Enter, id: str):
    account = served.ask(REQUESTS, token(served), range=days(), id=f"request {id}")["account"]
    [found] = account["history"]["nodes"]
    page = enter(f"/history?{urlencode(days() | {'request': found['id'], 'live': 'off'})}", token(served))
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".events > li")).to_have_count(len(found["events"]))
    told = facts(sheet.locator("dl").first)
    assert at(told.pop("Time")) == second(found["timestamp"])
    key, status = found["apiKey"], found["statusCode"]
    named = None if key is None else key["name"] if key["name"] == key["id"] else f"{key['name']} ({key['id']})"
    texts = {
        "Request": found["requestId"],
        "Reported by": f"{found['source']}, as {found['eventId']}",
        "Version of the report": f"{found['version']}{' (voided: it counts in no figure)' if found['voided'] else ''}",
        "Model": found["model"],
        "Version": found["modelVersion"],
        "Type": found["requestType"],
        "Technology": found["technology"],
        "Provider": found["provider"],
        "Tier": found["serviceTier"],
        "API key": named,
        "Served by": found["deployment"]["name"] if found["deployment"] else found["channel"].lower(),
        "Status": f"{status or ('error' if found['errorMessage'] else 'ok')}",
        "Error": found["errorMessage"],
    }
    times = {"First token": "timeToFirstToken", "Latency": "latency", "In the gateway": "gatewayLatency"}
    tokens = {"Input tokens": "inputTokens", "Output tokens": "outputTokens", "Tokens": "totalTokens"}
    assert told == {
        **{name: text or NONE for name, text in texts.items()},
        **{name: milliseconds(found[field]) for name, field in times.items()},
        **{name: "not known" if found[field] is None else f"{found[field]:,}" for name, field in tokens.items()},
    }
    check_fee(sheet, found, account["currency"])
    for place, one in zip(sheet.locator(".events > li").all(), found["events"], strict=True):
        expect(place.locator("b")).to_have_text(one["type"])
        assert at(place.locator("time").get_attribute("title") or "") == second(one["time"])
        check_event(place, one)


def check_fee(sheet: Locator, found: Any, currency: str) -> None:
    """Line by line: quantity times unit price, and the price's own event."""
    table = sheet.get_by_role("group", name="Fee, line by line")
    lines = found["ratedLines"]
    expect(table.locator("tbody tr:not(.under)")).to_have_count(len(lines))
    for row, line in zip(table.locator("tbody tr:not(.under)").all(), lines, strict=True):
        assert [row.locator("th").inner_text(), *row.locator("td").all_inner_texts()] == [
            f"{ {'INPUT': 'In', 'OUTPUT': 'Out'}[line['direction']] }: {line['label']}",
            f"{int(line['quantity']):,} {line['unit']}",
            line["unitPrice"] or NONE,
            f"{line['fee']} {currency}" if line["fee"] is not None else NONE,
        ]
    priced = [line["price"] for line in lines if line["price"]]
    expect(table.locator(".under")).to_have_count(len(priced))
    for place, price in zip(table.locator(".under").all(), priced, strict=True):
        check_event(place, price)
    if lines:
        total = table.locator("tfoot td")
        expect(total).to_have_text(NONE if found["fee"] is None else f"{found['fee']} {currency}")
    notes = " ".join(sheet.locator(".note").all_inner_texts())
    assert bool(re.search(r"paid by GPU time", notes)) == (found["channel"] == "DEPLOYMENT")
    assert bool(re.search(r"Nobody told what went in or came out", notes)) == (not lines)
    assert bool(re.search(r"no price yet", notes)) == (found["fee"] is None and found["channel"] == "ROUTER" and bool(lines))
    assert (f"thinks it costs {found['reportedCost']} {currency}" in notes) == (found["reportedCost"] is not None)


def test_what_the_api_tells_is_what_was_reported(served: Command):
    """So that the test above cannot pass by showing nothing twice."""
    found = {id: served.ask(REQUESTS, token(served), range=days(), id=f"request {id}")["account"]["history"]["nodes"][0] for id in TOLD}
    assert found["whole"]["fee"] == "0.0327825"  # 12,345 x 0.0000025 + 1,000 x 0.00000125 + 67 x 0.00001
    assert found["without a price"]["fee"] is None
    assert [each["type"] for each in found["corrected"]["events"]] == ["request.completed", "request.corrected"]
    corrected = found["corrected"]
    assert (corrected["version"], corrected["provider"], corrected["latency"], corrected["fee"]) == (2, None, 2000, "0.0327825")
    assert found["voided"]["voided"] is True
    assert (found["failed"]["statusCode"], found["failed"]["errorMessage"]) == (429, "Rate limit reached")
    assert found["of a deployment"]["deployment"] == {"name": "chat"}

"""The change against the period before, on every card and every line of the bill: it is what the API's figures of both periods make."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Enter
from tests.dashboard.reading import card, note
from tests.service.running import Command

pytestmark = pytest.mark.shown

DAYS = timedelta(days=27)  # never a whole month, which would be compared with a month
END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # of what is over: GPU time goes on
PERIODS = [{"from": f"{end - DAYS:%Y-%m-%dT%H:%M:%SZ}", "to": f"{end:%Y-%m-%dT%H:%M:%SZ}"} for end in (END, END - DAYS)]
SHOWN = f"live=off&from={PERIODS[0]['from']}&to={PERIODS[0]['to']}"

ROUTERS = "routerUsage(range: $range) { totalRequests totalTokens usedModels averageLatency totalFee }"
DEPLOYMENTS = "deploymentUsage(range: $range) { totalRequests allocatedGpuHours fineTunings }"
BILL = """bill(range: $range) { total
    lines(groupBy: $groupBy) { service model provider apiKey { id } deployment { key } direction category fee } }"""


def of_both(served: Command, field: str, **variables: Any) -> list[dict[str, Any]]:
    """The API's answer for the period that is shown, and for the one before."""
    kinds = "$range: TimeRange!, $groupBy: [BillDimension!]!" if "$groupBy" in field else "$range: TimeRange!"
    query = f"query({kinds}) {{ account {{ told: {field} }} }}"
    return [served.ask(query, served.told("token"), range=period, **variables)["account"]["told"] for period in PERIODS]


def change(value: Any, before: Any) -> str:
    """As it is written: in percent, to one place."""
    now, then = Decimal(str(value)), Decimal(str(before))
    if then == 0:
        return "new" if now else ""
    percents = (abs(now - then) / then * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    sign = "\N{PLUS-MINUS SIGN}" if percents == 0 else "\N{MINUS SIGN}" if now < then else "+"
    return f"{sign}{f'{percents:,}'.removesuffix('.0')} %"


def shown(page: Page, name: str) -> str:
    """The change that stands on a card."""
    return card(page, name).locator(".change").inner_text()


CARDS = {
    "routers": {
        "Total requests": "totalRequests",
        "Total tokens": "totalTokens",
        "Used models": "usedModels",
        "Average latency": "averageLatency",
    },
    "deployments": {"Total requests": "totalRequests", "Allocated GPU hours": "allocatedGpuHours", "Fine-tunings": "fineTunings"},
}


@pytest.mark.parametrize(("section", "field"), [("routers", ROUTERS), ("deployments", DEPLOYMENTS)])
def test_each_card_tells_the_apis_change(served: Command, enter: Enter, section: str, field: str):
    cards = CARDS[section]
    now, before = of_both(served, field)
    page = enter(f"/{section}?{SHOWN}")
    told = {name: shown(page, name) for name in cards}
    assert told == {name: change(now[each], before[each]) for name, each in cards.items()}
    assert [text for text in told.values() if not text.endswith(" %")] == []  # the sample has something to compare with
    expect(page.locator(".card .change")).to_have_count(len(cards))


def test_the_fee_of_routers_tells_the_apis_change(served: Command, enter: Enter):
    now, before = of_both(served, ROUTERS)
    page = enter(f"/routers?{SHOWN}")
    expect(note(page).locator(".change")).to_have_text(change(now["totalFee"], before["totalFee"]))


GROUPS = {
    "service": [],
    "model": ["MODEL"],
    "key": ["API_KEY"],
    "provider": ["PROVIDER"],
    "deployment": ["DEPLOYMENT"],
    "category": ["CATEGORY"],
}


@pytest.mark.parametrize("by", GROUPS)
def test_the_bill_and_each_of_its_lines_tell_the_apis_change_also_of_what_has_ended(served: Command, enter: Enter, by: str):
    now, before = of_both(served, BILL, groupBy=["SERVICE", *GROUPS[by]])
    lines, earlier = ({str({**line, "fee": None}): Decimal(line["fee"]) for line in each["lines"]} for each in (now, before))
    ended = [line for line, fee in earlier.items() if line not in lines and fee]
    page = enter(f"/bill?{SHOWN}&lines={by}")
    rows = page.get_by_role("group", name="Rows of the bill").locator("tbody tr")
    expect(rows).to_have_count(len(lines) + len(ended))
    expected = [change(fee, earlier.get(line, 0)) for line, fee in lines.items()] + [change(0, earlier[line]) for line in ended]
    assert rows.locator("td:last-child").all_inner_texts() == [text or "\N{EN DASH}" for text in expected]
    assert shown(page, "Total") == change(now["total"], before["total"])
    if by in ("model", "key", "provider", "deployment"):
        assert "\N{MINUS SIGN}100 %" in expected  # something has ended in the sample

"""The section of history: what the API lists, as far as somebody scrolls, and each request down to the price of its lines."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import DESKTOP, PHONE, Enter, address
from tests.service.running import Command

pytestmark = pytest.mark.shown

COUNT = (
    """query($range: TimeRange!, $filter: HistoryFilter) { account { history(range: $range, filter: $filter, first: 0) { totalCount } } }"""
)
EVER = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}  # the sample's months are in it
PAGE = 100  # as the section reads them


def rows(page: Page) -> Locator:
    return page.locator(".requests tbody tr:not(:has(.gap))")


def total(page: Page) -> Locator:
    return page.locator("h2 small")


def counted(served: Command, **filter: Any) -> str:
    """How many the API finds, as it is written."""
    found = served.ask(COUNT, served.told("token"), range=EVER, filter=filter)["account"]["history"]["totalCount"]
    return f"{found:,}"


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.]", "", text))


def test_it_goes_on_as_far_as_one_scrolls(served: Command, enter: Enter):
    page = enter(f"/history?{urlencode(EVER)}")
    expect(rows(page)).to_have_count(PAGE)
    expect(total(page)).to_have_text(counted(served))
    seen: dict[str, None] = {}
    for pages in range(1, 6):
        expect(page.locator(".requests tbody")).to_have_count(pages)
        last = page.locator(".requests tbody").last.locator("th a")
        expect(last).to_have_count(PAGE)
        seen |= dict.fromkeys(last.evaluate_all("links => links.map((link) => link.href)"))
        page.get_by_role("button", name="More").scroll_into_view_if_needed()
    assert len(seen) == 5 * PAGE
    assert page.locator(".gap").count() > 0, "pages far away are not drawn"
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".requests tbody").first.locator("th a")).to_have_count(PAGE)


def test_filters_take_several_values_and_none_and_are_in_the_address(served: Command, enter: Enter):
    page = enter(f"/history?{urlencode(EVER)}")
    page.get_by_text("Filters", exact=True).click()
    for value in ("openai", "groq"):
        page.get_by_label("Provider", exact=True).fill(value)
        page.get_by_label("Provider", exact=True).press("Enter")
    page.locator(".several", has=page.get_by_text("Provider", exact=True)).get_by_role("button", name="none").click()
    expect(total(page)).to_have_text(counted(served, providers=["openai", "groq", None]))
    assert address(page) == EVER | {"providers": '["openai","groq",null]'}
    page.get_by_role("button", name="Not only Provider: groq").click()
    page.reload()
    expect(total(page)).to_have_text(counted(served, providers=["openai", None]))


def test_a_request_shows_how_its_fee_came_about(enter: Enter):
    page = enter("/history?providers=%5B%22anthropic%22%5D&sort=FEE")
    link = rows(page).first.locator("th a")
    link.focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    lines = sheet.get_by_role("group", name="Fee, line by line").locator("tbody tr:not(.under)")
    expect(lines.nth(1)).to_be_visible()
    fees: list[Decimal] = []
    for line in lines.all():
        quantity, price, fee = (number(cell) for cell in line.locator("td").all_inner_texts())
        assert quantity * price == fee
        fees.append(fee)
    assert number(sheet.locator("tfoot td").inner_text()) == sum(fees)
    sheet.get_by_text("The price that it took").first.click()
    expect(sheet.locator(".under pre").first).to_contain_text('"unit_price"')
    expect(sheet.locator(".events")).to_contain_text("request.completed")
    page.reload()  # the address can be sent
    expect(lines).to_have_count(len(fees))
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    assert "request" not in address(page)


def test_whoever_closes_a_request_is_where_they_were(enter: Enter):
    page = enter("/history")
    link = rows(page).nth(7).locator("th a")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").locator(".events li").first).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(link).to_be_focused()


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_a_bucket_leads_to_its_requests(enter: Enter, zone: str):
    page = enter(f"/routers?per=DAY&zone={zone}")
    links = page.locator("section[aria-label='Usage, in rows'] tbody td.number a")
    expect(links.first).to_be_visible()
    for place in (0, links.count() // 2, links.count() - 1):
        link = links.nth(place)
        told = (link.get_attribute("aria-label") or "").split()[0]
        link.click()
        expect(total(page)).to_have_text(told)
        page.go_back()
        expect(links.first).to_be_visible()


def test_a_request_that_is_not_there_says_so(enter: Enter):
    page = enter("/history?request=nonsense")
    expect(page.get_by_role("dialog")).to_contain_text("no such request")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_use_it_and_it_looks_good(enter: Enter, pictures: Path, scheme: str, viewport: dict[str, int]):
    page = enter("/history", color_scheme=scheme, viewport=viewport)
    expect(rows(page)).to_have_count(PAGE)
    page.screenshot(path=pictures / f"history-{scheme}-{viewport['width']}.png")
    assert rows(page).nth(3).evaluate("row => row.getBoundingClientRect().bottom < innerHeight"), "some are in the picture"
    page.get_by_text("Filters", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    rows(page).nth(2).locator("th a").click()
    expect(page.get_by_role("dialog").locator(".events li").first).to_be_visible()
    page.screenshot(path=pictures / f"request-{scheme}-{viewport['width']}.png")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_what_routers_and_history_both_know_is_kept_between_them(enter: Enter):
    told = {"models": '["llama-4-maverick"]', "providers": "[null]", "apiKeys": '["none-of-these"]'}
    page = enter(f"/routers?{urlencode(told | {'range': '7d', 'measure': 'requests'})}")
    sections = page.get_by_role("navigation", name="Sections")

    def go(name: str) -> dict[str, str]:
        sections.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        return {name: value for name, value in address(page).items() if name != "account"}

    assert go("History") == told | {"range": "7d"}
    expect(page.locator(".narrowed")).to_contain_text("llama-4-maverick")
    assert go("Routers") == told | {"range": "7d"}
    expect(page.locator(".narrowed")).to_contain_text("llama-4-maverick")
    assert go("Deployments") == {"range": "7d"}  # which has no providers, nor keys

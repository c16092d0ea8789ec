"""The section of deployments: its figures are the API's, in cards, in charts and in rows."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import DESKTOP, PHONE, Enter, asked_range
from tests.service.running import Command

pytestmark = pytest.mark.shown

USAGE = """query($range: TimeRange!, $filter: DeploymentFilter) { account { deploymentUsage(range: $range, filter: $filter) {
    totalRequests activeDeployments fineTunings
    deployments(orderBy: {field: REQUESTS}) { nodes { name type model requests duration { text } } } } } }"""


def rows(page: Page) -> Locator:
    return page.locator("section[aria-label='Deployments'] tbody tr")


def usage(served: Command, page: Page, **filter: Any) -> Any:
    """The API's answer to what the page has asked for."""
    range = asked_range(page, "DeploymentFigures")
    return served.ask(USAGE, served.told("token"), range=range, filter=filter or None)["account"]["deploymentUsage"]


def card(page: Page, name: str) -> Locator:
    return page.locator(".card", has_text=name).locator("dd")


def test_the_figures_are_the_apis(served: Command, enter: Enter):
    page = enter("/deployments?sort=REQUESTS&way=DESC")
    found = usage(served, page)
    expect(card(page, "Total requests")).to_contain_text(f"{found['totalRequests']:,}")
    expect(card(page, "Active deployments")).to_have_text(str(found["activeDeployments"]))
    expect(card(page, "Fine-tunings")).to_contain_text(str(found["fineTunings"]))
    nodes = found["deployments"]["nodes"]
    assert {node["type"] for node in nodes} == {"DEPLOYMENT", "FINE_TUNING"}
    expect(rows(page)).to_have_count(len(nodes))
    for row, node in zip(rows(page).all(), nodes, strict=True):
        expect(row.locator("th")).to_have_text(node["name"])
        for text in (node["model"], f"{node['requests']:,}", node["type"].lower().replace("_", "-")):
            expect(row).to_contain_text(text)


def test_filters_narrow_every_figure(served: Command, enter: Enter):
    page = enter("/deployments")
    page.get_by_role("button", name="Fine-tunings", exact=True).click()
    tunings = usage(served, page, types=["FINE_TUNING"])["deployments"]["nodes"]
    assert {node["type"] for node in tunings} == {"FINE_TUNING"}
    expect(rows(page)).to_have_count(len(tunings))
    expect(card(page, "Total requests")).to_contain_text("0")
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_label("Name", exact=True).fill("chat")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(rows(page)).to_have_count(1)
    found = usage(served, page, nameContains="chat")
    expect(card(page, "Total requests")).to_contain_text(f"{found['totalRequests']:,}")


def test_both_charts_say_the_same_as_tables(enter: Enter):
    page = enter("/deployments")
    expect(page.locator(".plot canvas")).to_have_count(2)
    for _ in range(2):
        page.get_by_role("button", name="Show as table").first.click()
    tables = page.get_by_role("group", name="The chart's figures")
    expect(tables).to_have_count(2)
    for table in tables.all():
        expect(table.locator("tbody tr").last).to_contain_text("(unfinished)")
    tables.first.get_by_title("Only this time").nth(10).click()  # what the chart can do, a keyboard can
    expect(page.locator(".span")).to_contain_text("(chosen)")


def test_what_is_still_to_come_is_not_known(enter: Enter):
    start, end = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:00:00Z}" for days in (-1, 1))
    page = enter(f"/deployments?from={start}&to={end}&requests=table&gpuHours=table")
    tables = page.get_by_role("group", name="The chart's figures")
    expect(tables).to_have_count(2)
    for table in tables.all():
        expect(table.locator("tbody tr")).to_have_count(48)
        expect(table.locator("tbody tr").first.locator("td")).to_have_text(re.compile(r"\d"))
        expect(table.locator("tbody tr").last.locator("td")).to_have_text("\N{EN DASH}")


def test_a_row_leads_to_the_deployments_life_and_to_its_requests(enter: Enter):
    page = enter("/deployments?sort=REQUESTS&way=DESC")
    rows(page).first.locator("th a").click()
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".events li").first).to_contain_text("deployment.created")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    link = rows(page).first.locator("td.number a")
    told = (link.get_attribute("aria-label") or "").split()[0]
    link.click()
    expect(page.locator("h2 small")).to_have_text(told)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_use_it_and_it_looks_good(enter: Enter, pictures: Path, scheme: str, viewport: dict[str, int]):
    page = enter("/deployments", color_scheme=scheme, viewport=viewport)
    expect(page.locator(".plot canvas")).to_have_count(2)
    expect(rows(page).first).to_be_visible()
    page.screenshot(path=pictures / f"deployments-{scheme}-{viewport['width']}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()

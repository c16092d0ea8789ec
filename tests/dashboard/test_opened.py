"""Sections with what they fold up opened: everybody can use them, and pictures of them are kept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import DESKTOP, PHONE, Enter

LINES = ("model", "key", "provider", "deployment", "category", "day")
FILTERED = {
    "providers": ["openai", None],
    "models": ["gpt-4o", "gpt-4o-mini"],
    "apiKeys": ["key-web"],
    "outcomes": ["SUCCESS"],
} | {"tokens": "1~", "latency": "~60000"}

Look = Callable[..., None]
Open = Callable[[str], Page]


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def viewport(request: pytest.FixtureRequest) -> dict[str, int]:
    return request.param


@pytest.fixture
def opened(enter: Enter, scheme: str, viewport: dict[str, int]) -> Open:
    """Opens a page that is as wide, and in these colours."""
    return lambda path: enter(path, color_scheme=scheme, viewport=viewport)


@pytest.fixture
def look(pictures: Path, scheme: str, viewport: dict[str, int]) -> Look:
    """Keeps a picture, and asks whether everybody can use what is on it."""

    def keep(page: Page, name: str, *, full_page: bool = True) -> None:
        page.screenshot(path=pictures / f"{name}-{scheme}-{viewport['width']}.png", full_page=full_page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()

    return keep


def query(chosen: dict[str, Any]) -> str:
    return urlencode({name: value if isinstance(value, str) else json.dumps(value) for name, value in chosen.items()})


@pytest.mark.parametrize(("section", "charts"), [("routers", ("usage",)), ("deployments", ("requests", "gpuHours"))])
def test_charts_as_tables(opened: Open, look: Look, section: str, charts: tuple[str, ...]):
    page = opened(f"/{section}?live=off&{urlencode(dict.fromkeys(charts, 'table'))}")
    for table in range(len(charts)):
        expect(page.get_by_role("group", name="The chart's figures").nth(table).locator("tbody tr").last).to_be_visible()
    expect(page.locator("section.panel:last-of-type tbody tr").first).to_be_visible()
    look(page, f"{section}-table")


@pytest.mark.parametrize("lines", LINES)
def test_the_bill_by_everything(opened: Open, look: Look, lines: str):
    page = opened(f"/bill?live=off&lines={lines}")
    expect(page.get_by_role("group", name="Rows of the bill").locator("tbody tr").first).to_be_visible()
    expect(page.locator(".card .skeleton")).to_have_count(0)
    look(page, f"bill-by-{lines}")


def test_filters_of_history(opened: Open, look: Look):
    page = opened(f"/history?live=off&{query(FILTERED)}")
    page.locator("summary", has_text="Filters").click()
    expect(page.locator(".requests tbody tr").first).to_be_visible()
    expect(page.locator("datalist option[value='gpt-4o']").first).to_be_attached()  # what is suggested is there
    look(page, "history-filters", full_page=False)


def test_filters_of_deployments(opened: Open, look: Look):
    page = opened(f"/deployments?live=off&{query({'models': ['llama-3.1-8b'], 'status': 'RUNNING', 'type': 'DEPLOYMENT', 'name': 'chat'})}")
    expect(page.get_by_role("group", name="Rows of deployments").locator("tbody tr")).to_have_count(1)
    expect(page.get_by_label("Narrowed to")).to_be_visible()
    expect(page.locator(".plot canvas")).to_have_count(2)
    look(page, "deployments-filtered")


def test_a_request_with_its_prices_and_events(opened: Open, look: Look):
    page = opened(f"/history?live=off&sort=FEE&{query({'providers': ['anthropic']})}")
    page.locator(".requests tbody th a").first.click()
    sheet = page.get_by_role("dialog")
    for told in ("The price that it took", "What was told"):
        sheet.get_by_text(told, exact=True).first.click()
    expect(sheet.locator("pre:visible")).to_have_count(2)
    sheet.evaluate("sheet => sheet.scrollTo(0, sheet.scrollHeight)")
    look(page, "request-told", full_page=False)


def test_a_failed_request(opened: Open, look: Look):
    page = opened(f"/history?live=off&{query({'outcomes': ['SERVER_ERROR']})}")
    page.locator(".requests tbody th a").first.click()
    expect(page.get_by_role("dialog").locator(".status.failed")).to_be_visible()
    look(page, "request-failed", full_page=False)

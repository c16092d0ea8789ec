"""What opens over a section: an export, a request, a deployment. Everybody can use it, and it says what things are called."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import DESKTOP, PHONE, Enter

pytestmark = pytest.mark.shown

KEYS = "apiKeys=%5B%22key-web%22%2C%22key-dev%22%2C%22unheard-of%22%2Cnull%5D"
NAMED = ["API key: web-app (key-web)", "API key: developers (key-dev)", "API key: unheard-of", "API key: none"]

schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
viewports = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


def test_keys_have_their_names_where_they_narrow_and_their_ids(enter: Enter):
    page = enter(f"/routers?{KEYS}")
    chips = page.get_by_label("Narrowed to")
    expect(chips.locator("span.cut")).to_have_text(NAMED)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("dialog").locator("span.cut")).to_have_text(NAMED)
    page.keyboard.press("Escape")
    chips.get_by_role("button", name="Not only API key: developers").click()
    expect(chips.locator("span.cut")).to_have_text([NAMED[0], *NAMED[2:]])
    assert "key-dev" not in page.url
    assert "key-web" in page.url
    page.goto(page.url.replace("/routers", "/history"))
    expect(page.get_by_label("Narrowed to").locator("span.cut")).to_have_text([NAMED[0], NAMED[2], "API key: without a key"])


def usable(page: Page, picture: Path) -> None:
    page.screenshot(path=picture)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@schemes
@viewports
def test_an_export_can_be_asked_for_by_everybody(enter: Enter, pictures: Path, scheme: str, viewport: dict[str, Any]):
    page = enter(f"/routers?{KEYS}", color_scheme=scheme, viewport=viewport)
    expect(page.get_by_label("Narrowed to")).to_contain_text("web-app")
    page.get_by_role("button", name="Export").click()
    usable(page, pictures / f"export-{scheme}-{viewport['width']}.png")
    with page.expect_download():
        page.get_by_role("dialog").get_by_role("button", name="Export").click()
    expect(page.locator(".exports .progress")).to_contain_text("Ready")
    usable(page, pictures / f"exported-{scheme}-{viewport['width']}.png")


@schemes
@viewports
def test_a_deployment_can_be_read_by_everybody(enter: Enter, pictures: Path, scheme: str, viewport: dict[str, Any]):
    page = enter("/deployments", color_scheme=scheme, viewport=viewport)
    page.locator("section[aria-label='Deployments'] tbody th a").first.click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("What was told", exact=True).first.click()
    expect(sheet.locator("pre").first).to_be_visible()
    usable(page, pictures / f"deployment-{scheme}-{viewport['width']}.png")


@schemes
@viewports
def test_a_request_can_be_read_by_everybody(enter: Enter, pictures: Path, scheme: str, viewport: dict[str, Any]):
    page = enter("/history?providers=%5B%22anthropic%22%5D", color_scheme=scheme, viewport=viewport)
    page.locator(".requests tbody th a").first.click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("The price that it took").first.click()
    expect(sheet.locator("pre").first).to_be_visible()
    usable(page, pictures / f"request-unfolded-{scheme}-{viewport['width']}.png")

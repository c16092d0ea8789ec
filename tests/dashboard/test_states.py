"""What stands where figures are to be: while they are waited for, where there are none, and where they cannot be had."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.dashboard.conftest import DESKTOP, PHONE
from tests.service.running import Command

pytestmark = pytest.mark.shown

LONG_AGO = "from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z&live=off"
SECTIONS = ("routers", "deployments", "history", "bill")

Look = Callable[[str], None]
schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
viewports = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


@pytest.fixture
def page(served: Command, browser: Callable[..., BrowserContext], scheme: str, viewport: dict[str, int]) -> Page:
    """Of somebody who has signed in. Its console complains of what a test cuts off."""
    context = browser(color_scheme=scheme, viewport=viewport)
    assert context.request.post(f"{served.url}/sign-in", data=served.told("token").encode()).status == 204
    return context.new_page()


@pytest.fixture
def look(page: Page, pictures: Path, scheme: str, viewport: dict[str, int]) -> Look:
    """Keeps a picture, and asks whether everybody can use what is on it."""

    def keep(name: str) -> None:
        page.screenshot(path=pictures / f"{name}-{scheme}-{viewport['width']}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()

    return keep


@schemes
@viewports
def test_where_nothing_was_used_every_section_says_so(served: Command, page: Page, look: Look):
    for section in SECTIONS:
        page.goto(f"{served.url}/{section}?{LONG_AGO}")
        expect(page.locator("[aria-busy='true']")).to_have_count(0)
        expect(page.locator("main .empty").first).to_be_visible()
        look(f"empty-{section}")


@schemes
@viewports
def test_what_is_waited_for_has_its_place(served: Command, page: Page, look: Look):
    page.route("**/graphql", lambda _: None)  # nobody answers
    page.goto(f"{served.url}/routers")
    expect(page.get_by_role("heading", level=1)).to_have_text("Routers")
    expect(page.get_by_role("status").filter(has_text="Loading")).to_be_visible()
    look("loading")
    page.unroute("**/graphql")
    expect(page.locator(".card .value").first).to_be_visible()


@schemes
@viewports
def test_what_cannot_be_had_says_so_and_what_to_do(served: Command, page: Page, look: Look):
    page.route("**/graphql", lambda route: route.abort() if "RouterFigures" in (route.request.post_data or "") else route.continue_())
    page.goto(f"{served.url}/routers?live=off")
    failure = page.get_by_role("alert")
    expect(failure).to_contain_text("Tallygraph does not answer")
    expect(failure.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator(".plot canvas")).to_be_visible()  # the rest is there
    look("failed")
    page.unroute("**/graphql")
    expect(failure).to_have_count(0, timeout=30_000)  # it tries again by itself
    expect(page.locator(".card .value").first).to_be_visible()

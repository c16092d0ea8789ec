"""Figures that follow what happens, also when the connection does not last: the page says so, calmly, tries again, and catches up."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, Route, WebSocketRoute, expect

from tests.dashboard.test_routers import exact
from tests.service.running import BOUND_SECONDS, Command, eventually

LOST = re.compile(r"^Live updates interrupted, reconnecting… Figures are as of \d+ \w+, \d\d:\d\d:\d\d\.$")
BOUND = BOUND_SECONDS * 1000  # milliseconds


class Network:
    """What is between a page and the service. Down, nobody is reached; deaf, what is open stays so, and nothing comes through."""

    def __init__(self, page: Page) -> None:
        self.down = False
        self.deaf = False
        self.opened = 0
        self._page = page
        self._heard = 0
        self._open: list[WebSocketRoute] = []
        page.route("**/graphql", self._answer)
        page.route_web_socket("**/graphql", self._connect)

    def until_heard(self) -> None:
        """The page is told of changes."""
        eventually(lambda: [self._page.wait_for_timeout(20), self._heard][1])

    def lose_connections(self) -> None:
        """Those that are open break."""
        for each in self._open:
            each.close(code=1012)
        self._open.clear()

    def _answer(self, route: Route) -> None:
        route.abort() if self.down else route.continue_()

    def _connect(self, socket: WebSocketRoute) -> None:
        if self.down:
            socket.close(code=1012)
            return
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if not self.deaf:
                socket.send(message)
                self._heard += "routerUsageChanged" in str(message)

        server.on_message(pass_on)
        self._open.append(socket)
        self.opened += 1


@pytest.fixture
def page(served: Command, browser: Callable[..., BrowserContext]) -> Page:
    """Of somebody who has signed in. Its console may complain: of what is not reached, browsers do."""
    context = browser()
    assert context.request.post(f"{served.url}/sign-in", data=served.told("token").encode()).status == 204
    return context.new_page()


def report(served: Command, id: str) -> None:
    told = {"specversion": "1.0", "type": "request.completed", "source": "live", "id": id, "time": datetime.now(UTC).isoformat()}
    data = {"model": "gpt-4o", "input": [{"category": "prompt", "quantity": 7}], "output": []}
    served.report([json.dumps(told | {"data": data}).encode()], served.told("token"))


def requests(page: Page) -> Locator:
    return page.locator(".card", has_text="Total requests").locator("dd")


def shown(page: Page) -> int:
    """The requests of the card, once there are some."""
    expect(requests(page)).to_contain_text(re.compile(r"\d"))
    return int(exact(requests(page)).replace(",", ""))


def state(page: Page) -> Locator:
    return page.locator(".connection")


def test_a_lost_connection_is_told_and_found_again_and_figures_catch_up(served: Command, page: Page, pictures: Path):
    network = Network(page)
    page.goto(f"{served.url}/routers?range=24h")
    before = shown(page)
    network.until_heard()
    expect(state(page)).to_be_empty()
    # When it breaks, and the service is not reached any more
    network.down = True
    network.lose_connections()
    # Then the page says so, and of when its figures are
    expect(state(page)).to_have_text(LOST)
    expect(page.locator("main")).to_have_class("outdated")
    report(served, "meanwhile")
    assert shown(page) == before
    page.screenshot(path=pictures / "interrupted-light-1360.png")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    # And when it is reached again, it has what came meanwhile, and follows on
    network.down = False
    expect(state(page)).to_be_empty(timeout=BOUND)
    expect(requests(page)).to_contain_text(f"{before + 1:,}", timeout=BOUND)
    expect(page.locator("main")).not_to_have_class("outdated")
    assert network.opened == 2
    report(served, "afterwards")
    expect(requests(page)).to_contain_text(f"{before + 2:,}", timeout=BOUND)


def test_questions_that_nobody_answers_are_asked_again(served: Command, page: Page):
    network = Network(page)
    page.goto(f"{served.url}/deployments?range=24h")
    expect(page.locator("section[aria-label='Deployments'] tbody tr").first).to_be_visible()
    expect(page.locator(".skeleton, [aria-busy='true']")).to_have_count(0)
    network.down = True
    page.get_by_role("button", name="7 days").click()
    # What is shown is not what was asked for: that is said where it stands
    expect(page.get_by_role("alert").first).to_contain_text("Tallygraph does not answer")
    expect(page.get_by_role("alert").first).to_contain_text(re.compile(r"from before, as of \d+ \w+, \d\d:\d\d:\d\d\."))
    expect(state(page)).to_have_text(LOST)
    network.down = False
    expect(page.get_by_role("alert")).to_have_count(0, timeout=BOUND)
    expect(state(page)).to_be_empty()


def test_who_has_scrolled_far_stays_there_when_the_connection_comes_back(served: Command, page: Page):
    network = Network(page)
    page.goto(f"{served.url}/history")
    for pages in (1, 2, 3):
        expect(page.locator(".requests tbody")).to_have_count(pages)
        page.get_by_role("button", name="More").scroll_into_view_if_needed()
    expect(page.locator(".requests tbody")).to_have_count(4)
    network.down = True
    row = page.locator(".requests tbody").nth(2).locator("th a").first
    row.click()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("alert")).to_contain_text("Tallygraph does not answer")
    network.down = False
    expect(sheet.locator(".events li").first).to_be_visible(timeout=BOUND)  # it comes by itself
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    expect(page.locator(".requests tbody")).to_have_count(4)


def test_older_requests_that_nobody_answered_come_by_themselves(served: Command, page: Page):
    network = Network(page)
    page.goto(f"{served.url}/history")
    bodies, more = page.locator(".requests tbody"), page.locator(".more")
    expect(bodies).to_have_count(1)
    network.down = True
    more.get_by_role("button").scroll_into_view_if_needed()
    expect(more.get_by_role("alert")).to_contain_text("Tallygraph does not answer")
    expect(bodies).to_have_count(1)
    network.down = False
    expect(bodies).to_have_count(2, timeout=BOUND)
    expect(more.get_by_role("alert")).to_have_count(0)
    more.get_by_role("button").scroll_into_view_if_needed()  # and they go on as before
    expect(bodies).to_have_count(3)


def test_a_page_that_is_opened_while_nobody_answers_comes_by_itself(served: Command, page: Page):
    network = Network(page)
    network.down = True
    page.goto(f"{served.url}/bill")
    expect(page.get_by_role("alert").first).to_contain_text("Tallygraph does not answer")
    network.down = False
    expect(page.get_by_role("group", name="Rows of the bill").locator("tbody tr").first).to_be_visible(timeout=BOUND)


def test_a_computer_that_slept_finds_its_connection_dead_and_makes_another(served: Command, page: Page):
    page.clock.install()
    network = Network(page)
    now = datetime.now(UTC)
    page.goto(f"{served.url}/routers?from={now - timedelta(days=1):%Y-%m-%dT%H:%MZ}&to={now + timedelta(days=1):%Y-%m-%dT%H:%MZ}")
    before = shown(page)
    network.until_heard()
    # Given a computer that sleeps, whose connection ends without its being told
    network.deaf = True
    report(served, "asleep")
    page.clock.fast_forward("02:00:00")
    # When it wakes, it asks whether anybody is there, and waits for the answer no longer than is sensible
    page.clock.fast_forward("00:06")
    expect(state(page)).to_have_text(LOST)
    network.deaf = False
    page.clock.fast_forward("00:11")
    expect(state(page)).to_be_empty()
    assert network.opened == 2
    expect(requests(page)).to_contain_text(f"{before + 1:,}")


HELD = """const plain = setTimeout; window.held = false;
    window.setTimeout = (act, after, ...more) => window.held && after > 300 ? 0 : plain(act, after, ...more);"""


def test_who_comes_back_to_the_page_does_not_wait_for_the_next_try(served: Command, page: Page):
    page.add_init_script(HELD)
    network = Network(page)
    page.goto(f"{served.url}/routers?range=24h")
    network.until_heard()
    # Given a page that nobody looks at, whose timers the browser holds back
    page.evaluate("window.held = true")
    network.down = True
    network.lose_connections()
    expect(state(page)).to_have_text(LOST)
    # When somebody looks at it again
    network.down = False
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    # Then it is tried at once
    expect(state(page)).to_be_empty()

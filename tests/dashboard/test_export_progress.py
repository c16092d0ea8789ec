"""How far an export is: a bar that moves with the rows that are written, is where it was after a reload, and ends where it is cancelled."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import Enter
from tests.service.exporting import RENDERER
from tests.service.running import MARK, Command, eventually, linux_only, processes

DAYS = 100  # of quarter-hours, which are rows enough to look on
FIND = "{ account { exports(first: 1) { nodes { status progress } } } }"
# Every place of the bar that the page has shown.
SEEN = """window.seen = []; new MutationObserver(() => {
    const bar = document.querySelector(".exports progress"); if (bar && bar.value !== window.seen.at(-1)) window.seen.push(bar.value);
}).observe(document, {subtree: true, childList: true, attributes: true});"""

pytestmark = linux_only


def address() -> str:
    """Of all that the sample has used."""
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return f"/routers?from={end - timedelta(days=DAYS):%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}&per=QUARTER_HOUR&live=off"


class Writer:
    """The process that writes the file of an export: stopped, it is where it is for as long as anybody looks."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @contextmanager
    def stopped(self) -> Iterator[None]:
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)


def renderers(served: Command) -> set[int]:
    mark = f"{MARK}={served.mark}".encode()
    return {each.pid for each in processes() if RENDERER in each.command and mark in each.environment}


def begun(served: Command, page: Page) -> Writer:
    """An export of what is shown, begun in its dialog."""
    before = renderers(served)
    page.get_by_role("button", name="Export").click()
    page.get_by_role("dialog").get_by_role("button", name="Export").click()
    [pid] = eventually(lambda: renderers(served) - before)
    return Writer(pid)


def under_way(page: Page) -> Locator:
    return page.locator(".exports .progress")


def place(page: Page) -> float:
    """Of the bar; 0 where there is none."""
    return page.evaluate("document.querySelector('.exports progress')?.value ?? 0")


def told(served: Command) -> Any:
    """What the API says of the newest export."""
    return served.ask(FIND, served.told("token"))["account"]["exports"]["nodes"][0]


def shown(served: Command, page: Page) -> float:
    """Where the bar is, once that is where the API says. What was told before the writer was stopped may still be on its way."""
    eventually(lambda: [page.wait_for_timeout(20), 0 < place(page) == told(served)["progress"]][1])
    return place(page)


def test_the_bar_moves_and_is_where_it_was_after_a_reload(served: Command, enter: Enter):
    page = enter(None)
    page.add_init_script(SEEN)
    page.goto(served.url + address())
    writer = begun(served, page)
    eventually(lambda: [page.wait_for_timeout(20), place(page)][1] > 0)
    with writer.stopped():
        first = shown(served, page)
        assert first < 1
        expect(under_way(page)).to_contain_text("Being written")
        seen = page.evaluate("window.seen")
        page.reload()
        expect(under_way(page)).to_contain_text("Being written")  # the same export, not another
        again = shown(served, page)
        assert first <= again < 1
        expect(under_way(page).get_by_role("progressbar")).to_have_attribute("aria-label", f"Export: {round(again * 100)} %")
        page.goto(f"{served.url}/jobs?live=off")  # and where it is listed
        bar = page.get_by_role("group", name="Rows of exports").locator("tbody tr").first.get_by_role("progressbar")
        expect(bar).to_have_attribute("aria-label", f"{round(told(served)['progress'] * 100)} %")
        page.goto(served.url + address())
        last = shown(served, page)
    with page.expect_download():
        eventually(lambda: [page.wait_for_timeout(20), place(page)][1] > last)
    seen += page.evaluate("window.seen")
    assert seen == sorted(seen)
    assert len({each for each in seen if 0 < each < 1}) >= 2
    expect(under_way(page)).to_contain_text("Ready")
    expect(under_way(page).get_by_role("progressbar")).to_have_count(0)


def test_one_that_is_cancelled_in_the_middle_says_so_and_leaves_no_file(served: Command, enter: Enter):
    page = enter(address())
    writer = begun(served, page)
    eventually(lambda: [page.wait_for_timeout(20), place(page)][1] > 0)
    with writer.stopped():
        under_way(page).get_by_role("button", name="Cancel").click()
        expect(under_way(page)).to_contain_text("Cancelled")
        expect(under_way(page).get_by_role("progressbar")).to_have_count(0)
        assert told(served)["status"] == "CANCELLED"
        eventually(lambda: writer.pid not in renderers(served))  # who wrote it is gone, although it was stopped
        page.reload()
        expect(page.locator("section[aria-label='Usage, in rows'] tbody tr").first).to_be_visible()
        expect(under_way(page)).to_have_count(0)
    page.goto(f"{served.url}/jobs?live=off")
    row = page.get_by_role("group", name="Rows of exports").locator("tbody tr").first
    expect(row.locator(".state")).to_have_text("cancelled")
    expect(row.get_by_role("button")).to_have_count(0)

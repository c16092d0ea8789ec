"""Exports and audits while they are made: followed however many there are, cancelled, found again after a reload, listed page by page."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, WebSocket, expect
from psycopg.sql import SQL, Identifier

from graph.websocket import MAX_OPERATIONS_PER_CONNECTION
from tests.dashboard.conftest import DESKTOP, PHONE, Enter
from tests.service.running import BOUND_SECONDS, Command

START = "mutation($input: ExportRouterUsageInput!) { exportRouterUsage(input: $input) { export { id } errors { message } } }"
CANCEL = "mutation($id: ID!) { cancelExport(id: $id) { export { status } } }"
PAGE = 50  # as the section reads them


@contextmanager
def held(database: str) -> Iterator[psycopg.Connection]:
    """No export gets on inside, or until the connection rolls back: what it reads is locked."""
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'cell_0' AND tablename LIKE 'router\\_lines\\_%'")
        for (name,) in found.fetchall():
            connection.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(Identifier("cell_0", name)))
        yield connection


def start(served: Command) -> str:
    """The id of a new export, of an hour of the sample."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    asked = {"range": {"from": (end - timedelta(hours=1)).isoformat(), "to": end.isoformat()}}
    return served.ask(START, served.told("token"), input=asked)["exportRouterUsage"]["export"]["id"]


def rows(page: Page) -> Locator:
    return page.get_by_role("group", name="Rows of exports").locator("tbody tr")


def test_more_than_a_connection_takes_are_followed_to_their_end(served: Command, database: str, enter: Enter):
    count = MAX_OPERATIONS_PER_CONNECTION + 5
    open_now: set[str] = set()
    most = 0
    refusals: list[str] = []

    def sent(frame: bytes | str) -> None:
        nonlocal most
        message = json.loads(frame)
        if message["type"] == "subscribe":
            open_now.add(message["id"])
        elif message["type"] == "complete":
            open_now.discard(message["id"])
        most = max(most, len(open_now))

    def received(frame: bytes | str) -> None:
        message = json.loads(frame)
        if message["type"] == "error":
            refusals.append(str(frame))
        if message["type"] in ("complete", "error"):
            open_now.discard(message["id"])

    def hear(socket: WebSocket) -> None:
        socket.on("framesent", sent)
        socket.on("framereceived", received)

    page = enter(None)
    page.on("websocket", hear)
    with held(database):
        newest = [start(served) for _ in range(count)][-1]
        page.goto(f"{served.url}/jobs?live=off")
        expect(rows(page)).to_have_count(count)
        expect(rows(page).locator("progress")).to_have_count(count)
        served.ask(CANCEL, served.told("token"), id=newest)  # it has had no turn: it is asked about
        expect(rows(page).first.locator(".state")).to_have_text("cancelled", timeout=BOUND_SECONDS * 1000)
    expect(rows(page).locator(".state.completed")).to_have_count(count - 1, timeout=60_000)
    assert refusals == []
    assert 1 < most < MAX_OPERATIONS_PER_CONNECTION


def test_an_export_is_cancelled_where_it_is_listed(served: Command, database: str, enter: Enter):
    with held(database):
        start(served)
        page = enter("/jobs?live=off")
        row = rows(page).filter(has=page.locator("progress"))
        expect(row).to_have_count(1)
        expect(row.locator(".state")).to_contain_text("running")
        expect(row.locator("td").last).to_have_text("xlsx")  # its name comes with the file
        row.get_by_role("button", name="Cancel the export").click()
        expect(rows(page).first.locator(".state")).to_have_text("cancelled")
        expect(page.get_by_role("button", name="Cancel the export")).to_have_count(0)


def test_an_audit_is_cancelled_where_it_is_listed(served: Command, database: str, enter: Enter):
    with held(database):  # what is audited is compared with it
        page = enter("/jobs?live=off")
        page.get_by_role("button", name="Audit the time that is shown").click()
        audits = page.get_by_role("group", name="Rows of audits").locator("tbody tr")
        audits.first.get_by_role("button", name="Cancel the audit").click()
        expect(audits.first.locator(".state")).to_have_text("cancelled")


def begun(page: Page) -> Locator:
    """An export of what is shown, begun in its dialog; where it is told of."""
    page.get_by_role("button", name="Export").click()
    page.get_by_role("dialog").get_by_role("button", name="Export").click()
    return page.locator(".exports .progress")


def test_an_export_is_cancelled_where_it_was_begun(served: Command, database: str, enter: Enter):
    page = enter("/routers?range=24h&live=off")
    expect(page.locator("section[aria-label='Usage, in rows'] tbody tr").first).to_be_visible()
    with held(database):
        export = begun(page)
        expect(export).to_contain_text("Being written")
        export.get_by_role("button", name="Cancel").click()
        expect(export).to_contain_text("Cancelled")
        export.get_by_role("button", name="Put away").click()
        expect(export).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_use_what_is_under_way_and_it_looks_good(
    database: str, enter: Enter, pictures: Path, scheme: str, viewport: dict[str, int]
):
    page = enter("/routers?range=24h&live=off", color_scheme=scheme, viewport=viewport)
    expect(page.locator("section[aria-label='Usage, in rows'] tbody tr").first).to_be_visible()
    with held(database):
        export = begun(page)
        expect(export.get_by_role("progressbar")).to_be_visible()
        button = page.get_by_role("button", name="Export", exact=True)
        assert middle(button) == pytest.approx(middle(page.get_by_role("heading", level=1)), abs=8), "it stays in the upper right"
        usable(page, pictures / f"export-under-way-{scheme}-{viewport['width']}.png")
        page.get_by_role("link", name="Exports and audits").click()
        page.get_by_role("button", name="Audit the time that is shown").click()
        expect(page.get_by_role("button", name="Cancel the")).to_have_count(2)
        expect(page.get_by_role("group", name="Rows of").locator("progress")).to_have_count(2)
        usable(page, pictures / f"jobs-under-way-{scheme}-{viewport['width']}.png")
        for left in (1, 0):
            page.get_by_role("button", name="Cancel the").first.click()
            expect(page.get_by_role("button", name="Cancel the")).to_have_count(left)


def middle(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["y"] + box["height"] / 2


def usable(page: Page, picture: Path) -> None:
    """Keeps a picture, and asks whether everybody can use what is on it."""
    page.screenshot(path=picture)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_an_export_goes_on_through_a_reload_and_can_be_downloaded_again(served: Command, database: str, enter: Enter):
    page = enter("/deployments?range=24h&live=off")  # of which nothing waits
    page.get_by_role("link", name="Routers").click()
    with held(database) as lock:
        export = begun(page)
        expect(export).to_contain_text("Being written")
        page.goto(f"{served.url}/deployments?live=off")
        page.get_by_role("link", name="Routers").click()
        expect(export).to_contain_text("Being written")  # the same export, not another
        expect(export).to_have_count(1)
        with page.expect_download() as first:
            lock.rollback()
    # A link is good for ten minutes: it is asked for each time
    with page.expect_request(lambda request: "ExportFile" in (request.post_data or "")), page.expect_download() as second:
        export.get_by_title("Download it again").click()
    assert second.value.suggested_filename == first.value.suggested_filename
    assert Path(second.value.path()).read_bytes() == Path(first.value.path()).read_bytes()


def test_the_list_goes_on_page_by_page_also_when_the_connection_was_lost(served: Command, browser: Callable[..., BrowserContext]):
    for _ in range(PAGE + 2):
        served.ask(CANCEL, served.told("token"), id=start(served))
    context, lost = browser(), False  # its console complains of what is not reached
    assert context.request.post(f"{served.url}/sign-in", data=served.told("token").encode()).status == 204
    page = context.new_page()
    page.route("**/graphql", lambda route: route.abort() if lost else route.continue_())
    page.goto(f"{served.url}/jobs?live=off")
    expect(rows(page)).to_have_count(PAGE)
    lost = True
    page.get_by_role("button", name=f"Show {PAGE} more").click()
    expect(page.get_by_role("alert")).to_contain_text("Tallygraph does not answer")
    lost = False
    total = served.ask("{ account { exports { totalCount } } }", served.told("token"))["account"]["exports"]["totalCount"]
    expect(rows(page)).to_have_count(min(total, 2 * PAGE), timeout=BOUND_SECONDS * 1000)  # it goes on by itself
    start(served)  # comes to the top, and nothing is lost or shown twice
    page.get_by_role("button", name="Audit the time that is shown").click()  # after which the list is looked at again
    expect(rows(page)).to_have_count(min(total, 2 * PAGE) + 1)
    told = [str(each.get_attribute("title")) for each in rows(page).locator("th").all()]
    at = [datetime.strptime(each, "%d %b %Y, %H:%M:%S UTC").replace(tzinfo=UTC) for each in told]
    assert at == sorted(at, reverse=True)

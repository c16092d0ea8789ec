"""The bill, and exports and audits with their states."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.dashboard.conftest import DESKTOP, PHONE, Enter, asked_range
from tests.dashboard.test_routers import exact
from tests.service.running import Command

EXPORT = "mutation($input: ExportRouterUsageInput!) { exportRouterUsage(input: $input) { export { id } errors { message } } }"
BILL = """query($range: TimeRange!, $groupBy: [BillDimension!]!) { account { bill(range: $range) { total currency
    lines(groupBy: $groupBy) { fee model } } } }"""


def test_the_bill_is_the_apis_line_by_line(served: Command, enter: Enter):
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # of what is over: GPU time goes on
    page = enter(f"/bill?lines=model&from={end - timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}")
    told = served.ask(BILL, served.told("token"), range=asked_range(page, "Bill"), groupBy=["SERVICE", "MODEL"])["account"]["bill"]
    card = page.locator(".card", has_text="Total").locator("dd")
    expect(card).to_contain_text(re.compile(r"\d"))
    assert exact(card) == f"{told['total']} {told['currency']}"
    rows = page.get_by_role("group", name="Rows of the bill").locator("tbody tr")
    expect(rows.nth(len(told["lines"]) - 1)).to_be_visible()  # below them stands what has ended: see test_changes
    for row, line in zip(rows.all(), told["lines"], strict=False):
        assert exact(row.locator("td.fee")) == f"{line['fee']} {told['currency']}"
        expect(row.locator("td.name")).to_have_text(line["model"] or "none")


def test_an_audit_is_asked_for_followed_and_kept(served: Command, enter: Enter):
    page = enter("/jobs?range=24h")
    expect(page.get_by_text("No audit yet.")).to_be_visible()
    page.get_by_role("button", name="Audit the time that is shown").click()
    row = page.get_by_role("group", name="Rows of audits").locator("tbody tr").first
    expect(row.locator(".state")).to_have_text("matched", timeout=30_000)
    with page.expect_download() as downloading:
        row.get_by_role("button", name="Download").click()
    kept = json.loads(Path(downloading.value.path()).read_text())
    assert kept["digest"].startswith(row.locator("code").inner_text().removesuffix("…"))


def test_exports_are_listed_and_can_be_downloaded_again(served: Command, enter: Enter):
    page = enter("/routers?from=2026-03-30T05:00:00Z&to=2026-04-02T00:00:00Z&zone=Asia/Kathmandu")
    page.get_by_role("button", name="Export").click()
    with page.expect_download():
        page.get_by_role("dialog").get_by_role("button", name="Export").click()
    page.get_by_role("link", name="Exports and audits").click()
    row = page.get_by_role("group", name="Rows of exports").locator("tbody tr").first
    expect(row.locator(".state")).to_have_text("completed")
    with page.expect_download() as downloading:
        row.get_by_role("button").click()
    assert downloading.value.suggested_filename == row.get_by_role("button").inner_text()
    assert downloading.value.suggested_filename == "acme-usage-2026-03-30-to-2026-04-02.xlsx"  # by the days of the zone


def test_the_list_of_exports_says_what_each_holds(served: Command, enter: Enter):
    asked = {
        "range": {"from": "2026-03-30T05:00:00Z", "to": "2026-04-02T00:00:00Z"},
        "timeZone": "Asia/Kathmandu",
        "interval": "QUARTER_HOUR",
        "groupBy": ["MODEL", "API_KEY"],
        "filter": {"models": ["\u202eo4", "gpt-4o"], "providers": [None, "groq"], "apiKeys": []},
    }
    whole = {"range": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}, "interval": None, "groupBy": [], "format": "CSV"}
    for each in (asked, whole):
        served.ask(EXPORT, served.told("token"), input=each)
    page = enter("/jobs")
    rows = page.get_by_role("group", name="Rows of exports").locator("tbody tr")
    of_whole, of_narrow = (rows.nth(place).locator("td.name") for place in (0, 1))
    expect(of_whole).to_have_text("1 Mar, 00:00 to 2 Mar, 00:00one row")
    expect(of_narrow.locator("small")).to_have_text(
        [
            "a row for each quarter hour, model and API key, in Asia/Kathmandu",
            "only models: \u202eo4, gpt-4o",
            "only providers: none, groq",
            "only API keys: none of them",
        ]
    )
    # What is written from right to left turns nothing else round
    expect(of_narrow.locator("small").nth(1).locator("bdi")).to_have_text(["\u202eo4", "gpt-4o"])
    title = of_narrow.get_attribute("title") or ""
    assert title.startswith("30 Mar 2026, 05:00:00 UTC to 2 Apr 2026, 00:00:00 UTC\na row for each quarter hour")
    # What has been told of it stays when its state is told anew
    expect(rows.locator(".state.completed")).to_have_count(rows.count())
    expect(of_narrow.locator("small")).to_have_count(4)
    page.goto(f"{served.url}/jobs?zone=Asia/Kathmandu")
    expect(of_narrow.locator("small").first).to_have_text("a row for each quarter hour, model and API key")
    expect(of_narrow).to_contain_text("30 Mar, 10:45 to 2 Apr, 05:45")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("section", ["bill", "jobs"])
def test_everybody_can_use_it_and_it_looks_good(enter: Enter, pictures: Path, section: str, scheme: str, viewport: dict[str, int]):
    page = enter(f"/{section}", color_scheme=scheme, viewport=viewport)
    expect(page.locator(".panel tbody tr").or_(page.locator(".panel .empty")).first).to_be_visible()
    page.screenshot(path=pictures / f"{section}-{scheme}-{viewport['width']}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()

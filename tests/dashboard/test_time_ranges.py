"""Ranges that are not over, and those that cut a bucket: what they are compared with, what is not known yet, and where a bar leads."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from service.throwaway_postgres import throwaway_folder
from tests.dashboard.conftest import address, counted
from tests.service.running import Command, commands

NOW = datetime.now(UTC).replace(hour=14, minute=20, second=0, microsecond=0) - timedelta(days=1)  # what the browser's clock shows
TODAY = NOW.replace(hour=0, minute=0)
PAST = [TODAY - timedelta(hours=i + 1) for i in range(24 * 64)]
DASH = "\N{EN DASH}"
COMPARED = "query RouterFigures("


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    """A service with a request in every hour of 64 days before today, and in every second one of the first twelve of today."""
    with throwaway_folder() as folder, commands(folder, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        served = found.serve()
        times = [*PAST, *(TODAY + timedelta(hours=hour) for hour in range(0, 12, 2))]
        served.report([event(f"{i}", time + timedelta(minutes=5)) for i, time in enumerate(times)])
        counted(served, len(times))
        served.folder = folder
        (folder / "token").write_text(found.run("tokens", "create", "--scope", "read", "--account", "acme").output.strip())
        yield served


def event(id: str, time: datetime) -> bytes:
    told = {"specversion": "1.0", "type": "request.completed", "source": "ranges", "id": id, "time": time.isoformat(), "subject": "acme"}
    return json.dumps(told | {"data": {"model": "m", "input": [], "output": []}}).encode()


@pytest.fixture
def look(served: Command, browser: Callable[..., BrowserContext]) -> Callable[[str], Page]:
    """Opens a page at NOW."""

    def open_page(path: str) -> Page:
        context = browser()
        assert context.request.post(f"{served.url}/sign-in", data=(served.folder / "token").read_text().encode()).status == 204
        page = context.new_page()
        page.clock.set_fixed_time(NOW)
        page.goto(f"{served.url}/routers?live=off&{path}")
        return page

    return open_page


def written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S.000Z}"


def compared(page: Page, doing: Callable[[], object]) -> tuple[str, str]:
    """The range that figures are compared with, once that is done."""
    with page.expect_request(lambda request: COMPARED in json.loads(request.post_data or "{}").get("query", "")) as asked:
        doing()
    range = json.loads(asked.value.post_data or "")["variables"]["previous"]
    return range["from"], range["to"]


def month_before(instant: datetime) -> datetime:
    return (instant.replace(day=1) - timedelta(days=1)).replace(day=1)


def test_a_range_that_is_not_over_is_compared_as_far_as_it_has_come(look: Callable[[str], Page]):
    page = look("range=today")
    change = page.locator(".card", has_text="Total requests").locator(".change")
    expect(change).to_have_text("\N{MINUS SIGN}60 %")  # 6 requests, and 15 at this time yesterday
    soon, half = timedelta(hours=15), timedelta(hours=12)
    ranges = {
        (TODAY, TODAY + timedelta(days=1)): (TODAY - timedelta(days=1), TODAY - timedelta(days=1) + soon),
        (TODAY, TODAY + timedelta(hours=20)): (TODAY - timedelta(hours=20), TODAY - timedelta(hours=5)),
        (TODAY, TODAY + half): (TODAY - half, TODAY),
        (TODAY + timedelta(days=1), TODAY + timedelta(days=3)): (TODAY - timedelta(days=1), TODAY + timedelta(days=1)),
        (month_before(TODAY), TODAY.replace(day=1)): (month_before(month_before(TODAY)), month_before(TODAY)),
    }
    for (start, end), (before, until) in ranges.items():
        path = page.url.split("?")[0] + f"?from={written(start)}&to={written(end)}"
        assert compared(page, lambda path=path: page.goto(path)) == (written(before), written(until))


@pytest.mark.parametrize("preset", ["month", "31d"])
def test_the_next_page_is_compared_with_the_same(look: Callable[[str], Page], preset: str):
    page = look(f"range={preset}&per=QUARTER_HOUR&group=model")
    before = compared(page, page.reload)
    if preset == "month" and TODAY.day < 3:
        pytest.skip("the month has too few rows for a second page")
    page.get_by_role("button", name="Next 50").click()
    expect(page.locator(".span")).to_contain_text("(chosen)")
    assert compared(page, page.reload) == before


def bars(page: Page) -> list[tuple[str, str]]:
    """What each says of its time, and its only figure."""
    rows = page.get_by_role("group", name="The chart's figures").locator("tbody tr")
    expect(rows.first).to_be_visible()
    return [(row.locator("th").inner_text(), row.locator("td").last.inner_text()) for row in rows.all()]


def test_hours_to_come_are_not_known_and_the_one_that_goes_on_is_marked(look: Callable[[str], Page]):
    page = look("range=today&measure=requests&usage=table")
    found = bars(page)
    assert len(found) == 24
    assert [count for _, count in found[:15]] == ["1", "0"] * 6 + ["0", "0", "0"]
    assert {count for _, count in found[15:]} == {DASH}
    assert ["(unfinished)" in time for time, _ in found] == [False] * 14 + [True] * 10
    expect(page.locator("tfoot td")).to_have_text(["6"])
    page.get_by_role("button", name="Show as chart").click()
    expect(page.locator(".legend .when")).to_contain_text("14:00 (unfinished)")  # the last of which something is known


def test_a_bar_without_requests_says_that_the_range_cuts_it(look: Callable[[str], Page]):
    start, end = TODAY + timedelta(hours=1, minutes=30), TODAY + timedelta(hours=14)
    found = bars(look(f"from={written(start)}&to={written(end)}&measure=requests&usage=table"))
    assert [("(in part)" in time, count) for time, count in found[:2]] == [(True, "0"), (False, "1")]


@pytest.mark.parametrize("shown", ["table", "chart"])
def test_a_bar_leads_to_what_it_counts(look: Callable[[str], Page], shown: str):
    start, end = TODAY - timedelta(days=9, hours=10), TODAY - timedelta(days=1, hours=6)
    page = look(f"from={written(start)}&to={written(end)}&measure=requests&usage={shown}")
    requests = page.locator(".card", has_text="Total requests").locator("dd")
    expect(requests).to_contain_text(f"{9 * 24 + 10 - 24 - 6}")
    for last, begins, ends, count in (
        (False, start, TODAY - timedelta(days=9), 10),
        (True, TODAY - timedelta(days=2), end, 18),
    ):
        press(page, shown, last=last)
        expect(page.locator(".span")).to_contain_text(f"{begins:%H:%M} \N{EN DASH}")
        assert (address(page)["from"], address(page)["to"]) == (written(begins), written(ends))
        expect(requests).to_contain_text(f"{count}")
        page.go_back()
        expect(requests).to_contain_text(f"{9 * 24 + 10 - 24 - 6}")


def press(page: Page, shown: str, *, last: bool) -> None:
    """The first bar, or the last one."""
    if shown == "table":
        buttons = page.get_by_title("Only this time")
        (buttons.last if last else buttons.first).click()
        return
    expect(page.locator("[aria-busy='true']")).to_have_count(0)  # else the chart may be made anew meanwhile
    over = page.locator(".u-over")
    expect(over).to_be_visible()
    box = over.bounding_box()
    assert box is not None
    over.click(position={"x": box["width"] * (0.97 if last else 0.03), "y": box["height"] / 2})


def test_the_bar_of_today_leads_to_today_compared_as_far_as_it_has_come(look: Callable[[str], Page]):
    page = look("range=7d&measure=requests&usage=table")
    page.get_by_title("Only this time").last.click()
    expect(page.locator(".card", has_text="Total requests").locator(".change")).to_have_text("\N{MINUS SIGN}60 %")
    assert (address(page)["from"], address(page)["to"]) == (written(TODAY), written(TODAY + timedelta(days=1)))

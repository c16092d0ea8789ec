"""The section of routers, as people see it: its figures are the API's, and what is chosen stays chosen."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from python_calamine import CalamineWorkbook

from tests.dashboard.conftest import DESKTOP, PHONE, WRITES, Enter, address, asked_range
from tests.service.running import Command, eventually

USAGE = """query($range: TimeRange!, $filter: RouterFilter) { account { routerUsage(range: $range, filter: $filter) {
    totalRequests totalTokens usedModels averageLatency totalFee
    buckets(interval: HOUR, groupBy: [MODEL, API_KEY], orderBy: {field: TIME, direction: DESC}, first: 50) {
        totalCount nodes { time model apiKey { name } requests totalTokens totalFee
            input { label count unit } output { label count unit } } } } } }"""
CARDS = {"Total requests": "totalRequests", "Total tokens": "totalTokens", "Used models": "usedModels", "Average latency": "averageLatency"}


def exact(place: Locator) -> str:
    """The figure itself, which is behind the one that is shown."""
    value = place.locator(".value")
    return (value.get_attribute("title") if value.count() else place.inner_text().split("\n")[0]) or ""


def usage(served: Command, page: Page, **filter: Any) -> Any:
    """The API's answer to the same question."""
    data = served.ask(USAGE, served.told("token"), range=asked_range(page, "RouterFigures"), filter=filter or None)
    return data["account"]["routerUsage"]


def rows(page: Page) -> Locator:
    """Of the table, but for those that are unfolded."""
    return page.locator("section[aria-label='Usage, in rows'] tbody tr:not(.unfolded)")


def test_the_figures_are_the_apis(served: Command, enter: Enter):
    page = enter()
    found = usage(served, page)
    for name, field in CARDS.items():
        card = page.locator(".card", has_text=name).locator("dd")
        expect(card).not_to_be_empty()
        expect(card.locator(".skeleton")).to_have_count(0)
        assert exact(card).replace(",", "").removesuffix(" s") == str(found[field])
    expect(page.locator(".card")).to_have_count(len(CARDS))
    assert exact(page.locator("main .note").first) == f"{found['totalFee']} USD"
    expect(rows(page)).to_have_count(len(found["buckets"]["nodes"]))
    for row, bucket in zip(rows(page).all()[:5], found["buckets"]["nodes"], strict=False):
        assert bucket["model"] in row.inner_text()
        assert exact(row.locator("td.number").nth(0)).replace(",", "") == str(bucket["requests"])
        assert exact(row.locator("td.number").nth(1)).replace(",", "") == str(bucket["totalTokens"])


def test_a_row_unfolds_into_its_factors(served: Command, enter: Enter):
    page = enter()
    bucket = usage(served, page)["buckets"]["nodes"][0]
    rows(page).first.get_by_role("button", name="Input and output").click()
    for caption, side in (("Input", "input"), ("Output", "output")):
        told = page.locator(".breakdown", has=page.locator("caption", has_text=caption)).locator("tbody tr")
        expect(told).to_have_count(max(1, len(bucket[side])))
        for row, factor in zip(told.all(), bucket[side], strict=True):
            assert factor["label"] in row.inner_text()
            assert exact(row.locator("td").nth(0)).replace(",", "") == str(factor["count"])


def test_the_chart_says_the_same_as_a_table(served: Command, enter: Enter):
    page = enter()
    models = usage(served, page)["usedModels"]
    expect(page.locator(".plot canvas")).to_be_visible()
    page.get_by_role("button", name="Show as table").click()
    table = page.get_by_role("group", name="The chart's figures")
    expect(table.locator("thead th")).to_have_count(models + 2)  # time, and all together
    expect(table.locator("tbody tr").last).to_contain_text("(unfinished)")


def test_a_figure_is_pressed_to_be_told_exactly_by_key_and_by_touch(served: Command, enter: Enter):
    page = enter("/routers?live=off", has_touch=True)
    tokens = f"{usage(served, page)['totalTokens']:,}"
    figure = page.locator(".card", has_text="Total tokens").get_by_role("button")
    told = page.locator(".exact", has_text=tokens)
    figure.focus()
    expect(told).not_to_be_visible()
    page.keyboard.press("Enter")
    expect(told).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")
    expect(told).not_to_be_visible()
    expect(figure).to_be_focused()
    figure.tap()
    expect(told).to_be_visible()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_figure_can_be_written_exactly(served: Command, enter: Enter, viewport: dict[str, int]):
    page = enter("/routers?live=off&usage=table&measure=totalFee", viewport=viewport)
    page.get_by_role("button", name="Exact figures").focus()
    page.keyboard.press("Enter")
    found = usage(served, page)
    expect(page.locator(".card", has_text="Total tokens").locator("dd")).to_contain_text(f"{found['totalTokens']:,}")
    expect(page.locator("main .note").first).to_contain_text(f"{found['totalFee']} USD")
    for row, bucket in zip(rows(page).all()[:5], found["buckets"]["nodes"], strict=False):
        expect(row.locator("td.number").nth(5)).to_have_text(f"{bucket['totalFee']} USD")
    expect(page.locator('[aria-label="The chart\'s figures"] tfoot td').last).to_have_text(f"{found['totalFee']} USD")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    page.get_by_role("link", name="Deployments").click()  # it is kept from one section to another
    expect(page.get_by_role("button", name="Exact figures")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Exact figures").click()
    assert "figures" not in address(page)


def test_what_is_chosen_is_in_the_address_and_comes_back(served: Command, enter: Enter):
    page = enter()
    page.get_by_role("button", name="7 days").click()
    page.get_by_role("button", name="Fee", exact=True).first.click()
    page.get_by_role("button", name="Only gpt-4o", exact=True).or_(page.locator("button[title='Only gpt-4o']")).first.click()
    expect(page.get_by_label("Narrowed to")).to_contain_text("gpt-4o")
    assert address(page) == {"range": "7d", "measure": "totalFee", "models": '["gpt-4o"]'}
    found = usage(served, page, models=["gpt-4o"])
    card = page.locator(".card", has_text="Total requests").locator("dd")
    expect(card).to_contain_text(re.compile(r"\d"))
    assert exact(card).replace(",", "") == str(found["totalRequests"])
    page.go_back()
    expect(page.get_by_label("Narrowed to")).to_have_count(0)


def test_to_drag_over_the_chart_chooses_that_time(enter: Enter):
    page = enter()
    over = page.locator(".u-over")
    expect(over).to_be_visible()
    box = over.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=.*to="))
    expect(page.locator(".span")).to_contain_text("(chosen)")


def test_an_export_downloads_by_itself_and_holds_the_same(served: Command, enter: Enter, tmp_path: Path):
    page = enter()
    found = usage(served, page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as downloading:
        page.get_by_role("dialog").get_by_role("button", name="Export").click()
    path = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(path)
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Usage").to_python()
    head, *body = sheet
    assert len(body) == found["buckets"]["totalCount"]
    assert sum(int(f"{row[head.index('Requests')]:.0f}") for row in body) == found["totalRequests"]
    expect(page.get_by_role("status").filter(has_text="Ready")).to_be_visible()


@pytest.mark.parametrize("format", ["CSV", "Parquet"])
def test_an_export_comes_in_the_format_that_is_chosen(served: Command, enter: Enter, tmp_path: Path, format: str):
    page = enter()
    found = usage(served, page)
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    choice = dialog.get_by_label("Format")
    assert [name.partition(" (")[0].partition(",")[0] for name in choice.locator("option").all_inner_texts()] == [
        "Excel workbook",
        "CSV",
        "Parquet",
    ]
    choice.select_option(value=format.upper())
    assert Axe().run(page).violations_count == 0
    with page.expect_download() as downloading:
        dialog.get_by_role("button", name="Export").click()
    path = tmp_path / downloading.value.suggested_filename
    assert path.suffix == f".{format.lower()}"
    downloading.value.save_as(path)
    with duckdb.connect() as connection:
        query = f"""SELECT count(*), sum("Requests")::bigint FROM read_{format.lower()}(?)"""
        assert connection.execute(query, [str(path)]).fetchall() == [(found["buckets"]["totalCount"], found["totalRequests"])]


@contextmanager
def downloading_later(served: Command, page: Page) -> Iterator[Any]:
    """An export is begun, of which nobody is told how far it is, and what happens within brings its download."""
    hears = False
    page.route_web_socket("**/graphql", lambda socket: socket.connect_to_server() if hears else None)
    page.goto(f"{served.url}/routers")
    page.get_by_role("button", name="Export").click()
    with page.expect_response(lambda response: "StartExport" in (response.request.post_data or "")):
        page.get_by_role("dialog").get_by_role("button", name="Export").click()
    eventually(lambda: page.evaluate("sessionStorage.length > 0"))
    hears = True
    with page.expect_download() as downloading:
        yield downloading


def test_an_export_survives_a_reload(served: Command, enter: Enter):
    page = enter(None)
    with downloading_later(served, page) as downloading:
        page.reload()
    assert downloading.value.suggested_filename.endswith(".xlsx")


def test_an_export_downloads_wherever_somebody_is_by_then(served: Command, enter: Enter):
    page = enter(None)
    with downloading_later(served, page) as downloading:
        page.goto(f"{served.url}/history")
    assert downloading.value.suggested_filename.endswith(".xlsx")
    expect(page.get_by_role("heading", level=1)).to_have_text("History")
    eventually(lambda: page.evaluate("sessionStorage['tallygraph exports'] === '[]'"))  # once is enough


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_use_it_and_it_looks_good(enter: Enter, pictures: Path, scheme: str, viewport: dict[str, int]):
    page = enter(color_scheme=scheme, viewport=viewport)
    expect(page.locator(".plot canvas")).to_be_visible()
    expect(rows(page).first).to_be_visible()
    rows(page).first.get_by_role("button", name="Input and output").click()
    page.screenshot(path=pictures / f"routers-{scheme}-{viewport['width']}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_on_a_phone_the_current_section_is_in_sight(enter: Enter):
    page = enter("/jobs", viewport=PHONE)
    current = page.locator("nav a[aria-current]")
    expect(current).to_have_text("Exports and audits")
    expect(current).to_be_in_viewport(ratio=0.99)
    page.goto(page.url.replace("/jobs", "/routers"))
    expect(current).to_have_text("Routers")
    expect(current).to_be_in_viewport(ratio=0.99)
    page.go_back()
    expect(current).to_have_text("Exports and audits")
    expect(current).to_be_in_viewport(ratio=0.99)


def test_figures_move_when_events_arrive(served: Command, enter: Enter):
    page = enter("/routers?range=24h")
    card = page.locator(".card", has_text="Total requests").locator("dd")
    expect(card).to_contain_text(re.compile(r"\d"))
    before = int(exact(card).replace(",", ""))
    heard: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))))
    page.reload()
    eventually(lambda: [page.wait_for_timeout(20), any("routerUsageChanged" in each for each in heard)][1])  # the present state
    told = {"specversion": "1.0", "type": "request.completed", "source": "live", "id": "1", "time": datetime.now(UTC).isoformat()}
    data = {"model": "brand-new", "input": [{"category": "prompt", "quantity": 7}], "output": []}
    served.report([json.dumps(told | {"data": data}).encode()], served.told("token"))
    expect(card).to_contain_text(f"{before + 1:,}", timeout=15_000)
    expect(page.locator(".legend")).to_contain_text("brand-new")


def test_days_of_the_chart_are_those_of_the_zone_that_is_shown_wherever_the_browser_is(served: Command, enter: Enter):
    axes: list[list[str]] = []
    for place in ("UTC", "Europe/Berlin", "America/Los_Angeles"):
        page = enter(None, timezone_id=place)
        page.add_init_script(WRITES)
        page.goto(f"{served.url}/routers?measure=requests")
        expect(page.locator(".plot canvas")).to_be_visible()
        axes.append([text for text in page.evaluate("window.written") if text[-1].isalpha()][:5])
    assert len(axes[0]) == 5
    assert axes[0] == axes[1] == axes[2]

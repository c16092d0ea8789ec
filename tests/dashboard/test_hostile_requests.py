"""Whatever a request says of itself, in any of its fields, is shown as text and in its place, and so is the name of what served it."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from service.throwaway_postgres import throwaway_folder
from tests.dashboard.conftest import DESKTOP, PHONE, Enter
from tests.dashboard.test_hostile_names import NAMES, quoted
from tests.service.running import Command, commands

FIELDS = ("request_id", "request_type", "model_version", "technology", "service_tier", "error_message")
COLUMNS = 6  # Version, Type, Technology, Served by, Request and Error
FACTS = ("Request", "Version", "Type", "Technology", "Tier", "Served by", "Error")
FILTERS = ("requestId", "errorContains", "modelVersions", "requestTypes", "technologies", "deployments")
TEXTS = FILTERS[:2]  # the others are lists

viewports = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
names = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    """A service whose account has deployments of odd names, each a request that says them in every field, and a price."""
    with throwaway_folder() as folder, commands(folder, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        served = found.serve()
        priced = [price(name) for name in NAMES.values()]
        lines = [line for name in NAMES.values() for line in served_by(name)]
        for each in (priced, lines):
            receipt = served.report(each)
            assert (receipt["recorded"], receipt["rejected"]) == (len(each), [])
        (folder / "token").write_text(
            found.run("tokens", "create", "--scope", "read", "--scope", "billing", "--account", "acme").output.strip()
        )
        served.folder = folder
        served.ask(f'query {{ account(atLeast: "{receipt["position"]}") {{ id }} }}', token(served))
        yield served


def event(type: str, name: str, data: Mapping[str, object], **more: str) -> bytes:
    told = {"specversion": "1.0", "type": type, "source": "hostile", "id": f"{type} {name}", "time": datetime.now(UTC).isoformat()}
    return json.dumps(told | more | {"data": data}).encode()


def price(name: str) -> bytes:
    return event("gpu_price.set", name, {"gpu_type": name, "unit_price": "2", "effective_from": "2020-01-01T00:00:00Z"})


def served_by(name: str) -> Iterator[bytes]:
    """A deployment that runs, and a request to it that fails."""
    life = {"deployment": name, "name": name, "model": name, "gpu_type": name, "gpus": 3}
    yield event("deployment.created", name, life, subject="acme")
    yield event("deployment.started", name, {"deployment": name}, subject="acme")
    quantities = {"input": [{"category": "prompt", "quantity": 7}], "output": []}
    data = dict.fromkeys(FIELDS, name) | {"model": "m", "channel": "deployment", "deployment": name, "status_code": 500} | quantities
    yield event("request.completed", name, data, subject="acme")


def token(served: Command) -> str:
    return (served.folder / "token").read_text()


def requests(page: Page) -> Locator:
    return page.locator(".requests tbody tr")


def is_harmless(page: Page) -> None:
    """Nothing is wider than the screen, nothing of a name has become a part of the page, and none is in its title."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("main script, main img").count() == 0
    assert page.title() in {f"{section} \N{EN DASH} Tallygraph" for section in ("History", "Deployments", "Bill")}


@viewports
def test_every_column_of_history_has_them_as_text(served: Command, enter: Enter, viewport: dict[str, int]):
    page = enter("/history", token(served), viewport=viewport)
    expect(requests(page)).to_have_count(len(NAMES))
    is_harmless(page)
    for name in NAMES.values():
        cells = requests(page).locator(f"td[title={quoted(name)}]")
        expect(cells).to_have_count(COLUMNS)
        expect(cells.locator("bdi")).to_have_text([name] * COLUMNS)  # what is written from right to left turns nothing else round
    heights = requests(page).evaluate_all("rows => rows.map((row) => row.clientHeight)")
    assert max(heights) - min(heights) <= 1, "long ones are cut, and a row is as high as another"


@viewports
@names
def test_a_request_tells_them_whole(served: Command, enter: Enter, name: str, viewport: dict[str, int]):
    page = enter("/history", token(served), viewport=viewport)
    requests(page).filter(has=page.locator(f"td[title={quoted(name)}]")).locator("th a").click()
    sheet = page.get_by_role("dialog")
    for fact in FACTS:
        told = sheet.locator("dt", has_text=fact).and_(sheet.get_by_text(fact, exact=True)).locator("xpath=following-sibling::dd[1]")
        expect(told.locator("bdi")).to_have_text(name)
    sheet.get_by_text("What was told").click()
    expect(sheet.locator("pre")).to_contain_text(f'"error_message": {quoted(name)}')
    assert sheet.evaluate("sheet => sheet.scrollWidth <= sheet.clientWidth")
    is_harmless(page)


@viewports
@names
def test_filters_take_them_and_stand_above_the_list(served: Command, enter: Enter, name: str, viewport: dict[str, int]):
    chosen = {each: name if each in TEXTS else json.dumps([name]) for each in FILTERS}
    page = enter(f"/history?{urlencode(chosen)}", token(served), viewport=viewport)
    expect(requests(page)).to_have_count(1)
    chips = page.get_by_label("Narrowed to").locator("li")
    expect(chips.locator("bdi")).to_have_text([name] * len(FILTERS))
    assert max(chips.evaluate_all("chips => chips.map((chip) => chip.clientHeight)")) < 40, "each in one line, with the way back in it"
    page.get_by_text("Filters (6 set)").click()
    expect(page.get_by_label("Version", exact=True)).to_be_visible()
    expect(page.locator(f"datalist option[value={quoted(name)}]")).to_have_count(1)  # deployments are suggested
    is_harmless(page)
    chips.get_by_role("button").first.click()
    expect(chips).to_have_count(len(FILTERS) - 1)
    expect(requests(page)).to_have_count(1)


@viewports
@pytest.mark.parametrize("lines", ["deployment", "model"])
def test_the_bill_has_them_as_text(served: Command, enter: Enter, lines: str, viewport: dict[str, int]):
    page = enter(f"/bill?lines={lines}", token(served), viewport=viewport)
    rows = page.get_by_role("group", name="Rows of the bill").locator("tbody tr")
    expect(rows).to_have_count(len(NAMES))
    told = rows.locator("td.name bdi").all_text_contents()
    assert {*told} >= {*NAMES.values()}
    is_harmless(page)


@viewports
@names
def test_deployments_are_found_by_them(served: Command, enter: Enter, name: str, viewport: dict[str, int]):
    chosen = {"name": name, "models": json.dumps([name]), "gpuHours": "table", "requests": "table"}
    page = enter(f"/deployments?{urlencode(chosen)}", token(served), viewport=viewport)
    expect(page.get_by_label("Narrowed to").locator("bdi")).to_have_text(name)
    row = page.get_by_role("group", name="Rows of deployments").locator("tbody tr")
    expect(row.locator("th bdi")).to_have_text(name)
    row.locator("td.number a").click()
    expect(requests(page)).to_have_count(1)
    expect(page.get_by_label("Narrowed to").locator("bdi")).to_have_text(name)
    is_harmless(page)

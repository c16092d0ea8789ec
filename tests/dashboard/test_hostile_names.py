"""Whatever things are called, the page shows it as text, and in its place; an account sees what is its own."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from service.throwaway_postgres import throwaway_folder
from tests.dashboard.conftest import DESKTOP, PHONE, Enter
from tests.service.running import ADMIN, Command, commands

NAMES = {
    "script": "<script>alert(1)</script>",
    "picture": '"><img src=x onerror=alert(1)>',
    "right to left": "\u202emodel\u05d0\u05d1\u05d2 مرحبا",
    "long": "m" * 300,
    "brackets": '["a","b"]',
}


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    """A service with two accounts: one uses models of odd names, and so do its keys. Each has a token."""
    with throwaway_folder() as folder, commands(folder, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        served = found.serve()
        now = datetime.now(UTC).isoformat()
        served.report([price(f"price of {i}", now, name) for i, name in enumerate(NAMES.values())])
        lines = [event(f"{i}", now, "acme", name) for i, name in enumerate(NAMES.values())]
        lines += [event(f"of {i}", now, account, "theirs") for i, account in enumerate(NAMES.values())]
        lives = [life(f"life of {i}", now, "acme", name) for i, name in enumerate(NAMES.values())]
        receipt = served.report([*lines, *lives, event("other", now, "other", "theirs")])
        served.requests(receipt)  # waits until they are counted
        scopes = ("--scope", "read", "--scope", "billing")
        for account in ("acme", "other"):
            (folder / account).write_text(found.run("tokens", "create", *scopes, "--account", account).output.strip())
        served.folder = folder
        yield served


def event(id: str, time: str, account: str, name: str) -> bytes:
    key, quantity = {"id": name, "name": name}, {"category": name, "unit": "token", "quantity": 7}
    data = {"model": name, "provider": name, "api_key": key, "input": [quantity], "output": []}
    told = {"specversion": "1.0", "type": "request.completed", "source": "a", "id": id, "time": time, "subject": account}
    return json.dumps(told | {"data": data}).encode()


def price(id: str, time: str, name: str) -> bytes:
    """What a model costs."""
    told = {"specversion": "1.0", "type": "price.set", "source": "prices", "id": id, "time": time}
    data = {"model": name, "provider": None, "direction": "input", "category": name, "unit": "token", "unit_price": "0.25"}
    return json.dumps(told | {"data": data | {"effective_from": "2020-01-01T00:00:00Z"}}).encode()


def life(id: str, time: str, account: str, name: str) -> bytes:
    """A deployment begins."""
    told = {"specversion": "1.0", "type": "deployment.created", "source": "a", "id": id, "time": time, "subject": account}
    data = {"deployment": name, "name": name, "kind": "deployment", "model": name, "gpu_type": name[:100], "gpus": 2}
    return json.dumps(told | {"data": data}).encode()


def quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def token(served: Command, account: str) -> str:
    return (served.folder / account).read_text()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_names_are_texts_and_stay_in_their_places(served: Command, enter: Enter, viewport: dict[str, int]):
    page = enter("/routers", token(served, "acme"), viewport=viewport)
    rows = page.locator("section[aria-label='Usage, in rows'] tbody tr:not(.unfolded)")
    expect(rows).to_have_count(len(NAMES))
    for name in NAMES.values():
        row = rows.filter(has=page.locator(f"td[title={quoted(name)}]"))
        expect(row).to_have_count(1)
        row.get_by_role("button", name="Input and output").click()
    expect(page.locator("td bdi").first).to_be_visible()  # what is written from right to left turns nothing else round
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for by in ("API key", "Provider"):
        page.get_by_role("group", name="Stacked by").get_by_role("button", name=by).click()
        expect(page.locator(".legend li")).to_have_count(len(NAMES))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_can_be_chosen_and_is_kept_in_the_address(served: Command, enter: Enter, name: str):
    page = enter("/routers", token(served, "acme"))
    page.locator(f"td.name[title={quoted(name)}] button").first.click()
    expect(page.get_by_label("Narrowed to").locator("bdi")).to_have_text(name)
    page.reload()
    expect(page.get_by_label("Narrowed to").locator("bdi")).to_have_text(name)
    expect(page.locator("section[aria-label='Usage, in rows'] tbody tr")).to_have_count(1)


def test_an_account_sees_its_own_and_no_other(served: Command, enter: Enter):
    page = enter("/routers", token(served, "other"))
    expect(page.locator(".who")).to_contain_text("other")
    expect(page.locator("section[aria-label='Usage, in rows'] tbody tr")).to_have_count(1)
    expect(page.locator("td.name").first).to_contain_text("theirs")
    theirs = served.account_id("acme")
    page.goto(f"{served.url}/routers?account={theirs}")
    expect(page.locator(".who")).to_contain_text("other")
    expect(page.get_by_role("alert").or_(page.locator(".empty")).first).to_be_visible()
    assert "m" * 300 not in page.content()


EXPORT = "mutation($range: TimeRange!) { exportRouterUsage(input: {range: $range}) { export { fileName } errors { message } } }"
PLACES = {"history": ".requests tbody tr", "jobs": "section[aria-label='Exports'] tbody tr"}


@pytest.mark.parametrize("place", PLACES)
def test_whoever_signs_in_as_another_in_another_tab_sees_nothing_of_the_one_before(served: Command, enter: Enter, place: str):
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    asked = {"from": (now - timedelta(hours=1)).isoformat(), "to": now.isoformat()}
    page = enter("/jobs", token(served, "acme"))
    assert served.ask(EXPORT, token(served, "acme"), range=asked)["exportRouterUsage"]["errors"] == []
    page.goto(f"{served.url}/{place}")
    expect(page.locator(".who")).to_contain_text("acme")
    expect(page.locator(PLACES[place]).first).to_be_visible()
    page.evaluate("document.documentElement.dataset.of = 'before'")
    assert page.context.request.post(f"{served.url}/sign-in", data=token(served, "other").encode()).status == 204
    already = served.ask("{ account { exports { nodes { id } } } }", token(served, "other"))["account"]["exports"]["nodes"]
    assert served.ask(EXPORT, token(served, "other"), range=asked)["exportRouterUsage"]["errors"] == []
    expect(page.locator(".who")).to_contain_text("other")
    expect(page.locator(PLACES[place])).to_have_count(len(already) + 1 if place == "jobs" else 1)
    assert page.evaluate("document.documentElement.dataset.of") is None, "it is loaded anew"


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_names_stay_in_their_places_in_history_and_in_a_request(served: Command, enter: Enter, viewport: dict[str, int]):
    page = enter("/history", token(served, "acme"), viewport=viewport)
    rows = page.locator(".requests tbody tr")
    expect(rows).to_have_count(len(NAMES))
    for name in NAMES.values():
        rows.filter(has=page.locator(f"td[title={quoted(name)}]")).locator("th a").click()
        sheet = page.get_by_role("dialog")
        expect(sheet.locator(".facts bdi", has_text=name).first).to_be_attached()
        sheet.get_by_text("What was told").click()
        assert sheet.evaluate("sheet => sheet.scrollWidth <= sheet.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_names_stay_in_their_places_in_deployments_and_in_the_life_of_one(served: Command, enter: Enter, viewport: dict[str, int]):
    page = enter("/deployments", token(served, "acme"), viewport=viewport)
    rows = page.locator("section[aria-label='Deployments'] tbody tr")
    expect(rows).to_have_count(len(NAMES))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in NAMES.values():
        rows.filter(has=page.locator(f"a[title={quoted(name)}]")).locator("th a").click()
        sheet = page.get_by_role("dialog")
        expect(sheet.get_by_role("heading", level=2).locator("bdi")).to_have_text(name)
        sheet.get_by_text("What was told", exact=True).first.click()
        expect(sheet.locator("pre").first).to_be_visible()
        assert sheet.evaluate("sheet => sheet.scrollWidth <= sheet.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("lines", ["model", "key", "provider", "category"])
def test_names_stay_in_their_places_in_the_bill(served: Command, enter: Enter, viewport: dict[str, int], lines: str):
    page = enter(f"/bill?lines={lines}", token(served, "acme"), viewport=viewport)
    rows = page.get_by_role("group", name="Rows of the bill").locator("tbody tr")
    expect(rows.first).to_be_visible()
    for name in NAMES.values():
        expect(rows.locator("td.name bdi").filter(has_text=name).first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_bill_of_what_has_no_price_says_so(served: Command, enter: Enter):
    page = enter("/bill", token(served, "other"))
    expect(page.locator(".empty")).to_contain_text("Nothing that was used in this time has a price yet")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_names_stay_in_their_places_in_an_export(served: Command, enter: Enter, viewport: dict[str, int]):
    page = enter(None, token(served, "acme"), viewport=viewport)
    page.goto(f"{served.url}/routers?{urlencode({'apiKeys': json.dumps([*NAMES.values()])})}")
    expect(page.get_by_label("Narrowed to").locator("li")).to_have_count(len(NAMES))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    for name in NAMES.values():
        expect(dialog.locator("bdi").filter(has_text=name).first).to_be_visible()
    assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    with page.expect_download() as downloading:
        dialog.get_by_role("button", name="Export").click()
    page.get_by_role("link", name="Exports and audits").click()
    row = page.get_by_role("group", name="Rows of exports").locator("tbody tr").first
    expect(row.get_by_role("button", name=downloading.value.suggested_filename)).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_accounts_may_be_called_anything(served: Command, enter: Enter, viewport: dict[str, int]):
    page = enter("/routers", ADMIN, viewport=viewport)
    for name in NAMES.values():
        page.get_by_label("Account").select_option(served.account_id(name))
        expect(page.locator("td.name").first).to_contain_text("theirs")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Export").click()
        with page.expect_download():
            page.get_by_role("dialog").get_by_role("button", name="Export").click()

"""Whose usage it is: an account sees its own and nothing else, whatever it asks for; an operator chooses among however many there are."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.dashboard import varied
from tests.dashboard.conftest import PHONE, Enter, address
from tests.dashboard.reading import card, number, section
from tests.dashboard.varied import FIRST, days, event
from tests.service.running import ADMIN, Command, eventually

THEIRS = "of nobody else"  # model, key, deployment and request of the other account
MANY = 2_100  # accounts: more than two pages of them
PLACE = "?from={from}&to={to}&live=off".format_map(days())
NODES = """query($id: ID!, $range: TimeRange!) { account(id: $id) { history(range: $range, first: 1) { nodes { id } }
    deploymentUsage(range: $range) { deployments { nodes { deployment { id } } } } audits { nodes { status downloadUrl } } } }"""
EXPORT = "mutation($input: ExportRouterUsageInput!) { exportRouterUsage(input: $input) { export { id } errors { message } } }"
ACCOUNTS = "query($after: String) { accounts(first: 1000, after: $after) { nodes { id key } pageInfo { endCursor } } }"
AUDIT = "mutation($input: StartAuditInput!) { startAudit(input: $input) { audit { id } errors { message } } }"


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    """The varied account, one with a single request and a deployment, and very many others."""
    data = {"model": THEIRS, "provider": THEIRS, "request_id": THEIRS, "api_key": {"id": THEIRS}, "input": [], "output": []}
    life = {"deployment": THEIRS, "name": THEIRS, "model": THEIRS, "gpus": 1}
    ours = [
        event("request.completed", "theirs", FIRST + timedelta(hours=30), data, "bolt"),
        event("deployment.created", "theirs created", FIRST, life, "bolt"),
        event("deployment.started", "theirs started", FIRST, {"deployment": THEIRS}, "bolt"),
    ]
    others = [event("request.completed", f"of {i}", FIRST, {"model": "m"}, f"team-{i:04}") for i in range(MANY)]
    with varied.varied(*ours, *others) as found:
        asked = {"accountId": found.account_id("bolt"), "range": days()}
        for make, of in ((EXPORT, "exportRouterUsage"), (AUDIT, "startAudit")):
            assert found.ask(make, input=asked)[of]["errors"] == []
        yield found


SECTIONS = {
    "routers": ("Rows of usage", "There are no rows"),
    "deployments": ("Rows of deployments", "No deployment existed"),
    "history": ("Rows of requests", "No request was made"),
    "bill": ("Rows of the bill", "Nothing that was used"),
    "jobs": ("Rows of exports", "No export yet"),
}


def go(served: Command, page: Page, section: str, **chosen: str) -> None:
    page.goto(f"{served.url}/{section}?{urlencode(days() | {'live': 'off'} | chosen)}")


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_shows_an_account_its_own_and_says_whose_address_is_not_theirs(served: Command, enter: Enter, name: str):
    bolt, page = served.account_id("bolt"), enter(None, varied.token(served))
    go(served, page, name)
    if name == "jobs":
        expect(page.locator("main .empty")).to_have_text([re.compile("No audit yet"), re.compile("No export yet")])
    else:
        expect(page.get_by_role("group", name=SECTIONS[name][0]).locator("tbody tr").first).to_be_visible()
    expect(page.locator("main :is(.skeleton, [aria-busy='true'])")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text(THEIRS)
    go(served, page, name, account=bolt)
    expect(page.get_by_role("alert")).to_contain_text("no account of this address, or it is not yours")
    expect(page.locator("main :is(table, .card, .plot)")).to_have_count(0)
    page.get_by_role("button", name="Show your own").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert "account" not in address(page)
    # What is not shown is there: to whoever may see it
    page = enter(None, ADMIN)
    go(served, page, name, account=bolt, lines="model")
    expect(page.get_by_role("group", name=SECTIONS[name][0]).locator("tbody tr")).to_have_count(1)
    if name != "jobs":
        expect(page.locator("main")).to_contain_text(THEIRS)


def test_ids_and_names_of_another_account_find_nothing(served: Command, enter: Enter):
    found = served.ask(NODES, id=served.account_id("bolt"), range=days())["account"]
    page = enter(None, varied.token(served))
    for name, chosen, missing in (
        ("history", {"request": found["history"]["nodes"][0]["id"]}, "no such request, or it is not yours"),
        ("deployments", {"deployment": found["deploymentUsage"]["deployments"]["nodes"][0]["deployment"]["id"]}, "no such deployment"),
    ):
        go(served, page, name, **chosen)
        expect(page.get_by_role("dialog")).to_contain_text(missing)
        expect(page.locator("main")).not_to_contain_text(THEIRS)
    for name, chosen in (
        ("routers", {"apiKeys": json.dumps([THEIRS])}),
        ("routers", {"models": json.dumps([THEIRS])}),
        ("deployments", {"name": THEIRS}),
        ("history", {"deployments": json.dumps([THEIRS])}),
        ("history", {"requestId": THEIRS}),
    ):
        go(served, page, name, **chosen)
        expect(page.locator("main .empty").last).to_contain_text(SECTIONS[name][1])
        if name != "history":
            assert number(card(page, "Total requests")) == 0


def test_a_file_of_another_account_is_not_given_to_who_has_its_link(served: Command, enter: Enter):
    bolt = served.account_id("bolt")
    link = eventually(lambda: served.ask(NODES, id=bolt, range=days())["account"]["audits"]["nodes"][0]["downloadUrl"])
    assert enter(None, ADMIN).context.request.get(served.url + link).status == 200
    assert enter(None, varied.token(served)).context.request.get(served.url + link).status == 403


def test_whoever_operates_finds_any_of_very_many_accounts_by_its_key(served: Command, enter: Enter):
    page = enter(f"/history{PLACE}", ADMIN)
    field, rows = page.get_by_label("Account"), section(page, "Rows of requests")
    expect(field).to_have_value("acme")
    last = f"team-{MANY - 1:04}"
    for text, key in ((last, last), ("EAM-1777", "team-1777"), ("bolt", "bolt")):  # the whole key, a part, one of the first
        field.fill(text)
        field.press("Enter")
        expect(field).to_have_value(key)
        expect(page).to_have_url(re.compile(re.escape(id_of(served, key))))
        expect(rows).to_have_count(1)
    field.fill("team-20")
    field.press("Enter")
    refused(field, "100 accounts")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    assert {f"team-20{i:02}" for i in range(100)} <= {
        *page.locator(".who datalist option").evaluate_all("all => all.map((one) => one.value)")
    }
    field.fill("nobody")
    field.press("Enter")
    refused(field, "No account has this")
    page.locator("main h1").click()
    assert address(page)["account"] == id_of(served, "bolt"), "it is still that of before"
    # An address leads to an account that is not among the first
    page.goto(f"{served.url}/history{PLACE}&account={id_of(served, last)}")
    expect(field).to_have_value(last)
    expect(rows).to_have_count(1)
    page.goto(f"{served.url}/history{PLACE}&account=nonsense")
    expect(page.get_by_role("alert")).to_contain_text("no account of this address: choose one")


def refused(field: Locator, why: str) -> None:
    eventually(lambda: why in field.evaluate("field => field.validationMessage"))


def id_of(served: Command, key: str) -> str:
    """The id of an account, however many there are."""
    after = None
    for _ in range(MANY):
        found = served.ask(ACCOUNTS, after=after)["accounts"]
        for node in found["nodes"]:
            if node["key"] == key:
                return node["id"]
        after = found["pageInfo"]["endCursor"]
    raise AssertionError(key)

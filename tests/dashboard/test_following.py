"""What happens is seen in every section without a reload: a subscription tells it, or a small question finds it out."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import Enter
from tests.dashboard.reading import card, number
from tests.service.running import Command, eventually

SLOW, OFTEN = 3000, 5000  # milliseconds: timers of the look of every half minute, and of small questions
OFF = "const plain = setInterval; window.setInterval = (act, after, ...more) => %s.includes(after) ? 0 : plain(act, after, ...more);"
MILLION = Decimal("2.50")  # what as many tokens of a prompt cost
ASK = """mutation($range: TimeRange!) { exportRouterUsage(input: {range: $range}) { export { id } }
    startAudit(input: {range: $range}) { audit { id } } }"""

Open = Callable[..., Page]


@pytest.fixture
def follow(served: Command, enter: Enter) -> Open:
    """Opens a page whose timers of these periods are off, and waits until it is told of changes, if it `hears`."""

    def open_page(path: str, *off: int, hears: bool = True) -> Page:
        heard: list[str] = []
        page = enter(None)
        page.add_init_script(OFF % json.dumps(off))
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))))
        page.goto(served.url + path)
        eventually(lambda: [page.wait_for_timeout(20), not hears or any("routerUsageChanged" in each for each in heard)][1])
        return page

    return open_page


def told(type: str, id: str, data: dict[str, Any], time: datetime | None = None) -> bytes:
    at = (time or datetime.now(UTC)).isoformat()
    return json.dumps({"specversion": "1.0", "type": type, "source": "following", "id": id, "time": at, "data": data}).encode()


def request(id: str, **more: Any) -> bytes:
    tokens = {"input": [{"category": "prompt", "quantity": 1_000_000}], "output": []}
    return told("request.completed", id, {"request_id": id, "model": "gpt-4o", "provider": "openai", **tokens, **more})


def rows(page: Page) -> Locator:
    return page.locator(".requests tbody tr")


def test_the_bill_moves_when_a_request_is_rated(served: Command, follow: Open):
    page = follow("/bill?range=24h&lines=model", SLOW, OFTEN)
    fee = page.get_by_role("group", name="Rows of the bill").locator("tr", has=page.get_by_text("gpt-4o", exact=True)).locator("td.fee")
    expect(page.locator("[aria-busy='true']")).to_have_count(0)
    before, total = number(fee), number(card(page, "Total"))
    assert before is not None
    assert total is not None
    served.report([request("rated")], served.told("token"))
    eventually(lambda: [page.wait_for_timeout(20), number(fee)][1] == before + MILLION)
    eventually(lambda: [page.wait_for_timeout(20), number(card(page, "Total")) or 0][1] >= total + MILLION)  # GPU time goes on beside it


def test_history_says_how_many_are_newer_and_stays_as_it_is(served: Command, follow: Open):
    page = follow("/history", SLOW, OFTEN)
    expect(rows(page)).to_have_count(100)
    page.locator(".requests tbody tr").nth(40).scroll_into_view_if_needed()
    looked_at = page.evaluate("[scrollY, ...[...document.querySelectorAll('.requests tbody a')].map((link) => link.href)]")
    newer = page.get_by_role("button", name="newer request")
    served.report([request("one")], served.told("token"))
    expect(newer).to_have_text("1 newer request: show it")
    # It is said once, not with every number
    said = page.get_by_role("status").filter(has_text="newer")
    expect(said).to_have_text("There are newer requests.")
    said.evaluate(
        "said => new MutationObserver(() => (said.dataset.again = '')).observe(said, {subtree: true, childList: true, characterData: true})"
    )
    served.report([request("two"), request("three")], served.told("token"))
    expect(newer).to_have_text("3 newer requests: show them")
    expect(said).not_to_have_attribute("data-again", "")
    # Nothing has moved under a reader's eyes
    assert page.evaluate("[scrollY, ...[...document.querySelectorAll('.requests tbody a')].map((link) => link.href)]") == looked_at
    newer.click()
    expect(newer).to_have_count(0)
    links = "[...document.querySelectorAll('.requests tbody a')].map((link) => link.href)"
    eventually(lambda: page.evaluate(links)[3:] == looked_at[1:98])


def test_history_hears_of_what_it_is_narrowed_to_alone(served: Command, follow: Open):
    page = follow("/history?models=%5B%22gpt-4o-mini%22%5D", SLOW, OFTEN)
    expect(rows(page).first).to_be_visible()
    newer = page.get_by_role("button", name="newer request")
    served.report([request("another")], served.told("token"))
    served.report([request("the one", model="gpt-4o-mini")], served.told("token"))
    expect(newer).to_have_text("1 newer request: show it")


def test_requests_to_deployments_are_found_in_history(served: Command, follow: Open):
    page = follow("/history?channel=DEPLOYMENT", SLOW)
    expect(rows(page).first).to_be_visible()
    served.report([request("served", channel="deployment", deployment="chat-prod")], served.told("token"))
    expect(page.get_by_role("button", name="newer request")).to_have_text("1 newer request: show it")


def test_an_empty_history_says_that_there_is_something_now(served: Command, follow: Open):
    page = follow("/history?models=%5B%22first-of-its-kind%22%5D", SLOW, OFTEN)
    expect(page.locator(".empty")).to_be_visible()
    served.report([request("first", model="first-of-its-kind")], served.told("token"))
    page.get_by_role("button", name="1 newer request: show it").click()
    expect(rows(page)).to_have_count(1)


def test_deployments_come_work_and_end(served: Command, follow: Open):
    page = follow("/deployments?range=24h", SLOW, hears=False)
    active, requests = (number(card(page, name)) for name in ("Active deployments", "Total requests"))
    assert active is not None
    assert requests is not None
    begun = datetime.now(UTC) - timedelta(minutes=30)
    name = {"deployment": "brand-new"}
    created = name | {"name": "Brand new", "model": "llama-3.1-8b", "gpu_type": "L4", "gpus": 2}
    served.report(
        [told("deployment.created", "created", created, begun), told("deployment.started", "started", name, begun)], served.told("token")
    )
    row = page.get_by_role("group", name="Rows of deployments").locator("tr", has_text="Brand new")
    expect(row).to_contain_text("running")
    expect(card(page, "Active deployments")).to_have_text(f"{active + 1}")
    served.report([request("work", channel="deployment", deployment="brand-new")], served.told("token"))
    expect(card(page, "Total requests")).to_contain_text(f"{requests + 1:,}")
    expect(row.locator("td.number").first).to_have_text("1")
    served.report([told("deployment.stopped", "stopped", name)], served.told("token"))
    expect(row).to_contain_text("stopped")
    expect(card(page, "Active deployments")).to_have_text(f"{active}")


def test_jobs_that_others_ask_for_are_listed(served: Command, follow: Open):
    page = follow("/jobs?range=last-month", SLOW, hears=False)  # whatever time is shown
    for name in ("audit", "export"):
        expect(page.get_by_text(f"No {name} yet.")).to_be_visible()
    range = {"from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"}
    for count in (1, 2):
        served.ask(ASK, served.told("token"), range=range)
        for name, state in (("audits", "matched"), ("exports", "completed")):
            found = page.get_by_role("group", name=f"Rows of {name}").locator("tbody tr")
            expect(found.locator(f".state.{state}")).to_have_count(count)


def test_who_does_not_want_it_is_left_alone(served: Command, follow: Open):
    page = follow("/deployments?live=off", SLOW, hears=False)
    page.clock.install()
    page.goto(f"{served.url}/deployments?live=off")
    expect(page.locator("section[aria-label='Deployments'] tbody tr").first).to_be_visible()
    expect(page.locator(".skeleton, [aria-busy='true']")).to_have_count(0)
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if sent.url.endswith("/graphql") else None)
    page.clock.fast_forward("01:00")
    page.evaluate("fetch('/icon.svg').then((answer) => answer.text())")  # whatever was asked before is known then
    assert asked == []
    page.get_by_role("button", name="Live").click()
    with page.expect_request(lambda sent: "DeploymentGlance" in (sent.post_data or "")):
        page.clock.fast_forward("00:06")

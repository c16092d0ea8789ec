"""Signing in to the dashboard, and out, as people do it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.dashboard.conftest import DESKTOP, PHONE, Enter
from tests.service.running import ADMIN, Command, eventually

Make = Callable[..., BrowserContext]


def signed_in(page: Page) -> None:
    expect(page.get_by_role("navigation", name="Sections")).to_be_visible()


def signed_out(page: Page) -> None:
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_the_link_that_serve_prints_signs_in_once(served: Command, browser: Make):
    page = browser().new_page()
    page.goto(served.told("sign in"))
    signed_in(page)
    expect(page.locator(".who")).to_contain_text("acme")
    # And out again, in every tab
    other = page.context.new_page()
    other.goto(f"{served.url}/")
    signed_in(other)
    page.get_by_role("button", name="Sign out").click()
    signed_out(page)
    other.reload()
    signed_out(other)
    # The link is used up
    again = browser().new_page()
    assert (answer := again.goto(served.told("sign in"))) is not None
    assert answer.status == 403
    expect(again.get_by_text("This sign-in link does not work any more.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_link_that_is_unknown_or_used_up_is_a_page_that_leads_on(
    served: Command, browser: Make, pictures: Path, scheme: str, viewport: dict[str, int]
):
    page = browser(color_scheme=scheme, viewport=viewport).new_page()
    refused: list[str] = []  # of the policy; that the answer is 403, the console tells, too
    page.on("console", lambda message: refused.append(message.text) if "403" not in message.text else None)
    page.goto(f"{served.url}/sign-in?code=unknown")
    expect(page.get_by_role("status")).to_contain_text("does not work any more")
    assert page.locator("script, style, [style]").count() == 0
    panel = page.locator(".sign-in").evaluate("main => getComputedStyle(main).backgroundColor")
    assert panel == {"light": "rgb(255, 255, 255)", "dark": "rgb(25, 29, 35)"}[scheme], "it has the styles of the others"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    page.screenshot(path=pictures / f"link-used-up-{scheme}-{viewport['width']}.png")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert refused == []
    page.get_by_role("link", name="Sign in with a token").click()
    signed_out(page)
    page.get_by_label("Token").fill(served.told("token"))
    page.get_by_label("Token").press("Enter")
    signed_in(page)


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "application/json"])
def test_a_program_is_told_of_such_a_link_in_a_line(served: Command, accept: str):
    answer = served.get("/sign-in?code=unknown", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert answer.text.startswith("This sign-in link has been used, or is too old.")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Accept" in answer.headers["Vary"]


def test_a_token_signs_in_and_another_text_does_not(served: Command, browser: Make):
    page = browser().new_page()
    page.goto(f"{served.url}/routers?range=7d")
    signed_out(page)
    page.get_by_label("Token").fill("not a token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("unknown, has expired or was revoked")
    page.get_by_label("Token").fill(served.told("token"))
    page.get_by_label("Token").press("Enter")
    signed_in(page)
    expect(page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")  # where they wanted to go
    cookies = {each["name"]: each for each in page.context.cookies()}  # pyright: ignore[reportTypedDictNotRequiredAccess]
    assert cookies["tallygraph_session"].get("httpOnly")
    assert cookies["tallygraph_session"].get("sameSite") == "Lax"
    assert page.evaluate("document.cookie + JSON.stringify(localStorage)") == "{}"  # nothing of it for scripts


def entered(served: Command, browser: Make) -> Page:
    """A page of a browser that has signed in."""
    context = browser()
    assert context.request.post(f"{served.url}/sign-in", data=served.told("token").encode()).status == 204
    return context.new_page()


def end_elsewhere(served: Command, page: Page) -> None:
    """End its session, as its time does: the browser is not told."""
    [cookie] = [each for each in page.context.cookies() if each.get("name") == "tallygraph_session"]
    httpx.post(f"{served.url}/sign-out", headers={"Cookie": f"tallygraph_session={cookie.get('value')}"})


def ended(page: Page) -> None:
    expect(page.get_by_text("Your session has ended.")).to_be_visible()


def test_a_session_that_has_ended_says_so_and_one_goes_on_where_one_was(served: Command, browser: Make):
    page = entered(served, browser)
    page.goto(f"{served.url}/routers?range=7d&models=%5B%22gpt-4o%22%5D&group=model")
    expect(page.get_by_label("Narrowed to")).to_contain_text("gpt-4o")
    page.get_by_role("button", name="24 hours").click()
    address = page.url
    end_elsewhere(served, page)
    page.reload()  # nothing but the cookie knows that there was a session
    ended(page)
    page.get_by_label("Token").fill(served.told("token"))
    page.get_by_label("Token").press("Enter")
    expect(page.get_by_label("Narrowed to")).to_contain_text("gpt-4o")
    expect(page.get_by_role("button", name="24 hours")).to_have_attribute("aria-pressed", "true")
    assert page.url == address


def test_a_page_that_only_follows_hears_of_the_end_of_its_session(served: Command, browser: Make):
    page = entered(served, browser)
    heard: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))))
    page.goto(f"{served.url}/routers?range=24h")
    eventually(lambda: [page.wait_for_timeout(20), any("routerUsageChanged" in each for each in heard)][1])
    end_elsewhere(served, page)
    told = {"specversion": "1.0", "type": "request.completed", "source": "end", "id": "1", "time": datetime.now(UTC).isoformat()}
    served.report([json.dumps(told | {"data": {"model": "gpt-4o", "input": [], "output": []}}).encode()], served.told("token"))
    ended(page)


def test_whoever_signs_out_in_another_tab_has_ended_this_one_and_comes_back_with_it(served: Command, browser: Make):
    page = entered(served, browser)
    page.goto(f"{served.url}/history?providers=%5B%22openai%22%5D")
    expect(page.locator(".requests tbody tr").first).to_be_visible()
    other = page.context.new_page()
    other.goto(f"{served.url}/")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_text("You are not signed in.")).to_be_visible()
    other.reload()
    expect(other.get_by_text("You are not signed in.")).to_be_visible()
    page.get_by_role("link", name="Bill").click()
    ended(page)
    page.go_back()
    other.get_by_label("Token").fill(served.told("token"))
    other.get_by_label("Token").press("Enter")
    signed_in(other)
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.get_by_label("Narrowed to")).to_contain_text("openai")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_sign_in_and_it_looks_good(served: Command, browser: Make, pictures: Path, scheme: str, viewport: dict[str, int]):
    page = browser(color_scheme=scheme, viewport=viewport).new_page()
    page.goto(f"{served.url}/")
    signed_out(page)
    page.get_by_label("Token").fill("not a token")
    page.get_by_label("Token").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("unknown")
    page.screenshot(path=pictures / f"sign-in-{scheme}-{viewport['width']}.png")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.context.request.post(f"{served.url}/sign-in", data=served.told("token").encode())
    end_elsewhere(served, page)
    page.reload()
    ended(page)
    page.screenshot(path=pictures / f"session-ended-{scheme}-{viewport['width']}.png")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_whoever_operates_chooses_an_account(served: Command, enter: Enter):
    page = enter("/", token=ADMIN)
    expect(page.get_by_label("Account")).to_have_value(served.account_id("acme"))
    expect(page.locator(".card dd").first).not_to_be_empty()
    expect(page.locator("tbody tr").first).to_be_visible()

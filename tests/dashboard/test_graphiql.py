"""GraphiQL, as somebody sees it who opens /graphql in a browser: all of it comes from the service itself."""

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.dashboard.conftest import Enter
from tests.service.running import Command

pytestmark = pytest.mark.shown

RANGE = 'range: {from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z"}'
TOTAL = f"query Asked {{ account {{ key routerUsage({RANGE}) {{ totalRequests }} }} }}"
FOLLOW = f"subscription Asked {{ routerUsageChanged({RANGE}) {{ totalRequests }} }}"


def run(page: Page, document: str) -> None:
    """Written in place of what stands in the editor, which names its tab once it has read it."""
    page.locator(".graphiql-query-editor .CodeMirror").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(document)
    expect(page.get_by_role("tab", name="Asked")).to_be_visible()
    page.get_by_role("button", name="Execute query").click()


def test_a_query_of_whoever_has_signed_in_is_answered_and_no_other_host_is_asked(served: Command, enter: Enter):
    page = enter(None)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(f"{served.url}/graphql")
    run(page, TOTAL)
    wanted = served.ask(TOTAL, served.told("token"))["account"]
    answer = page.locator(".result-window")
    expect(answer).to_contain_text(f'"totalRequests": {json.dumps(wanted["routerUsage"]["totalRequests"])}')
    expect(answer).to_contain_text('"key": "acme"')
    page.get_by_role("button", name="Show Documentation Explorer").click()
    expect(page.locator(".graphiql-doc-explorer")).to_contain_text("RouterUsage")
    page.get_by_role("button", name="Open settings dialog").click()
    expect(page.get_by_role("dialog")).to_contain_text("Theme")
    assert hosts == {urlsplit(served.url).netloc}


def test_a_subscription_is_followed(enter: Enter):
    page = enter("/graphql")
    page.get_by_role("button", name="Show Documentation Explorer").click()
    expect(page.locator(".graphiql-doc-explorer")).to_contain_text("RouterUsage")  # only with the schema it knows what is asked
    run(page, FOLLOW)
    expect(page.locator(".result-window")).to_contain_text('"totalRequests"')
    expect(page.get_by_role("button", name="Stop query")).to_be_visible()  # it goes on


def test_who_has_not_signed_in_is_told_so(served: Command, browser: Callable[..., BrowserContext]):
    page = browser().new_page()
    page.goto(f"{served.url}/graphql")
    run(page, TOTAL)
    expect(page.locator(".result-window")).to_contain_text("UNAUTHENTICATED")

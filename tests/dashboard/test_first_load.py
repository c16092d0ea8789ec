"""What is sent before a section stands there, whichever it is that somebody opens first."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Response, expect

from tests.dashboard.conftest import Enter
from tests.service.running import Command

pytestmark = pytest.mark.shown

MAX_BYTES = 60_000  # of JavaScript, packed: a phone on a train loads that in a second
MAX_REQUESTS = 6
ICON = "/icon.svg"  # a browser without a window does not ask for it
STANDS = {
    "routers": ".plot canvas",
    "deployments": ".plot canvas",
    "history": ".requests tbody tr",
    "bill": ".card dd .value",
    "jobs": "main h2",
}


@pytest.mark.parametrize("section", STANDS)
def test_little_is_loaded(served: Command, enter: Enter, section: str):
    page = enter(None)
    sent: dict[str, Response] = {}
    page.on("response", lambda answer: sent.update({urlsplit(answer.url).path: answer}))
    page.goto(f"{served.url}/{section}")
    expect(page.locator(STANDS[section]).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    files = {path: answer for path, answer in sent.items() if path != "/graphql"}
    assert len({*files, ICON}) <= MAX_REQUESTS, [*files]
    programs = [answer for path, answer in files.items() if path.endswith(".js")]
    assert {answer.headers["content-encoding"] for answer in programs} == {"gzip"}
    sizes = {answer.url: answer.request.sizes()["responseBodySize"] for answer in programs}
    assert 10_000 < sum(sizes.values()) < MAX_BYTES, sizes

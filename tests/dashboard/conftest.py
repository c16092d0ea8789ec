"""A real Chromium that looks at a real service."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from service.throwaway_postgres import throwaway_folder
from tests.conftest import REQUIRED, cloned
from tests.service.running import BOUND_SECONDS, Command, Commands, commands, eventually

# The first draws the same pages without the windows that nobody sees, in half the time.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

# Without these, Chromium looks for hosts of its maker at every start.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
DESKTOP, PHONE = {"width": 1360, "height": 1000}, {"width": 390, "height": 844}

# Remembers what is written into a canvas.
WRITES = """const write = CanvasRenderingContext2D.prototype.fillText; window.written = [];
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        window.written.push(text); write.call(this, text, ...rest); };"""

Enter = Callable[..., Page]
expect.set_options(timeout=BOUND_SECONDS * 1000)  # five seconds are little where all processors are busy


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The one of the system. Gone after each module: Playwright has an event loop that runs, and other tests could have none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        reason = "no Chromium: install it, as the package chromium-headless-shell of Debian is"
        pytest.fail(reason) if REQUIRED else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sample(embedded_postgres: str) -> Iterator[str]:
    """The URL of a database with the sample account, which is told and projected once; others are cloned from it."""
    with cloned(embedded_postgres) as url:
        with tallygraph_on(url) as found:
            served = found.serve("--demo")
            served.interrupt()
            assert served.ended() == 0, served.errors
        yield url


@pytest.fixture(scope="session")
def shown(sample: str) -> Iterator[Command]:
    """A service with the sample account that modules have together."""
    with cloned(sample) as url, tallygraph_on(url) as found:
        yield found.serve("--demo")


@pytest.fixture(scope="module")
def database(sample: str) -> Iterator[str]:
    """The URL of a module's own database with the sample account."""
    with cloned(sample) as url:
        yield url


@pytest.fixture(scope="module")
def own(database: str) -> Iterator[Command]:
    """A service on it."""
    with tallygraph_on(database) as found:
        yield found.serve("--demo")


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Command:
    """A service with the sample account: a module's own, or, where the module is marked `shown`, the one that is only looked at."""
    return request.getfixturevalue("own" if request.node.get_closest_marker("shown") is None else "shown")


@contextmanager
def tallygraph_on(database_url: str) -> Iterator[Commands]:
    """Commands on a database that is there, with a data directory of their own."""
    with throwaway_folder() as folder, commands(folder, DATABASE_URL=database_url, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        yield found


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browsers with nothing in them."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        made.append(chromium.new_context(**{"viewport": DESKTOP, "accept_downloads": True} | options))  # pyright: ignore[reportArgumentType]
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def enter(browser: Callable[..., BrowserContext], served: Command) -> Iterator[Enter]:
    """Opens a page of somebody who has signed in. What its console has to complain about fails the test."""
    complaints: list[str] = []

    def open_page(path: str | None = "/", token: str | None = None, **options: object) -> Page:
        context = browser(**options)
        assert context.request.post(f"{served.url}/sign-in", data=(token or served.told("token")).encode()).status == 204
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
        if path is not None:
            page.goto(served.url + path)
        return page

    yield open_page
    assert complaints == []


def asked_range(page: Page, question: str) -> dict[str, str]:
    """The range that a page asks about, loaded again, in a question of that name."""
    with page.expect_request(lambda request: f"query {question}(" in json.loads(request.post_data or "{}").get("query", "")) as asked:
        page.reload()
    return json.loads(asked.value.post_data or "")["variables"]["range"]


def address(page: Page) -> dict[str, str]:
    """What is chosen, as it stands in the address."""
    return page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")


COUNTED = """query($id: ID!) { account(id: $id) {
    routerUsage(range: {from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z"}) { totalRequests } } }"""


def counted(served: Command, requests: int, account: str = "acme") -> None:
    """Waits until so many requests of an account are counted."""
    eventually(lambda: account in served.accounts())
    id = served.account_id(account)
    eventually(lambda: served.ask(COUNTED, id=id)["account"]["routerUsage"]["totalRequests"] == requests)


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where pictures of the dashboard are kept."""
    folder = Path(__file__).parents[2] / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

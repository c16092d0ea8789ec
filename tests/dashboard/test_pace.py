"""Pages ask no more than is answered: what takes long is waited for, and what nobody looks at is not asked for."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.dashboard.conftest import Enter
from tests.dashboard.reading import card, number
from tests.service.running import Command, eventually

LIVE = """const plain = setInterval;
    window.setInterval = (act, after, ...more) => [3000, 5000].includes(after) ? 0 : plain(act, after, ...more);"""
HIDDEN = "window.away = false; Object.defineProperty(document, 'hidden', { get: () => window.away });"
SEEN = "away = false; document.dispatchEvent(new Event('visibilitychange'))"


class Questions:
    """Those of a name that a page asks. They go on as soon as they are not to be held."""

    def __init__(self, page: Page, name: str, *, hold: bool = False) -> None:
        self.held: list[Route] = []
        self.asked = 0
        self._page, self._name, self._hold = page, name, hold
        page.route("**/graphql", self._pass)

    def reach(self, count: int) -> None:
        eventually(lambda: [self._page.wait_for_timeout(20), self.asked][1] == count)

    def let_go(self) -> None:
        self._hold = False
        while self.held:
            self.held.pop().continue_()

    def until_now(self) -> int:
        """How many there were, when the page has said all that it had to say."""
        self._page.evaluate("fetch('/icon.svg').then((answer) => answer.text())")
        return self.asked

    def _pass(self, route: Route) -> None:
        if f"query {self._name}(" not in (route.request.post_data or ""):
            route.fallback()
            return
        self.asked += 1
        if self._hold:
            self.held.append(route)
        else:
            route.continue_()


def report(served: Command, id: str) -> None:
    data = {
        "request_id": id,
        "model": "gpt-4o",
        "provider": "openai",
        "input": [{"category": "prompt", "quantity": 1_000_000}],
        "output": [],
    }
    told = {"specversion": "1.0", "type": "request.completed", "source": "pace", "id": id, "time": datetime.now(UTC).isoformat()}
    served.report([json.dumps(told | {"data": data}).encode()], served.told("token"))


def told_of_changes(page: Page) -> Callable[[], int]:
    """How often the page was told that something has changed."""
    messages: list[str] = []

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            socket.send(message)
            messages.append(str(message))

        server.on_message(pass_on)

    page.route_web_socket("**/graphql", connect)
    return lambda: sum("routerUsageChanged" in each for each in messages)


def until(page: Page, told: Callable[[], int], count: int) -> None:
    eventually(lambda: [page.wait_for_timeout(20), told()][1] >= count)


def settled(page: Page) -> None:
    expect(page.locator(".skeleton, [aria-busy='true']")).to_have_count(0)


def test_what_takes_long_is_shown_though_there_is_something_new_meanwhile(served: Command, enter: Enter):
    page = enter(None)
    page.add_init_script(LIVE)
    told = told_of_changes(page)
    page.goto(f"{served.url}/bill?range=24h&lines=model")
    fee = page.get_by_role("group", name="Rows of the bill").locator("tr", has=page.get_by_text("gpt-4o", exact=True)).locator("td.fee")
    card(page, "Total")
    before = number(fee)
    assert before is not None
    until(page, told, 1)
    # Given a question that is under way
    bills = Questions(page, "Bill", hold=True)
    report(served, "first")
    bills.reach(1)
    answer = bills.held.pop()
    slow = answer.fetch()
    # When there is something new again and again
    for count in (3, 4):
        report(served, f"meanwhile {count}")
        until(page, told, count)
    # Then its answer is shown, and it is asked once more
    assert bills.until_now() == 1
    answer.fulfill(response=slow)
    eventually(lambda: [page.wait_for_timeout(20), number(fee)][1] == before + Decimal("2.50"))
    bills.reach(2)
    bills.let_go()
    eventually(lambda: [page.wait_for_timeout(20), number(fee)][1] == before + 3 * Decimal("2.50"))
    assert bills.until_now() == 2


def test_a_page_that_nobody_sees_asks_nothing_and_catches_up_when_it_is_seen(served: Command, enter: Enter):
    page = enter(None)
    page.add_init_script(LIVE)
    page.add_init_script(HIDDEN)
    told = told_of_changes(page)
    page.goto(f"{served.url}/routers?range=24h")
    before = number(card(page, "Total requests"))
    settled(page)
    until(page, told, 1)
    figures = Questions(page, "RouterFigures")
    page.evaluate("away = true")
    for count in (2, 3):
        report(served, f"unseen {count}")
        until(page, told, count)
    assert figures.until_now() == 0
    page.evaluate(SEEN)
    assert before is not None
    eventually(lambda: [page.wait_for_timeout(20), number(card(page, "Total requests"))][1] == before + 2)
    assert figures.until_now() == 1
    page.evaluate(SEEN)  # there is nothing new
    assert figures.until_now() == 1


def test_small_questions_wait_for_their_answers_and_end_with_their_section(served: Command, enter: Enter):
    page = enter(None)
    page.clock.install()
    page.goto(f"{served.url}/deployments?range=24h")
    card(page, "Total requests")
    settled(page)
    glances = Questions(page, "DeploymentGlance", hold=True)
    for _ in range(3):
        page.clock.fast_forward("00:06")
    assert glances.until_now() == 1
    with page.expect_event("requestfinished", lambda sent: "DeploymentGlance" in (sent.post_data or "")):
        glances.let_go()
    glances = Questions(page, "DeploymentGlance", hold=True)
    eventually(lambda: [page.clock.fast_forward("00:05"), glances.until_now()][1] == 1)
    with page.expect_event("requestfailed", lambda sent: "DeploymentGlance" in (sent.post_data or "")):
        page.get_by_role("link", name="Bill").click()


def test_what_fails_is_not_asked_again_every_few_seconds(enter: Enter, served: Command):
    page = enter(None)
    page.clock.install()
    page.goto(f"{served.url}/deployments?range=24h")
    card(page, "Total requests")
    settled(page)
    refused = json.dumps({"errors": [{"message": "It took too long."}]})
    page.route(
        "**/graphql",
        lambda route: route.fulfill(body=refused) if "query DeploymentFigures(" in (route.request.post_data or "") else route.fallback(),
    )
    page.get_by_role("button", name="7 days").click()
    expect(page.get_by_role("alert")).to_contain_text("It took too long.")
    settled(page)
    glances = Questions(page, "DeploymentGlance")
    page.clock.fast_forward("00:06")
    assert glances.until_now() == 0


def test_newer_requests_are_counted_of_the_list_that_is_shown(enter: Enter, served: Command):
    page = enter(None)
    page.clock.install()
    page.goto(f"{served.url}/history?range=24h")
    expect(page.locator(".requests tbody tr").first).to_be_visible()
    settled(page)
    newest = Questions(page, "NewestRequests")
    lists = Questions(page, "HistoryPage", hold=True)
    page.get_by_role("button", name="7 days").click()
    lists.reach(1)
    page.clock.fast_forward("00:06")
    assert newest.until_now() == 0
    lists.let_go()
    settled(page)
    page.clock.fast_forward("00:06")
    newest.reach(1)


EXPORT = "mutation($input: ExportRouterUsageInput!) { exportRouterUsage(input: $input) { export { id } errors { message } } }"


def start(served: Command, names: list[str]) -> None:
    """An export of the usage of these models, of an hour long ago."""
    wanted = {"range": {"from": "2026-04-01T00:00:00Z", "to": "2026-04-01T01:00:00Z"}, "filter": {"models": names}}
    served.ask(EXPORT, served.told("token"), input=wanted)


def test_what_an_export_holds_is_asked_for_once_and_told_in_few_words(served: Command, enter: Enter):
    start(served, [f"model-{number}" for number in range(1000)])
    page = enter(None)
    page.clock.install()
    page.goto(f"{served.url}/jobs")
    rows = page.get_by_role("group", name="Rows of exports").locator("tbody tr")
    names = "model-0, model-1, model-2, model-3, model-4 and 995 more"
    holds = rows.locator("td.name")
    expect(holds).to_have_count(1)
    expect(holds).to_contain_text(f"only models: {names}")
    assert (holds.get_attribute("title") or "").endswith(f"models: {names}")
    expect(rows.locator(".state.completed")).to_have_count(1)
    settled(page)
    # Every few seconds it is asked how far exports are, and not what they hold
    assert "model-0" not in answer_of_exports(page)
    expect(holds).to_contain_text(names)
    # One that is new is told of, too
    start(served, ["only-this"])
    eventually(lambda: [page.clock.fast_forward("00:05"), rows.count()][1] == 2)
    expect(holds.first).to_contain_text("only models: only-this")
    assert "only-this" not in answer_of_exports(page)


def answer_of_exports(page: Page) -> str:
    """What the page is told when it asks about exports again."""
    with page.expect_response(lambda answer: "query Exports(" in (answer.request.post_data or "")) as told:
        page.clock.fast_forward("00:06")
    return told.value.text()

"""The table of deployments, page by page, in any order and with any filter: its rows are the API's, each of them once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from service.throwaway_postgres import throwaway_folder
from tests.dashboard.conftest import Enter, address, counted
from tests.dashboard.reading import card, number, table
from tests.service.running import Command, commands

FIRST, DAYS, DEPLOYMENTS, PAGE = datetime(2026, 4, 1, tzinfo=UTC), 7, 130, 50
MODELS = ("alpha", "beta", "gamma")
STATUSES = ("PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED")
RANGE = {"from": f"{FIRST:%Y-%m-%dT%H:%M:%SZ}", "to": f"{FIRST + timedelta(days=DAYS):%Y-%m-%dT%H:%M:%SZ}"}
USAGE = """query($range: TimeRange!, $filter: DeploymentFilter, $order: DeploymentOrder!) { account {
    deploymentUsage(range: $range, filter: $filter) { totalRequests activeDeployments allocatedGpuHours fineTunings
        series(interval: DAY) { requests gpuHours }
        deployments(orderBy: $order, first: 1000) { totalCount nodes {
            name type model requests tokens gpuHours utilization fee duration { seconds } deployment { status } } } } } }"""
BY_NAME = {"field": "NAME", "direction": "ASC"}


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    """A service whose account has deployments of every status and model, some of which have served requests."""
    random = Random(3)
    with throwaway_folder() as folder, commands(folder, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        served = found.serve()
        lines = [line for i in range(DEPLOYMENTS) for line in life(i, random)]
        requests = [request(i, random) for i in range(400)]
        receipt = served.report([*lines, *requests])
        assert (receipt["recorded"], receipt["rejected"]) == (len(lines) + len(requests), [])
        counted(served, 0)  # waits until the account is there
        token = found.run("tokens", "create", "--scope", "read", "--account", "acme").output.strip()
        (folder / "token").write_text(token)
        served.ask(f'query {{ account(atLeast: "{receipt["position"]}") {{ id }} }}', token)
        served.folder = folder
        yield served


def life(i: int, random: Random) -> Iterator[bytes]:
    """Of a deployment, or a fine-tuning where that is what its status says."""
    status, began = STATUSES[i % 5], FIRST + timedelta(hours=random.randrange(24 * DAYS // 2))
    kind = "fine_tuning" if status == "SUCCEEDED" or i % 10 == 4 else "deployment"
    told = {"name": f"{random.choice(('chat', 'Search', 'draft'))} {i}", "kind": kind, "model": random.choice(MODELS), "gpus": i % 4 + 1}
    steps = [("created", told), ("started", {}), (status.lower(), {})]
    for at, (step, data) in enumerate(steps[: {"PENDING": 1, "RUNNING": 2}.get(status, 3)]):
        began += timedelta(minutes=at * random.randrange(1, 60 * 24 * DAYS // 4))
        yield event(f"deployment.{step}", f"{i} {step}", began, {"deployment": f"d-{i}"} | data)


def request(i: int, random: Random) -> bytes:
    data = {"model": "m", "channel": "deployment", "deployment": f"d-{random.randrange(DEPLOYMENTS)}", "output": []}
    tokens = {"category": "prompt", "quantity": random.randrange(10**5)}
    return event(
        "request.completed", f"request {i}", FIRST + timedelta(minutes=random.randrange(60 * 24 * DAYS)), data | {"input": [tokens]}
    )


def event(type: str, id: str, time: datetime, data: dict[str, Any]) -> bytes:
    told = {"specversion": "1.0", "type": type, "source": "pages", "id": id, "time": time.isoformat(), "subject": "acme"}
    return json.dumps(told | {"data": data}).encode()


def token(served: Command) -> str:
    return (served.folder / "token").read_text()


def usage(served: Command, order: dict[str, str] = BY_NAME, **filter: Any) -> Any:
    """The API's answer, with all of its rows at once."""
    return served.ask(USAGE, token(served), range=RANGE, order=order, filter=filter or None)["account"]["deploymentUsage"]


def opened(served: Command, enter: Enter, **chosen: str) -> Page:
    return enter(f"/deployments?{urlencode(RANGE | chosen)}", token(served))


def rows(page: Page) -> Locator:
    return page.get_by_role("group", name="Rows of deployments").locator("tbody tr")


def next_page(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Pages").get_by_role("button", name=f"Next {PAGE}")


def shows(page: Page, nodes: list[Any]) -> None:
    """These rows and no others, with every figure that they have."""
    expect(rows(page).locator("th")).to_have_text([node["name"] for node in nodes])
    told = page.locator("section[aria-label='Deployments'] tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.querySelectorAll('td:not(.number)')].map((cell) => cell.innerText))"
    )
    assert told == [[node["type"].lower().replace("_", "-"), node["model"], node["deployment"]["status"].lower()] for node in nodes]
    names = ("requests", "duration", "tokens", "gpuHours", "utilization", "fee")
    assert table(rows(page)) == [[figure(node, name) for name in names] for node in nodes]


def figure(node: Any, name: str) -> Decimal | None:
    value = node[name]["seconds"] if name == "duration" else node[name]
    return None if value is None else Decimal(str(value))


def shows_all(page: Page, nodes: list[Any]) -> None:
    """Page by page, from the first to the last."""
    for start in range(0, len(nodes), PAGE):
        shows(page, nodes[start : start + PAGE])
        if start + PAGE < len(nodes):
            next_page(page).click()
    if len(nodes) > PAGE:
        expect(next_page(page)).to_be_disabled()
    else:
        expect(page.get_by_role("navigation", name="Pages")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "field"),
    [("Name", "NAME"), ("Requests", "REQUESTS"), ("Tokens", "TOKENS"), ("Duration", "DURATION"), ("GPU hours", "GPU_HOURS")],
)
def test_all_pages_are_the_apis_rows_in_every_order(served: Command, enter: Enter, name: str, field: str):
    page = opened(served, enter)
    expect(rows(page)).to_have_count(PAGE)
    for way in ("DESC", "ASC"):
        page.locator("section[aria-label='Deployments'] thead").get_by_role("button", name=name, exact=True).click()
        nodes = usage(served, {"field": field, "direction": way})["deployments"]["nodes"]
        assert len(nodes) == DEPLOYMENTS > 2 * PAGE
        shows_all(page, nodes)


def test_a_page_is_in_the_address_and_one_comes_back_to_the_first(served: Command, enter: Enter):
    nodes = usage(served)["deployments"]["nodes"]
    page = opened(served, enter)
    first = page.get_by_role("navigation", name="Pages").get_by_role("button", name="First page")
    expect(first).to_be_disabled()
    next_page(page).click()
    shows(page, nodes[PAGE : 2 * PAGE])
    page.reload()
    shows(page, nodes[PAGE : 2 * PAGE])
    next_page(page).click()
    shows(page, nodes[2 * PAGE :])
    page.go_back()
    shows(page, nodes[PAGE : 2 * PAGE])
    first.click()
    shows(page, nodes[:PAGE])
    assert "after" not in address(page)


def test_another_order_or_filter_begins_with_its_first_page(served: Command, enter: Enter):
    page = opened(served, enter)
    for choose, order, filter in (
        (lambda: page.get_by_role("button", name="Requests", exact=True).click(), {"field": "REQUESTS", "direction": "DESC"}, {}),
        (lambda: page.get_by_role("button", name="Deployments", exact=True).click(), BY_NAME, {"types": ["DEPLOYMENT"]}),
    ):
        next_page(page).click()
        expect(page.get_by_role("button", name="First page")).to_be_enabled()
        choose()
        shows(page, usage(served, order, **filter)["deployments"]["nodes"][:PAGE])
        page.goto(f"{served.url}/deployments?{urlencode(RANGE)}")
        shows(page, usage(served)["deployments"]["nodes"][:PAGE])


def narrowed(page: Page, found: Any) -> None:
    """Cards, charts and rows are those that the API finds."""
    expect(page.locator("[aria-busy='true']")).to_have_count(0)
    expect(page.locator("section[aria-label='Deployments'] h2 small")).to_have_text(str(found["deployments"]["totalCount"]))
    for name, field in (("Total requests", "totalRequests"), ("Active", "activeDeployments"), ("Fine-tunings", "fineTunings")):
        assert number(card(page, name)) == found[field]
    assert number(card(page, "Allocated GPU hours")) == Decimal(found["allocatedGpuHours"])
    shows_all(page, found["deployments"]["nodes"])


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_is_the_apis(served: Command, enter: Enter, status: str):
    page = opened(served, enter)
    expect(rows(page)).to_have_count(PAGE)
    page.get_by_label("Status, now").select_option(status.lower())
    found = usage(served, statuses=[status])
    assert found["deployments"]["totalCount"] == DEPLOYMENTS / len(STATUSES)
    narrowed(page, found)
    assert address(page)["status"] == status
    page.get_by_label("Status, now").select_option("any")
    expect(rows(page)).to_have_count(PAGE)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_that_is_pressed_is_the_apis_and_so_are_its_charts(served: Command, enter: Enter, model: str):
    page = opened(served, enter, requests="table", gpuHours="table")
    rows(page).get_by_role("button", name=model, exact=True).first.click()
    expect(page.get_by_label("Narrowed to")).to_have_text(f"model: {model}\N{MULTIPLICATION SIGN}")
    found = usage(served, models=[model])
    assert 0 < found["deployments"]["totalCount"] < DEPLOYMENTS
    narrowed(page, found)
    requests, hours = (each.locator("tbody tr") for each in page.get_by_role("group", name="The chart's figures").all())
    assert table(requests) == [[Decimal(point["requests"])] for point in found["series"]]
    assert table(hours) == [[Decimal(point["gpuHours"])] for point in found["series"]]


def test_filters_narrow_together_and_one_model_of_two_is_taken_back(served: Command, enter: Enter):
    page = opened(served, enter, models=json.dumps(["alpha", "beta"]), status="RUNNING", name="s")
    narrowed(page, usage(served, models=["alpha", "beta"], statuses=["RUNNING"], nameContains="s"))
    page.get_by_role("button", name="Not only model: alpha").click()
    narrowed(page, usage(served, models=["beta"], statuses=["RUNNING"], nameContains="s"))
    assert address(page)["models"] == '["beta"]'
    page.get_by_role("button", name="Fine-tunings", exact=True).click()  # of which none runs
    expect(page.locator("section[aria-label='Deployments'] .empty")).to_contain_text("take a filter back")

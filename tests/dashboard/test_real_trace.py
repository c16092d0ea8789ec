"""Published traces and a price list go in through the doors, and each section shows what independent sums and the API say of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.traces import batches, data, deployment_lines, lines, totals
from service.throwaway_postgres import throwaway_folder
from tests.dashboard.conftest import Enter
from tests.dashboard.reading import card, exact, figures, note, number, section, twins
from tests.real_input.present import needed
from tests.service.running import ADMIN, Command, commands

needed("traces", data())

TRACE = "aider-2024"  # 67 models, 5 keys, failures, half a year
PRICES = "litellm-1.55.0.json.gz"
PAGE = 50  # of tables
SCOPES = ("--scope", "read", "--scope", "billing")

USAGE = """query($range: TimeRange!) { account { currency routerUsage(range: $range) { totalFee averageLatency
    rows: buckets(interval: MONTH, groupBy: [MODEL], orderBy: {field: REQUESTS, direction: DESC}, first: 50) { totalCount nodes {
        model requests totalTokens averageLatency successRate errorCount totalFee throughput } }
    bars: buckets(interval: WEEK, groupBy: [], orderBy: {field: TIME, direction: ASC}, first: 1000) { nodes { requests } } } } }"""
HISTORY = """query($range: TimeRange!) { account { history(range: $range, first: 100) { totalCount nodes {
    model statusCode inputTokens outputTokens totalTokens fee } } } }"""
BILL = """query($range: TimeRange!) { account { bill(range: $range) { total currency dataState { unpricedRequests }
    lines(groupBy: [SERVICE, MODEL]) { model fee } } } }"""
DEPLOYMENTS = """query($range: TimeRange!) { account { deploymentUsage(range: $range) { totalRequests fineTunings
    series(interval: DAY) { gpuHours }
    deployments(orderBy: {field: GPU_HOURS, direction: DESC}, first: 50) { totalCount nodes {
        name requests duration { seconds } tokens gpuHours utilization } } } } }"""


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    """A service that has been told of prices, of two traces, and of nothing else. A token for each account lies in its folder."""
    with throwaway_folder() as folder, commands(folder, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        served = found.serve()
        door = ("--url", served.url, "--token", ADMIN)
        priced = found.run("prices", "import", data() / "prices" / PRICES, "--effective-from", "2024-01-01T00:00:00Z", *door)
        assert priced.process.returncode == 0, priced.errors
        for batch in (*batches(lines(TRACE)), *batches(deployment_lines("openb"))):
            receipt = served.report(batch)
            assert receipt["recorded"] == len(batch)
            served.requests(receipt, "aider")  # is read when all of it is counted
        for account in ("aider", "openb"):
            (folder / account).write_text(found.run("tokens", "create", *SCOPES, "--account", account).output.strip())
        served.folder = folder
        yield served


def token(served: Command, account: str) -> str:
    return (served.folder / account).read_text()


@pytest.fixture
def ever() -> dict[str, str]:
    """All of the trace's time, in whole hours."""
    first, last = (datetime.fromisoformat(totals(TRACE)[end]).replace(minute=0, second=0, microsecond=0) for end in ("first", "last"))
    return {"from": f"{first:%Y-%m-%dT%H:%M:%SZ}", "to": f"{last + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}


def address(path: str, range: dict[str, str], more: str = "") -> str:
    return f"/{path}?from={range['from']}&to={range['to']}&live=off{more}"


def decimals(*values: Any) -> list[Decimal | None]:
    return [None if value is None else Decimal(str(value)) for value in values]


def test_routers_show_what_the_trace_comes_to(served: Command, enter: Enter, ever: dict[str, str]):
    sums, reader = totals(TRACE), token(served, "aider")
    account = served.ask(USAGE, reader, range=ever)["account"]
    found = account["routerUsage"]
    page = enter(address("routers", ever, "&per=MONTH&group=model&sort=REQUESTS&measure=requests"), reader)
    assert number(card(page, "Total requests")) == sums["requests"]
    assert number(card(page, "Total tokens")) == sums["input_tokens"] + sums["output_tokens"]
    assert number(card(page, "Used models")) == sums["models"]
    assert [number(card(page, "Average latency"))] == decimals(found["averageLatency"])
    assert exact(note(page)) == f"{found['totalFee']} {account['currency']}"
    rows = section(page, "Rows of usage")
    expect(rows).to_have_count(PAGE)
    fields = ("requests", "totalTokens", "averageLatency", "successRate", "errorCount", "totalFee", "throughput")
    for row, node in zip(rows.all(), found["rows"]["nodes"], strict=True):
        expect(row.locator("td.name")).to_have_text(node["model"])
        assert figures(row) == decimals(*(node[field] for field in fields)), node["model"]
    (bars,) = twins(page, 1)
    counted = [sum(each or 0 for each in bar[:-1]) for bar in bars]
    assert counted == [bar[-1] or 0 for bar in bars]
    assert sum(counted) == sums["requests"]
    assert [each for each in counted if each] == [bar["requests"] for bar in found["bars"]["nodes"]]


def test_history_lists_the_trace(served: Command, enter: Enter, ever: dict[str, str]):
    sums, reader = totals(TRACE), token(served, "aider")
    found = served.ask(HISTORY, reader, range=ever)["account"]["history"]
    page = enter(address("history", ever), reader)
    expect(page.locator("h2 small")).to_have_text(f"{sums['requests']:,}")
    rows = section(page, "Rows of requests")
    expect(rows).to_have_count(100)
    for row, node in zip(rows.all()[:20], found["nodes"][:20], strict=True):
        expect(row.locator("td.name").first).to_have_text(node["model"])
        told = figures(row)
        assert told[:3] == decimals(node["inputTokens"], node["outputTokens"], node["totalTokens"])
        assert decimals(node["fee"])[0] in told
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("group", name="Outcome").get_by_role("button", name="Success").click()
    expect(page.locator("h2 small")).to_have_text(f"{sums['requests'] - sums['errors']:,}")


def test_the_bill_is_the_apis(served: Command, enter: Enter, ever: dict[str, str]):
    reader = token(served, "aider")
    bill = served.ask(BILL, reader, range=ever)["account"]["bill"]
    assert Decimal(bill["total"]) > 0
    page = enter(address("bill", ever, "&lines=model"), reader)
    assert exact(card(page, "Total")) == f"{bill['total']} {bill['currency']}"
    assert number(card(page, "Requests without a price")) == bill["dataState"]["unpricedRequests"]
    rows = section(page, "Rows of the bill")
    expect(rows).to_have_count(len(bill["lines"]))
    for row, line in zip(rows.all(), bill["lines"], strict=True):
        expect(row.locator("td.name")).to_have_text(line["model"])
        assert [number(row.locator("td.fee"))] == decimals(line["fee"])


def test_deployments_show_what_the_trace_comes_to(served: Command, enter: Enter):
    range, reader = totals("openb")["ranges"]["clipped"], token(served, "openb")
    found = served.ask(DEPLOYMENTS, reader, range={each: range[each] for each in ("from", "to")})["account"]["deploymentUsage"]
    page = enter(address("deployments", range, "&sort=GPU_HOURS&way=DESC"), reader)
    assert number(card(page, "Allocated GPU hours")) == Decimal(range["gpu_hours"])
    assert [number(card(page, "Total requests")), number(card(page, "Fine-tunings"))] == [found["totalRequests"], found["fineTunings"]]
    expect(page.get_by_role("heading", name="Deployments and fine-tunings").locator("small")).to_have_text(
        f"{found['deployments']['totalCount']:,}"
    )
    rows = section(page, "Rows of deployments")
    expect(rows).to_have_count(PAGE)
    for row, node in zip(rows.all(), found["deployments"]["nodes"], strict=True):
        expect(row.locator("th")).to_have_text(node["name"])
        told = (node["requests"], node["duration"]["seconds"], node["tokens"], node["gpuHours"], node["utilization"])
        assert figures(row)[:5] == decimals(*told)
    hours = twins(page, 2)[1]
    assert hours == [decimals(day["gpuHours"]) for day in found["series"]]

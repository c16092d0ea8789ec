"""Every figure of the sample account, beside what the API answers: of deployments, of fees, and of charts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import Enter
from tests.dashboard.reading import card, exact, figures, note, number, section, twins
from tests.service.running import Command

pytestmark = pytest.mark.shown

DEPLOYMENTS = """query($range: TimeRange!) { account { deploymentUsage(range: $range) {
    totalRequests activeDeployments allocatedGpuHours fineTunings
    series(interval: DAY) { requests gpuHours }
    deployments(orderBy: {field: GPU_HOURS, direction: DESC}) { nodes {
        name requests duration { seconds } tokens gpuHours utilization fee } } } } }"""
ROUTERS = """query($range: TimeRange!) { account { currency routerUsage(range: $range) {
    totalFee
    models: buckets(interval: null, groupBy: [MODEL], orderBy: {field: TOTAL_FEE, direction: DESC}) { nodes { model } }
    bars: buckets(interval: DAY, groupBy: [MODEL], orderBy: {field: TIME, direction: ASC}, first: 1000) { nodes { time model totalFee } }
    rows: buckets(interval: DAY, groupBy: [MODEL], orderBy: {field: TOTAL_FEE, direction: DESC}, first: 50) { nodes {
        model requests totalTokens averageLatency successRate errorCount totalFee throughput
        input { fee } output { fee } } } } } }"""
BILL = """query($range: TimeRange!, $previous: TimeRange!, $groupBy: [BillDimension!]!) { account {
    bill(range: $range) { total currency unpricedGpuHours dataState { unpricedRequests } lines(groupBy: $groupBy) { fee quantity } }
    before: bill(range: $previous) { total } } }"""


@pytest.fixture
def week() -> dict[str, str]:
    """A week that is over: nothing of it goes on while it is asked for twice."""
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return {"from": f"{end - timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}", "to": f"{end:%Y-%m-%dT%H:%M:%SZ}"}


def address(path: str, range: dict[str, str], more: str = "") -> str:
    return f"/{path}?from={range['from']}&to={range['to']}&live=off{more}"


def asked(served: Command, question: str, range: dict[str, str], **variables: Any) -> Any:
    return served.ask(question, served.told("token"), range=range, **variables)["account"]


def decimals(*values: Any) -> list[Decimal | None]:
    return [None if value is None else Decimal(str(value)) for value in values]


def test_deployments_and_their_charts_are_the_apis(served: Command, enter: Enter, week: dict[str, str]):
    found = asked(served, DEPLOYMENTS, week)["deploymentUsage"]
    assert Decimal(found["allocatedGpuHours"]) > 0
    page = enter(address("deployments", week, "&sort=GPU_HOURS&way=DESC"))
    names = ("Total requests", "Active deployments", "Allocated GPU hours", "Fine-tunings")
    fields = ("totalRequests", "activeDeployments", "allocatedGpuHours", "fineTunings")
    assert [number(card(page, name)) for name in names] == decimals(*(found[field] for field in fields))
    nodes = found["deployments"]["nodes"]
    rows = section(page, "Rows of deployments")
    expect(rows).to_have_count(len(nodes))
    for row, node in zip(rows.all(), nodes, strict=True):
        expect(row.locator("th")).to_have_text(node["name"])
        told = (node["requests"], node["duration"]["seconds"], node["tokens"], node["gpuHours"], node["utilization"], node["fee"])
        assert figures(row) == decimals(*told)
    requests, hours = twins(page, 2)
    assert requests == [decimals(day["requests"]) for day in found["series"]]
    assert hours == [decimals(day["gpuHours"]) for day in found["series"]]


def test_fees_of_routers_are_the_apis_in_cards_bars_rows_and_factors(served: Command, enter: Enter, week: dict[str, str]):
    account = asked(served, ROUTERS, week)
    found = account["routerUsage"]
    assert Decimal(found["totalFee"]) > 0
    page = enter(address("routers", week, "&per=DAY&group=model&sort=TOTAL_FEE&measure=totalFee"))
    assert exact(note(page)) == f"{found['totalFee']} {account['currency']}"
    rows = section(page, "Rows of usage")
    expect(rows).to_have_count(len(found["rows"]["nodes"]))
    for row, node in zip(rows.all(), found["rows"]["nodes"], strict=True):
        fields = ("requests", "totalTokens", "averageLatency", "successRate", "errorCount", "totalFee", "throughput")
        assert figures(row) == decimals(*(node[field] for field in fields)), node["model"]
    first = found["rows"]["nodes"][0]
    rows.first.get_by_role("button", name="Input and output").click()
    for caption, side in (("Input", "input"), ("Output", "output")):
        told = page.locator(".breakdown", has=page.locator("caption", has_text=caption)).locator("tbody tr")
        expect(told).to_have_count(len(first[side]))
        assert [figures(row)[1] for row in told.all()] == decimals(*(factor["fee"] for factor in first[side]))
    (bars,) = twins(page, 1)
    models = [node["model"] for node in found["models"]["nodes"]]
    expect(page.get_by_role("group", name="The chart's figures").locator("thead th")).to_have_text(["Time", *models, "Together"])
    days = sorted({node["time"] for node in found["bars"]["nodes"]})
    fees = {(node["time"], node["model"]): Decimal(node["totalFee"] or 0) for node in found["bars"]["nodes"]}
    told = [[fees.get((day, model), Decimal()) for model in models] for day in days]
    assert [[fee or Decimal() for fee in bar] for bar in bars] == [[*day, sum(day)] for day in told]


@pytest.mark.parametrize(
    ("lines", "dimensions"),
    [
        ("service", ["SERVICE"]),
        ("key", ["SERVICE", "API_KEY"]),
        ("provider", ["SERVICE", "PROVIDER"]),
        ("deployment", ["SERVICE", "DEPLOYMENT"]),
        ("category", ["SERVICE", "CATEGORY"]),
        ("day", ["DAY"]),
    ],
)
def test_fees_of_the_bill_are_the_apis(served: Command, enter: Enter, week: dict[str, str], lines: str, dimensions: list[str]):
    start, end = (datetime.fromisoformat(week[each]) for each in ("from", "to"))
    previous = {"from": (start - (end - start)).isoformat(), "to": week["from"]}
    found = asked(served, BILL, week, previous=previous, groupBy=dimensions)
    bill = found["bill"]
    page = enter(address("bill", week, f"&lines={lines}"))
    assert exact(card(page, "Total")) == f"{bill['total']} {bill['currency']}"
    assert number(card(page, "Requests without a price")) == bill["dataState"]["unpricedRequests"]
    assert number(card(page, "GPU hours without a price")) == Decimal(bill["unpricedGpuHours"])
    share = (Decimal(bill["total"]) - Decimal(found["before"]["total"])) / Decimal(found["before"]["total"]) * 100
    told = card(page, "Total").locator(".change").inner_text().replace("\N{MINUS SIGN}", "-").removesuffix(" %")
    assert Decimal(told) == pytest.approx(share, abs=Decimal("0.06"))
    rows = section(page, "Rows of the bill")
    expect(rows.nth(len(bill["lines"]) - 1)).to_be_visible()
    fees = [number(row.locator("td.fee")) for row in rows.all()]
    assert fees[: len(bill["lines"])] == decimals(*(line["fee"] for line in bill["lines"]))
    assert not any(fees[len(bill["lines"]) :])  # what has ended: see test_changes
    assert sum(Decimal(line["fee"]) for line in bill["lines"]) == Decimal(bill["total"])

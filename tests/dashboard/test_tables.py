"""From one table to the next: sorted, paged, narrowed and exported as the API does it, and down to the requests behind a figure."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import varied
from tests.dashboard.conftest import Enter, address
from tests.dashboard.reading import number, section, table
from tests.dashboard.varied import BEGUN, ENDED, FIRST, days, instant, token
from tests.service.running import Command, eventually

NARROWED: dict[str, list[str | None]] = {"models": ["alpha", "gamma", BEGUN], "providers": ["north", None]}
PAGE = 50  # of tables
BUCKETS = """query($range: TimeRange!, $filter: RouterFilter, $interval: Interval!, $zone: TimeZone! = "UTC", $groupBy: [RouterDimension!]!,
    $order: RouterOrder! = {field: TIME}, $after: String) { account { found: routerUsage(range: $range, filter: $filter) {
    list: buckets(interval: $interval, timeZone: $zone, groupBy: $groupBy, orderBy: $order, first: 50, after: $after) {
        totalCount pageInfo { endCursor } nodes { time model apiKey { id } requests totalTokens averageLatency errorCount totalFee
            input { category unit count } output { category unit count } } } } } }"""
HISTORY = """query($range: TimeRange!, $filter: HistoryFilter, $order: HistoryOrder! = {}) { account {
    list: history(range: $range, filter: $filter, orderBy: $order, first: 100) { totalCount nodes {
        totalTokens timeToFirstToken latency fee } } } }"""
DEPLOYMENTS = """query($range: TimeRange!, $order: DeploymentOrder!) { account { found: deploymentUsage(range: $range) {
    list: deployments(orderBy: $order) { nodes { requests duration { seconds } tokens gpuHours } } } } }"""
BILL = """query($range: TimeRange!, $before: TimeRange!) { account {
    bill(range: $range) { lines(groupBy: [SERVICE, MODEL]) { service model fee } }
    before: bill(range: $before) { lines(groupBy: [SERVICE, MODEL]) { service model fee } } } }"""


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    with varied.varied() as found:
        yield found


def at(path: str, range: dict[str, str], **chosen: str) -> str:
    return f"/{path}?{urlencode(range | {'live': 'off'} | chosen)}"


def narrowed() -> dict[str, str]:
    """As it stands in an address."""
    return {name: json.dumps(values, separators=(",", ":")) for name, values in NARROWED.items()}


def asked(served: Command, question: str, range: dict[str, str], **variables: Any) -> Any:
    account = served.ask(question, token(served), range=range, **variables)["account"]
    return account.get("found", account)["list"]


def settled(page: Page) -> None:
    """Nothing of it is on its way any more."""
    expect(page.locator("[aria-busy='true']")).to_have_count(0)


def total(page: Page, count: int) -> None:
    expect(page.locator("h2 small")).to_have_text(f"{count}")


def decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


ROUTERS = ("routers", "Rows of usage", BUCKETS, {"interval": "DAY", "groupBy": ["MODEL"]}, {"per": "DAY", "group": "model"})
SORTED = {  # by the name of a column: how the API calls it, and where its figures stand
    "routers": (
        *ROUTERS,
        {
            "Requests": ("REQUESTS", "requests", 0),
            "Tokens": ("TOTAL_TOKENS", "totalTokens", 1),
            "Latency": ("AVERAGE_LATENCY", "averageLatency", 2),
            "Errors": ("ERROR_COUNT", "errorCount", 4),
            "Fee": ("TOTAL_FEE", "totalFee", 5),
        },
    ),
    "history": (
        *("history", "Rows of requests", HISTORY, {"filter": {"channel": "ROUTER"}}, {"channel": "ROUTER"}),
        {
            "Tokens": ("TOTAL_TOKENS", "totalTokens", 2),
            "First token": ("TIME_TO_FIRST_TOKEN", "timeToFirstToken", 3),
            "Latency": ("LATENCY", "latency", 4),
            "Fee": ("FEE", "fee", 5),
        },
    ),
    "deployments": (
        *("deployments", "Rows of deployments", DEPLOYMENTS, {}, {}),
        {"Requests": ("REQUESTS", "requests", 0), "Tokens": ("TOKENS", "tokens", 2), "GPU hours": ("GPU_HOURS", "gpuHours", 3)},
    ),
}


@pytest.mark.parametrize("name", SORTED)
def test_the_heads_of_columns_order_a_table_one_way_and_the_other(served: Command, enter: Enter, name: str):
    path, group, question, variables, chosen, columns = SORTED[name]
    page = enter(at(path, days(), **chosen), token(served))
    rows = section(page, group)
    for title, (field, told, place) in columns.items():
        head = page.get_by_role("group", name=group).locator("thead th", has=page.get_by_role("button", name=title, exact=True))
        for way, is_sorted in (("DESC", "descending"), ("ASC", "ascending")):
            head.get_by_role("button").click()
            expect(head).to_have_attribute("aria-sort", is_sorted)
            nodes = asked(served, question, days(), **variables, order={"field": field, "direction": way})["nodes"]
            wanted = [decimal(node[told]) for node in nodes]
            assert len({*wanted}) > 1
            eventually(lambda place=place, wanted=wanted: [row[place] for row in table(rows)] == wanted)  # after those of before


def test_pages_follow_each_other(served: Command, enter: Enter):
    variables = {"interval": "HOUR", "groupBy": ["MODEL", "API_KEY"], "order": {"field": "TOTAL_TOKENS"}}
    first = asked(served, BUCKETS, days(), **variables)
    second = asked(served, BUCKETS, days(), **variables, after=first["pageInfo"]["endCursor"])
    assert PAGE < first["totalCount"] < 2 * PAGE
    page = enter(at("routers", days(), sort="TOTAL_TOKENS"), token(served))
    rows, pages = section(page, "Rows of usage"), page.get_by_role("navigation", name="Pages")
    for button, shown in ((None, first), (f"Next {PAGE}", second), ("First page", first)):
        if button is not None:
            pages.get_by_role("button", name=button).click()
        expect(rows).to_have_count(len(shown["nodes"]))
        settled(page)
        assert [row[1] for row in table(rows)] == [node["totalTokens"] for node in shown["nodes"]]
        expect(pages.get_by_role("button", name=f"Next {PAGE}")).to_be_enabled(enabled=shown is first)
        expect(pages.get_by_role("button", name="First page")).to_be_enabled(enabled=shown is second)


def test_a_bar_leads_to_its_buckets_and_these_to_their_requests_with_the_same_filters(served: Command, enter: Enter):
    page = enter(at("routers", days(), measure="requests", **narrowed()), token(served))
    settled(page)
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 5 / 8, box["y"] + box["height"] / 2)  # in the middle of the third of four days
    expect(page.locator(".legend .when")).to_have_text("8 Apr")
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile("from=2026-04-08T00"))
    seen = address(page)
    assert {name: seen[name] for name in NARROWED} == narrowed()
    assert [datetime.fromisoformat(seen[end]) for end in ("from", "to")] == [FIRST + timedelta(days=day) for day in (2, 3)]
    settled(page)
    found = asked(served, BUCKETS, days(2, 3), filter=NARROWED, interval="HOUR", groupBy=["MODEL", "API_KEY"])
    rows = section(page, "Rows of usage")
    expect(rows).to_have_count(len(found["nodes"]))
    for place in (0, len(found["nodes"]) - 1):
        bucket = found["nodes"][place]
        rows.nth(place).locator("td.number a").click()
        total(page, bucket["requests"])
        seen = address(page)
        assert seen["providers"] == narrowed()["providers"]
        assert json.loads(seen["models"]) == [bucket["model"]]
        assert json.loads(seen["apiKeys"]) == [bucket["apiKey"] and bucket["apiKey"]["id"]]
        start = datetime.fromisoformat(bucket["time"])
        assert [datetime.fromisoformat(seen[end]) for end in ("from", "to")] == [start, start + timedelta(hours=1)]
        expect(section(page, "Rows of requests")).to_have_count(bucket["requests"])
        page.go_back()
        expect(rows).to_have_count(len(found["nodes"]))


def test_a_factor_leads_to_the_requests_that_have_it(served: Command, enter: Enter):
    page = enter(at("routers", days(), per="WEEK", group="model", sort="REQUESTS", **narrowed()), token(served))
    bucket = asked(served, BUCKETS, days(), filter=NARROWED, interval="WEEK", groupBy=["MODEL"], order={"field": "REQUESTS"})["nodes"][0]
    lines = [
        {"direction": side.upper(), "category": factor["category"], "unit": factor["unit"]}
        for side in ("input", "output")
        for factor in bucket[side]
    ]
    assert {line["category"] for line in lines} == {"prompt", "cached", "completion"}
    counts: set[int] = set()
    for place, line in enumerate(lines):
        section(page, "Rows of usage").first.get_by_role("button", name="Input and output").click()
        page.locator(".breakdown td.number a").nth(place).click()
        filter = NARROWED | {"models": [bucket["model"]], "channel": "ROUTER", "line": line}
        counts.add(found := asked(served, HISTORY, days(), filter=filter)["totalCount"])
        total(page, found)
        expect(page.get_by_label("Narrowed to")).to_contain_text(f"{line['direction'].lower()} {line['category']}, by {line['unit']}")
        page.go_back()
    assert len(counts) > 1, "not every request has every factor"


def test_an_export_of_what_is_narrowed_has_the_rows_of_the_api(served: Command, enter: Enter, tmp_path: Path):
    range, zone = {"from": instant(FIRST + timedelta(hours=5)), "to": instant(FIRST + timedelta(days=3, hours=7))}, "Asia/Kathmandu"
    page = enter(at("routers", range, per="DAY", group="model", zone=zone, **narrowed()), token(served))
    found = asked(served, BUCKETS, range, filter=NARROWED, interval="DAY", zone=zone, groupBy=["MODEL"])
    expect(section(page, "Rows of usage")).to_have_count(found["totalCount"])
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    for text in ("day, model", *(str(model) for model in NARROWED["models"]), "north"):
        expect(dialog).to_contain_text(text)
    dialog.get_by_label("Format").select_option(value="CSV")
    with page.expect_download() as downloading:
        dialog.get_by_role("button", name="Export").click()
    downloading.value.save_as(tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [*csv.DictReader(file)]
    columns = ("Time (UTC)", "Model", "Requests", "Input tokens", "Output tokens", "Total tokens", "Errors", "Fee (USD)")
    told = [tuple(row[column] for column in columns) for row in rows]
    assert sorted((datetime.fromisoformat(time), *more) for time, *more in told) == sorted(map(exported, found["nodes"]))


def exported(node: Any) -> tuple[datetime | str, ...]:
    """A bucket of the API, as an export should write it: what is not known is empty."""
    sides = [sum(factor["count"] for factor in node[side]) for side in ("input", "output")]
    values = (node["model"], node["requests"], *sides, node["totalTokens"], node["errorCount"], node["totalFee"])
    return datetime.fromisoformat(node["time"]), *("" if value is None else str(value) for value in values)


def test_a_line_that_has_ended_is_on_the_bill_and_so_is_one_that_has_begun(served: Command, enter: Enter):
    account = served.ask(BILL, token(served), range=days(2, 4), before=days(0, 2))["account"]
    now, before = ({(line["service"], line["model"]): Decimal(line["fee"]) for line in account[of]["lines"]} for of in ("bill", "before"))
    ended = [line for line, fee in before.items() if line not in now and fee]
    assert ("ROUTER", ENDED) in ended
    assert ("ROUTER", BEGUN) not in before
    page = enter(at("bill", days(2, 4), lines="model"), token(served))
    rows = section(page, "Rows of the bill")
    expect(rows.locator("td.name")).to_have_text([model for _, model in (*now, *ended)])
    for row, line in zip(rows.all(), (*now, *ended), strict=True):
        fee, earlier = now.get(line, Decimal()), before.get(line, Decimal())
        assert number(row.locator("td.fee")) == fee
        change = row.locator("td").last.inner_text()
        if line in ended:
            assert change == "\N{MINUS SIGN}100 %"
        elif not earlier:
            assert change == ("new" if fee else "\N{EN DASH}")
        else:
            told = Decimal(change.replace("\N{MINUS SIGN}", "-").removeprefix("±").removesuffix(" %"))
            assert told == pytest.approx((fee - earlier) / earlier * 100, abs=Decimal("0.06"))

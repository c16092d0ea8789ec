"""Charts of usage over time: nothing is cut off, what is left of a total is exact, and they stay as they are while figures move."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from service.throwaway_postgres import throwaway_folder
from tests.dashboard.conftest import Enter, address, counted
from tests.service.running import Command, commands, eventually

FIRST, DAYS, MODELS, TOLD_APART = datetime(2026, 4, 1, tzinfo=UTC), 60, 90, 7
RANGE = {"from": f"{FIRST:%Y-%m-%dT%H:%M:%SZ}", "to": f"{FIRST + timedelta(days=DAYS):%Y-%m-%dT%H:%M:%SZ}"}
ADDRESS = f"/routers?from={RANGE['from']}&to={RANGE['to']}"
UNPRICED = "model-89"
SET_PRICES = "mutation($prices: [PriceInput!]!) { setPrices(input: {prices: $prices}) { recorded errors { message } } }"
USAGE = """query($range: TimeRange!, $by: RouterDimension!, $after: String) { account { routerUsage(range: $range) {
    totalFee totalTokens totalRequests
    buckets(interval: DAY, groupBy: [$by], orderBy: {field: TIME, direction: ASC}, first: 1000, after: $after) {
        nodes { time model provider apiKey { id name } requests totalTokens totalFee } pageInfo { hasNextPage endCursor } } } } }"""
FIELDS = ("totalTokens", "requests", "totalFee")
TOP = """query($range: TimeRange!, $by: RouterDimension!, $field: RouterOrderField!) { account { routerUsage(range: $range) {
    buckets(interval: null, groupBy: [$by], orderBy: {field: $field}, first: 7) { nodes { model provider apiKey { name } } } } } }"""
ORDERS = {"totalTokens": "TOTAL_TOKENS", "requests": "REQUESTS", "totalFee": "TOTAL_FEE"}
BY = {"model": ("MODEL", MODELS), "key": ("API_KEY", 12), "provider": ("PROVIDER", 10)}  # how the API calls it; how many there are


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    """A service whose account has used ninety models on each of sixty days: 5,400 buckets."""
    random = Random(1)
    with throwaway_folder() as folder, commands(folder, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        served = found.serve()
        prices = [price(f"model-{i:02}", f"0.{random.randint(1, 10**15):015}") for i in range(MODELS) if f"model-{i:02}" != UNPRICED]
        assert served.ask(SET_PRICES, prices=prices)["setPrices"]["errors"] == []
        served.report(
            [
                event(f"{day} {i}", FIRST + timedelta(days=day, hours=1), f"model-{i:02}", random.randint(1, 1000) * (i + 1), **caller(i))
                for day in range(DAYS)
                for i in range(MODELS)
            ]
        )
        counted(served, MODELS * DAYS)
        served.folder = folder
        (folder / "token").write_text(found.run("tokens", "create", "--scope", "read", "--account", "acme").output.strip())
        yield served


def price(model: str, unit_price: str) -> dict[str, str]:
    """What a token of its input costs."""
    return {"model": model, "direction": "INPUT", "category": "prompt", "unitPrice": unit_price, "effectiveFrom": "2026-01-01T00:00:00Z"}


def caller(i: int) -> dict[str, Any]:
    """Of ten providers and twelve keys, none being one of them."""
    key, provider = i % 12, i % 10
    return {
        "api_key": {"id": f"key-{key}", "name": f"Key {key}"} if key < 11 else None,
        "provider": f"provider-{provider}" if provider < 9 else None,
    }


def event(id: str, time: datetime, model: str, tokens: int, **more: Any) -> bytes:
    data = {"model": model, "input": [{"category": "prompt", "quantity": tokens}], "output": [], **more}
    told = {"specversion": "1.0", "type": "request.completed", "source": "charts", "id": id, "time": time.isoformat(), "subject": "acme"}
    return json.dumps(told | {"data": data}).encode()


def token(served: Command) -> str:
    return (served.folder / "token").read_text()


def buckets(served: Command, by: str = "MODEL") -> tuple[Any, list[Any]]:
    """Totals, and every bucket, page by page."""
    found: list[Any] = []
    after, usage = None, None
    for _ in range(MODELS * DAYS):
        usage = served.ask(USAGE, token(served), range=RANGE, by=by, after=after)["account"]["routerUsage"]
        found += usage["buckets"]["nodes"]
        if not usage["buckets"]["pageInfo"]["hasNextPage"]:
            break
        after = usage["buckets"]["pageInfo"]["endCursor"]
    return usage, found


def total(some: list[Any], field: str) -> Decimal:
    return sum((Decimal(each[field]) for each in some if each[field] is not None), Decimal(0))


def digits(cell: Locator) -> Decimal:
    return Decimal(re.sub(r"[^\d.]", "", cell.inner_text()))


def named(bucket: Any, by: str) -> str:
    """As the chart calls the group of a bucket."""
    match by:
        case "model":
            return bucket["model"]
        case "provider":
            return bucket["provider"] or "unknown provider"
        case _:
            return bucket["apiKey"]["name"] if bucket["apiKey"] else "without a key"


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("field", FIELDS)
def test_more_than_can_be_told_apart_is_drawn_whole_and_the_others_are_exactly_what_is_left(
    served: Command, enter: Enter, field: str, by: str
):
    dimension, groups = BY[by]
    usage, found = buckets(served, dimension)
    assert len(found) == groups * DAYS
    most = served.ask(TOP, token(served), range=RANGE, by=dimension, field=ORDERS[field])["account"]["routerUsage"]["buckets"]["nodes"]
    top = [named(each, by) for each in most]
    of = {name: total([each for each in found if named(each, by) == name], field) for name in {named(each, by) for each in found}}
    assert sorted((of[name] for name in top), reverse=True) == sorted(of.values(), reverse=True)[:TOLD_APART]
    page = enter(f"{ADDRESS}&measure={field}&by={by}&usage=table&figures=exact", token(served))
    table = page.get_by_role("group", name="The chart's figures")
    expect(table.locator("thead th")).to_have_text(["Time", *top, f"Other ({groups - TOLD_APART})", "Together"])
    expect(table.locator("tbody tr")).to_have_count(DAYS)
    for day in (0, 30, DAYS - 1):
        of_day = [each for each in found if each["time"] == f"{FIRST + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"]
        assert len(of_day) == groups
        drawn = [total([each for each in of_day if named(each, by) == name], field) for name in top]
        wanted = [*drawn, total(of_day, field) - sum(drawn), total(of_day, field)]
        assert [digits(cell) for cell in table.locator("tbody tr").nth(day).locator("td").all()] == wanted
    together = [digits(cell) for cell in table.locator("tfoot td").all()]
    assert together[:TOLD_APART] == [of[name] for name in top]
    assert together[-2] == sum(of.values()) - sum(of[name] for name in top)
    assert sum(together[:-1]) == together[-1] == Decimal(usage[{"requests": "totalRequests"}.get(field, field)])


def test_a_fee_that_nobody_knows_is_not_zero(served: Command, enter: Enter):
    page = enter(f"{ADDRESS}&measure=totalFee&usage=table&models={json.dumps([UNPRICED, 'model-01'])}", token(served))
    table = page.get_by_role("group", name="The chart's figures")
    expect(table.locator("thead th.name")).to_have_text(["model-01", UNPRICED])
    for cell in (table.locator("tbody tr").first.locator("td").nth(1), table.locator("tfoot td").nth(1)):
        expect(cell).to_have_text("\N{EN DASH}")
        expect(cell.locator(".value")).to_have_attribute("title", "no price is known")
    expect(table.locator("tfoot td").last).to_contain_text("$")


def test_chart_or_table_is_in_the_address(served: Command, enter: Enter):
    page = enter(ADDRESS, token(served))
    expect(page.locator(".plot canvas")).to_be_visible()
    page.get_by_role("button", name="Show as table").click()
    assert address(page)["usage"] == "table"
    page.reload()
    expect(page.get_by_role("group", name="The chart's figures")).to_be_visible()
    expect(page.locator(".plot")).to_have_count(0)
    page.go_back()
    expect(page.locator(".plot canvas")).to_be_visible()


def test_a_century_is_drawn_and_more_says_what_to_do(served: Command, enter: Enter):
    page = enter("/routers?from=1990-01-01T00:00:00Z&to=2088-01-01T00:00:00Z&usage=table&figures=exact", token(served))
    table = page.get_by_role("group", name="The chart's figures")
    usage, _ = buckets(served)
    expect(table.locator("tfoot td").last).to_have_text(f"{usage['totalTokens']:,}")
    expect(table.locator("tbody tr")).to_have_count(98 * 12)
    page.goto(f"{served.url}/routers?from=1900-01-01T00:00:00Z&to=2088-01-01T00:00:00Z")
    expect(page.locator("section[aria-label='Usage over time']").get_by_role("alert")).to_contain_text("choose a shorter range")


def test_what_is_being_dragged_goes_on_when_figures_move(served: Command, enter: Enter):
    heard: list[str] = []
    page = enter(None, token(served))
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))))
    page.goto(f"{served.url}/routers?range=24h&measure=requests")
    eventually(lambda: [page.wait_for_timeout(20), any("routerUsageChanged" in each for each in heard)][1])
    hour = datetime.now(UTC) - timedelta(hours=3)
    served.report([event("live 0", hour, "moving", 1)])
    expect(page.locator(".legend")).to_contain_text("moving", timeout=15_000)
    expect(page.locator(".plot canvas")).to_be_visible()
    canvas = page.locator(".plot canvas").element_handle()
    left, right = drag(page)
    selected = page.locator(".u-select").evaluate("select => select.style.width")
    assert float(selected.removesuffix("px")) > 50
    served.report([event(f"live {i}", hour, "moving", 1) for i in range(1, 8)])
    expect(page.locator(".card", has_text="Total requests").locator("dd")).to_contain_text("8", timeout=15_000)
    expect(page.locator("[aria-label='Usage over time'] [aria-busy=false]")).to_have_count(1)
    assert page.locator(".u-select").evaluate("select => select.style.width") == selected
    assert page.evaluate("canvas => canvas.isConnected", canvas), "it is the same chart"
    page.mouse.move(right + 1, left[1], steps=2)
    page.mouse.up()
    expect(page.locator(".span")).to_contain_text("(chosen)")
    page.get_by_role("button", name="Show as table").click()
    expect(page.locator('[aria-label="The chart\'s figures"] tfoot td')).to_have_text(["8"])


def drag(page: Page) -> tuple[tuple[float, float], float]:
    """Begin to drag over most of the chart: where it began, and how far it came."""
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    start, end = (box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2), box["x"] + box["width"] * 0.97
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(end, start[1], steps=5)
    return start, end


def test_a_chart_that_does_not_load_is_a_table_that_says_so(served: Command, browser: Callable[..., BrowserContext]):
    context = browser()
    assert context.request.post(f"{served.url}/sign-in", data=token(served).encode()).status == 204
    page = context.new_page()
    page.route("**/assets/uPlot*", lambda route: route.abort())
    page.goto(served.url + ADDRESS)
    expect(page.get_by_role("alert")).to_contain_text("The chart could not be loaded: these are its figures.")
    expect(page.get_by_role("group", name="The chart's figures").locator("tbody tr")).to_have_count(DAYS)
    page.unroute("**/assets/uPlot*")
    page.get_by_role("button", name="Reload").click()
    expect(page.locator(".plot canvas")).to_be_visible()

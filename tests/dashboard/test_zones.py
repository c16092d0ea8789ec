"""Times in any zone: found by a part of its name, in the address by it, and followed by all that is shown, also where clocks change."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from domain.calendar import first_instant
from service.throwaway_postgres import throwaway_folder
from tests.dashboard.conftest import WRITES, Enter, address, asked_range, counted
from tests.service.running import Command, commands, eventually

# A day in each zone, in 2025: of 25 hours, of 23, of 24 that begin at a quarter past in UTC, and one that begins at one o'clock.
DAYS = {"Europe/Berlin": "2025-10-26", "America/New_York": "2025-03-09", "Asia/Kathmandu": "2025-05-05", "America/Santiago": "2025-09-07"}
HOURS = {"Europe/Berlin": 25, "America/New_York": 23, "Asia/Kathmandu": 24, "America/Santiago": 23}
USAGE = """query($range: TimeRange!, $interval: Interval!, $zone: TimeZone!) { account { routerUsage(range: $range) {
    buckets(interval: $interval, timeZone: $zone, groupBy: [], orderBy: {field: TIME, direction: ASC}, first: 1000) {
        nodes { time requests } } } } }"""


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    """A service with a request in every half hour of three days around those in DAYS, but for some."""
    with throwaway_folder() as folder, commands(folder, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        served = found.serve()
        times = [middle + timedelta(minutes=30 * i) for middle in map(noon, DAYS) for i in range(-72, 73) if i % 11]
        served.report([event(f"{i}", time) for i, time in enumerate(times)])
        counted(served, len(times))
        served.folder = folder
        (folder / "token").write_text(found.run("tokens", "create", "--scope", "read", "--account", "acme").output.strip())
        yield served


def event(id: str, time: datetime) -> bytes:
    told = {"specversion": "1.0", "type": "request.completed", "source": "zones", "id": id, "time": time.isoformat(), "subject": "acme"}
    return json.dumps(told | {"data": {"model": "m", "input": [], "output": []}}).encode()


def noon(zone: str) -> datetime:
    return datetime.fromisoformat(f"{DAYS[zone]}T12:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def token(served: Command) -> str:
    return (served.folder / "token").read_text()


def day(zone: str, *, more: int = 0) -> tuple[datetime, datetime]:
    """Where the day in DAYS begins and ends, and so many before and after it."""
    date = datetime.fromisoformat(DAYS[zone]).date()
    return first_instant(date - timedelta(days=more), ZoneInfo(zone)), first_instant(date + timedelta(days=more + 1), ZoneInfo(zone))


def written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def asked(served: Command, zone: str, interval: str, start: datetime, end: datetime) -> list[Any]:
    """The API's buckets."""
    range = {"from": written(start), "to": written(end)}
    answer = served.ask(USAGE, token(served), range=range, interval=interval, zone=zone)
    return answer["account"]["routerUsage"]["buckets"]["nodes"]


def choose(page: Page, text: str) -> None:
    page.get_by_label("Any time zone").fill(text)
    page.get_by_label("Any time zone").press("Enter")


def test_any_zone_is_found_and_is_in_the_address_by_its_name(served: Command, enter: Enter):
    page = enter("/routers?range=7d", token(served), timezone_id="America/New_York")
    field = page.get_by_label("Any time zone")
    expect(field).to_have_value("")  # its button is pressed
    for text, name in (
        ("berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("kathma", "Asia/Kathmandu"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("europe/kyiv", "Europe/Kyiv"),
    ):
        choose(page, text)
        expect(field).to_have_value(name)
        assert address(page) == {"range": "7d", "zone": name}
    assert page.locator("datalist option").count() > 400
    page.get_by_role("button", name="Local", exact=True).click()
    expect(field).to_have_value("America/New_York")
    assert address(page)["zone"] == "America/New_York", "whoever is sent it reads the same"
    page.get_by_role("group", name="Time zone").get_by_role("button", name="UTC").click()
    expect(field).to_have_value("")  # its button is pressed
    assert "zone" not in address(page)


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC"])
def test_where_the_browsers_own_zone_is_utc_it_stands_there_once(served: Command, enter: Enter, zone: str):
    page = enter("/routers?range=7d", token(served), timezone_id=zone)
    choice = page.get_by_role("group", name="Time zone")
    expect(choice.get_by_role("button")).to_have_text(["UTC"])
    expect(page.get_by_label("Any time zone")).to_have_value("")
    assert "UTC" not in str(page.get_by_label("Any time zone").get_attribute("placeholder"))
    assert page.locator("datalist option[value$=UTC]").count() == 1
    choose(page, "berlin")
    expect(page.get_by_label("Any time zone")).to_have_value("Europe/Berlin")
    choose(page, "Etc/UTC")
    expect(choice.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    assert "zone" not in address(page)


def test_what_is_no_zone_says_so_and_changes_nothing(served: Command, enter: Enter):
    page = enter("/routers?zone=Asia/Kathmandu", token(served))
    for text in ("Berlin/Berlin", "+05:45", "a"):
        choose(page, text)
        assert page.get_by_label("Any time zone").evaluate("field => field.validity.customError")
        assert address(page) == {"zone": "Asia/Kathmandu"}
    page.goto(f"{served.url}/routers?zone=Nowhere/Land")
    expect(page.get_by_role("group", name="Time zone").get_by_role("button", name="UTC")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("zone", DAYS)
def test_a_link_shows_the_same_wherever_it_is_opened(served: Command, enter: Enter, zone: str):
    start, end = day(zone, more=1)
    seen: list[list[str]] = []
    for place in ("UTC", "Asia/Tokyo"):
        address = f"/routers?from={written(start)}&to={written(end)}&zone={zone}&usage=table&measure=requests"
        page = enter(address, token(served), timezone_id=place)
        expect(page.locator('[aria-label="The chart\'s figures"] tbody tr').first).to_be_visible()
        expect(page.locator("section[aria-label='Usage, in rows'] tbody tr").first).to_be_visible()
        seen.append([page.locator("main").inner_text(), page.locator(".span").inner_text()])
    assert re.sub(r"Complete up to [^.]*\.", "", seen[0][0]) == re.sub(r"Complete up to [^.]*\.", "", seen[1][0])
    assert seen[0][1] == seen[1][1]


@pytest.mark.parametrize("zone", DAYS)
@pytest.mark.parametrize("interval", ["HOUR", "DAY"])
def test_bars_are_the_apis_buckets_on_the_day_that_clocks_change(served: Command, enter: Enter, zone: str, interval: str):
    start, end = day(zone, more=0 if interval == "HOUR" else 2)
    page = enter(f"/routers?from={written(start)}&to={written(end)}&zone={zone}&usage=table&measure=requests", token(served))
    rows = page.locator('[aria-label="The chart\'s figures"] tbody tr')
    expect(rows).to_have_count(HOURS[zone] if interval == "HOUR" else 5)
    nodes = asked(served, zone, interval, start, end)
    assert len(nodes) > 1
    wanted = [(told(node["time"], zone), node["requests"]) for node in nodes]
    titles = [row.locator("th").get_attribute("title") or "" for row in rows.all()]
    requests = [int(row.locator("td").first.inner_text()) for row in rows.all()]
    assert len(set(titles)) == len(titles), "an hour that comes twice is told apart by the name of its zone"
    shown = [(title.rsplit(" ", 1)[0].replace("Sept", "Sep"), count) for title, count in zip(titles, requests, strict=True) if count]
    assert shown == wanted


def told(time: str, zone: str) -> str:
    """What the clock of the zone shows."""
    local = datetime.fromisoformat(time).astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y, %H:%M:%S}"


def test_an_hour_that_comes_twice_leads_to_the_requests_of_each(served: Command, enter: Enter):
    start, end = day("Europe/Berlin")
    page = enter(f"/routers?from={written(start)}&to={written(end)}&zone=Europe/Berlin&group=model", token(served))
    links = page.locator("section[aria-label='Usage, in rows'] tbody tr", has_text="02:00").locator("td.number a")
    expect(links).to_have_count(2)
    counts = [node["requests"] for node in asked(served, "Europe/Berlin", "HOUR", start, end)][2:4]
    assert sorted(counts) == [1, 2]
    for i, count in enumerate(reversed(counts)):  # newest first
        expect(links.nth(i)).to_have_text(f"{count}")
        links.nth(i).click()
        expect(page.locator("h2 small")).to_have_text(f"{count}")
        page.go_back()


@pytest.mark.parametrize("name", ["America/New_York", "Asia/Kathmandu"])
def test_presets_begin_and_end_by_the_clock_of_the_zone(served: Command, enter: Enter, name: str):
    page = enter(f"/routers?zone={name}", token(served))
    for preset in ("24h", "31d", "today", "month"):
        page.goto(f"{served.url}/routers?zone={name}&range={preset}")
        range = asked_range(page, "RouterFigures")
        start, end = (datetime.fromisoformat(range[each]).astimezone(ZoneInfo(name)) for each in ("from", "to"))
        assert end.minute == end.second == 0
        if preset == "31d":  # whatever the clock has done since
            assert (end.date() - start.date()).days == 31
            assert start.time() == end.time()
        if preset == "today":
            assert start.hour == end.hour == 0
            assert (end.date() - start.date()).days == 1
        if preset == "month":
            assert start.hour == end.hour == 0
            assert start.day == end.day == 1


def test_dates_are_entered_by_the_clock_of_the_zone(served: Command, enter: Enter):
    page = enter("/routers?zone=Europe/Berlin", token(served), timezone_id="Asia/Tokyo")
    page.locator(".span").focus()
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name="From one time to another, in Europe/Berlin")
    form.get_by_label("From", exact=True).fill("2025-10-26T00:00")
    form.get_by_label("To, not included").fill("2025-10-25T00:00")
    form.get_by_role("button", name="Show").click()
    assert form.get_by_label("To, not included").evaluate("field => field.validity.customError"), "it ends before it begins"
    assert "from" not in address(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    form.get_by_label("To, not included").fill("2025-10-27T00:00")
    form.get_by_label("To, not included").press("Enter")
    expect(form).not_to_be_visible()
    assert address(page) == {"zone": "Europe/Berlin", "from": "2025-10-25T22:00:00.000Z", "to": "2025-10-26T23:00:00.000Z"}
    expect(page.locator(".span")).to_contain_text(re.compile("26 Oct 2025, 00:00 . 27 Oct 2025, 00:00"))


@pytest.mark.parametrize("zone", DAYS)
def test_the_axis_is_even_by_the_clock_of_the_zone(served: Command, enter: Enter, zone: str):
    start, end = day(zone)
    page = enter(None, token(served), timezone_id="America/Los_Angeles")
    page.add_init_script(WRITES)
    page.goto(f"{served.url}/routers?from={written(start)}&to={written(end)}&zone={zone}")
    expect(page.locator(".plot canvas")).to_be_visible()
    found = eventually(lambda: [text.split(", ")[1] for text in page.evaluate("window.written") if ":" in text])
    hours = [*dict.fromkeys(int(text.removesuffix(":00")) for text in found)]  # it may have been drawn twice
    step = hours[-1] - hours[-2]
    assert step in (2, 3, 6)
    missing = {"America/New_York": 2, "America/Santiago": 0}.get(zone)
    assert hours == [hour for hour in range(0, 24, step) if hour != missing]

"""Where buckets begin, on the days when that is not obvious, and for every zone there is."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import (
    DAY,
    HOUR,
    MAX_BUCKETS_PER_SERIES,
    QUARTER,
    Interval,
    RangeTooLargeError,
    bucket_edges,
    ceiling,
    first_instant,
    floor,
    segments,
)
from tests.events import instants

ZONES = sorted(available_timezones())
LONGEST = {
    Interval.QUARTER_HOUR: timedelta(days=9),
    Interval.HOUR: timedelta(days=30),
    Interval.DAY: timedelta(days=500),
    Interval.WEEK: timedelta(days=1500),
    Interval.MONTH: timedelta(days=3000),
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def edges(start: str, end: str, interval: Interval, zone: str = "UTC") -> list[str]:
    found = bucket_edges(utc(start), utc(end), interval, ZoneInfo(zone))
    return [f"{each.astimezone(UTC):%Y-%m-%dT%H:%M}" for each in found]


def hours_of_day(day: str, zone: str) -> list[str]:
    """The local times at which the hours of a local day begin."""
    date = datetime.fromisoformat(day).date()
    start, end = first_instant(date, ZoneInfo(zone)), first_instant(date + timedelta(days=1), ZoneInfo(zone))
    found = bucket_edges(start, end, Interval.HOUR, ZoneInfo(zone))
    assert (found[0], found[-1]) == (start, end)
    return [f"{each.astimezone(ZoneInfo(zone)):%H:%M}" for each in found[:-1]]


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-04-21", "Europe/Berlin", 24),
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-03-08", "America/New_York", 23),
        ("2026-11-01", "America/New_York", 25),
        ("2018-11-04", "America/Sao_Paulo", 23),  # its midnight was skipped
        ("2018-02-17", "America/Sao_Paulo", 25),  # its last hour came twice
        ("2026-11-01", "America/Havana", 25),  # its midnight comes twice
        ("2010-11-07", "America/St_Johns", 25),  # a minute after midnight its clocks went back an hour
    ],
)
def test_a_day_has_as_many_hours_as_its_clocks_show(day, zone, hours):
    date = datetime.fromisoformat(day).date()
    length = first_instant(date + timedelta(days=1), ZoneInfo(zone)) - first_instant(date, ZoneInfo(zone))
    assert length == hours * HOUR
    assert len(hours_of_day(day, zone)) == hours


def test_the_two_hours_of_a_fall_back_are_distinct():
    assert hours_of_day("2026-10-25", "Europe/Berlin")[:5] == ["00:00", "01:00", "02:00", "02:00", "03:00"]
    assert edges("2026-10-25T00:00", "2026-10-25T03:00", Interval.HOUR, "Europe/Berlin") == [
        "2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00", "2026-10-25T03:00",
    ]  # fmt: skip


def test_a_spring_forward_skips_an_hour():
    assert hours_of_day("2026-03-29", "Europe/Berlin")[:4] == ["00:00", "01:00", "03:00", "04:00"]


def test_lord_howe_shifts_by_half_an_hour():
    assert hours_of_day("2026-10-04", "Australia/Lord_Howe")[:5] == ["00:00", "01:00", "02:30", "03:00", "04:00"]
    assert hours_of_day("2026-04-05", "Australia/Lord_Howe")[:5] == ["00:00", "01:00", "01:30", "02:00", "03:00"]
    spring = bucket_edges(utc("2026-10-03T13:30"), utc("2026-10-04T13:00"), Interval.DAY, ZoneInfo("Australia/Lord_Howe"))
    assert spring[1] - spring[0] == timedelta(hours=23, minutes=30)


def test_kathmandu_is_five_hours_and_three_quarters_ahead():
    assert edges("2026-04-21T00:00", "2026-04-22T00:00", Interval.DAY, "Asia/Kathmandu") == [
        "2026-04-20T18:15", "2026-04-21T18:15", "2026-04-22T18:15",
    ]  # fmt: skip
    assert edges("2026-04-21T00:20", "2026-04-21T01:20", Interval.HOUR, "Asia/Kathmandu") == [
        "2026-04-21T00:15", "2026-04-21T01:15", "2026-04-21T02:15",
    ]  # fmt: skip


def test_a_day_that_samoa_skipped_has_no_bucket():
    # Given that 2011-12-30 did not happen in Apia: after the 29th, at UTC-10, came the 31st, at UTC+14
    found = bucket_edges(utc("2011-12-29T10:00"), utc("2011-12-31T10:00"), Interval.DAY, ZoneInfo("Pacific/Apia"))
    # Then the days that there were follow one another
    assert [f"{each.astimezone(ZoneInfo('Pacific/Apia')):%m-%d}" for each in found] == ["12-29", "12-31", "01-01"]
    assert [b - a for a, b in pairwise(found)] == [DAY, DAY]


def test_a_date_that_begins_twice_is_one_bucket_from_its_first_instant():
    # Given that clocks in St John's went from 00:01 of 7 November 2010 back to 23:01 of the 6th
    assert edges("2010-11-06T12:00", "2010-11-08T12:00", Interval.DAY, "America/St_Johns") == [
        "2010-11-06T02:30", "2010-11-07T02:30", "2010-11-08T03:30", "2010-11-09T03:30",
    ]  # fmt: skip


def test_a_week_is_iso_from_monday():
    assert edges("2026-04-22T00:00", "2026-05-01T00:00", Interval.WEEK) == ["2026-04-20T00:00", "2026-04-27T00:00", "2026-05-04T00:00"]


def test_months_have_their_own_lengths():
    assert edges("2027-12-31T00:00", "2028-03-01T00:01", Interval.MONTH) == [
        "2027-12-01T00:00", "2028-01-01T00:00", "2028-02-01T00:00", "2028-03-01T00:00", "2028-04-01T00:00",
    ]  # fmt: skip


def test_a_quarter_hour_is_the_same_everywhere():
    expected = ["2026-04-21T09:00", "2026-04-21T09:15", "2026-04-21T09:30"]
    assert edges("2026-04-21T09:07", "2026-04-21T09:16", Interval.QUARTER_HOUR, "Asia/Kathmandu") == expected


def test_a_range_that_ends_on_an_edge_has_no_bucket_after_it():
    assert edges("2026-04-21T09:00", "2026-04-21T10:00", Interval.HOUR) == ["2026-04-21T09:00", "2026-04-21T10:00"]


def test_without_an_interval_the_range_is_the_one_bucket():
    start, end = utc("2026-04-21T09:07"), utc("2026-04-22T00:00")
    assert bucket_edges(start, end, None, ZoneInfo("UTC")) == [start, end]


@pytest.mark.parametrize("interval", [*Interval, None])
def test_an_empty_range_has_no_bucket(interval):
    start, end = utc("2026-04-21T09:00"), utc("2026-04-21T09:00")
    assert bucket_edges(start, end, interval, ZoneInfo("UTC")) == [start, end]
    assert segments(start, end, [start, end]) == []


def test_a_series_has_at_most_its_named_number_of_buckets():
    start = utc("2026-01-01T00:00")
    assert len(bucket_edges(start, start + MAX_BUCKETS_PER_SERIES * HOUR, Interval.HOUR, ZoneInfo("UTC"))) == MAX_BUCKETS_PER_SERIES + 1
    with pytest.raises(RangeTooLargeError, match=r"more than 10000 buckets of one hour \(MAX_BUCKETS_PER_SERIES\)"):
        bucket_edges(start, start + (MAX_BUCKETS_PER_SERIES + 1) * HOUR, Interval.HOUR, ZoneInfo("UTC"))


def shifts(zone: ZoneInfo, year: int) -> list[datetime]:
    """Days on which the zone's clocks are changed."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + i * DAY for i in range(366)]
    return [day for day, following in pairwise(days) if day.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset()]


@st.composite
def moments(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone and an instant, half of them on a day when its clocks are changed or the day after."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    instant = draw(instants)
    if draw(st.booleans()) and (days := shifts(zone, instant.year)):
        instant = draw(st.sampled_from(days)) + draw(st.timedeltas(timedelta(0), 2 * DAY))
    return zone, instant


lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=3)) | st.timedeltas(timedelta(microseconds=1), timedelta(days=3000))


@settings(max_examples=150)
@given(moment=moments(), interval=st.sampled_from(Interval), length=lengths)
def test_adds_up_edges_increase_and_cover_the_range_in_every_zone(moment, interval, length):
    zone, start = moment
    end = start + min(length, LONGEST[interval])
    found = bucket_edges(start, end, interval, zone)
    assert all(a < b for a, b in pairwise(found))
    assert found[0] <= start < found[1]
    assert found[-2] < end <= found[-1]
    assert all(edge == floor(edge, QUARTER) for edge in found)


@settings(max_examples=150)
@given(moment=moments(), interval=st.sampled_from([*Interval, None]), length=lengths)
def test_adds_up_segments_tile_the_range_and_none_crosses_an_edge(moment, interval, length):
    zone, start = moment
    end = start + min(length, LONGEST[interval] if interval else timedelta(days=3000))
    found = bucket_edges(start, end, interval, zone)
    tiles = segments(start, end, found)
    # They cover [start, end) without gap or overlap
    assert (tiles[0].start, tiles[-1].end) == (start, end)
    assert all(a.end == b.start for a, b in pairwise(tiles))
    for tile in tiles:
        assert tile.start < tile.end
        if tile.grain is None:  # there is no whole quarter-hour in it
            assert floor(tile.end, QUARTER) <= ceiling(tile.start, QUARTER)
            continue
        # Whole rows of their grain ...
        assert tile.start == floor(tile.start, tile.grain)
        assert tile.end == ceiling(tile.end, tile.grain)
        # ... each within one bucket
        assert all(edge == floor(edge, tile.grain) for edge in found if tile.start < edge < tile.end)


@settings(max_examples=150)
@given(moment=moments())
def test_every_instant_belongs_to_the_bucket_with_its_local_name(moment):
    zone, instant = moment
    local = instant.astimezone(zone)
    day = bucket_edges(instant, instant + timedelta(microseconds=1), Interval.DAY, zone)[0].astimezone(zone)
    month = bucket_edges(instant, instant + timedelta(microseconds=1), Interval.MONTH, zone)[0].astimezone(zone)
    if f"{zone}" != "America/St_Johns":  # there a date may go on after the next one has begun
        assert day.date() == local.date()
        assert (month.year, month.month) == (local.year, local.month)
    week = bucket_edges(instant, instant + timedelta(microseconds=1), Interval.WEEK, zone)[0].astimezone(zone)
    assert week.weekday() == 0


@settings(max_examples=150)
@given(instant=instants, grain=st.sampled_from((DAY, HOUR, QUARTER)))
def test_floor_and_ceiling_are_the_nearest_multiples(instant, grain):
    assert floor(instant, grain) <= instant <= ceiling(instant, grain)
    assert instant - floor(instant, grain) < grain
    assert ceiling(instant, grain) - instant < grain
    assert floor(floor(instant, grain), grain) == floor(instant, grain) == ceiling(floor(instant, grain), grain)

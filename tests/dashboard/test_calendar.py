"""The dashboard's bars begin where the API's buckets do, in every zone, whatever its clocks have done."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import Interval, bucket_edges
from tests.dashboard.node import called

# Each with a day on which something has happened to its clocks.
ZONES = {
    "UTC": "2026-03-01",
    "Europe/Berlin": "2026-10-25",  # twice from two to three
    "Europe/London": "2026-03-29",
    "America/New_York": "2026-03-08",
    "Asia/Kathmandu": "2026-05-01",
    "Australia/Lord_Howe": "2026-04-05",  # half an hour
    "America/Santiago": "2026-09-06",  # there is no midnight
    "America/Havana": "2026-11-01",  # midnight comes twice
    "Pacific/Chatham": "2026-09-27",
    "Pacific/Apia": "2011-12-30",  # there is no such day
    "Pacific/Kiritimati": "2026-01-01",
    "Africa/Casablanca": "2026-02-15",
}
AROUND = {  # how much of the time around that day
    Interval.QUARTER_HOUR: timedelta(hours=20),
    Interval.HOUR: timedelta(days=2),
    Interval.DAY: timedelta(days=40),
    Interval.WEEK: timedelta(days=300),
    Interval.MONTH: timedelta(days=2000),
}


@pytest.fixture(scope="module")
def begun() -> dict[tuple[str, Interval, int], list[int]]:
    """Where the dashboard's bars begin: of each zone, interval and shift of the range by so many minutes."""
    keys = [(zone, interval, shift) for zone in ZONES for interval in AROUND for shift in (0, 7)]
    calls = [["startsIn", asked_range(zone, interval, shift), interval.name, zone] for zone, interval, shift in keys]
    return dict(zip(keys, called("calendar.ts", calls), strict=True))


def asked_range(zone: str, interval: Interval, shift: int) -> dict[str, int]:
    """The range, in milliseconds since 1970."""
    middle = datetime.fromisoformat(ZONES[zone]).replace(tzinfo=UTC) + timedelta(minutes=shift)
    around = AROUND[interval]
    return {"from": milliseconds(middle - around), "to": milliseconds(middle + around)}


def milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


@pytest.mark.parametrize("interval", AROUND)
@pytest.mark.parametrize("zone", ZONES)
def test_bars_begin_where_buckets_do(begun: dict[tuple[str, Interval, int], list[int]], zone: str, interval: Interval):
    for shift in (0, 7):
        start, end = (datetime.fromtimestamp(each / 1000, UTC) for each in asked_range(zone, interval, shift).values())
        *edges, _ = bucket_edges(start, end, interval, ZoneInfo(zone))
        assert begun[zone, interval, shift] == [milliseconds(edge) for edge in edges]

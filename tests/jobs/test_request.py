from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from jobs.errors import InvalidRequestError
from jobs.request import ExportRequest, UsageFilter, checked

FROM, TO = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
REQUEST = ExportRequest(UUID(int=1), "acme", FROM, TO)


def test_a_request_that_can_be_exported_is_returned_as_it_is():
    request = replace(REQUEST, time_zone="Asia/Kathmandu", interval=None, group_by=())
    assert checked(request) is request


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"period_to": FROM}, "range", "from must be before to"),
        ({"period_from": datetime(2026, 10, 1)}, "range", "from and to need an offset, such as Z"),  # noqa: DTZ001
        ({"period_from": datetime(1, 1, 1, tzinfo=UTC)}, "range", "from and to must lie in the years 2000 to 2199"),
        ({"period_to": datetime.max.replace(tzinfo=UTC)}, "range", "from and to must lie in the years 2000 to 2199"),
        ({"time_zone": "Mars/Olympus"}, "timeZone", "'Mars/Olympus' is not an IANA time zone"),
        ({"time_zone": "../etc/passwd"}, "timeZone", "'../etc/passwd' is not an IANA time zone"),
        ({"time_zone": ""}, "timeZone", "'' is not an IANA time zone"),
        ({"interval": "CENTURY"}, "interval", "interval CENTURY is not offered; choose one of QUARTER_HOUR, HOUR, DAY, WEEK, MONTH"),
        ({"format": "ODS"}, "format", "format ODS is not offered; choose one of XLSX, CSV, PARQUET"),
        ({"group_by": ("MODEL", "MODEL")}, "groupBy", "groupBy names a dimension twice; name each once"),
        ({"group_by": ("COLOUR",)}, "groupBy", "groupBy COLOUR is not offered; choose one of MODEL, PROVIDER, API_KEY"),
        ({"filter": UsageFilter(models=("m",) * 1_001)}, "filter", "filter.models has more than 1,000 values; export in parts"),
    ],
)
def test_a_request_that_cannot_be_exported_says_what_is_wrong(change, field, message):
    with pytest.raises(InvalidRequestError) as raised:
        checked(replace(REQUEST, **change))
    assert (raised.value.field, str(raised.value)) == (field, message)


def test_a_period_of_too_many_buckets_is_refused_at_once():
    with pytest.raises(InvalidRequestError, match="MAX_BUCKETS_PER_SERIES") as raised:
        checked(replace(REQUEST, period_from=datetime(2020, 1, 1, tzinfo=UTC), interval="QUARTER_HOUR"))
    assert raised.value.field == "range"


@pytest.mark.parametrize(
    ("account", "zone", "name"),
    [
        ("acme", "UTC", "acme-usage-2026-10-01-to-2026-10-31.xlsx"),
        ("acme", "America/New_York", "acme-usage-2026-09-30-to-2026-10-31.xlsx"),
        ("../Größe & Co.", "UTC", "Gr-e-Co-usage-2026-10-01-to-2026-10-31.xlsx"),
        ("日本", "UTC", "account-usage-2026-10-01-to-2026-10-31.xlsx"),
    ],
)
def test_a_file_is_named_by_account_and_local_days(account: str, zone: str, name: str):
    assert replace(REQUEST, account_key=account, time_zone=zone).file_name == name


def test_its_name_ends_with_its_format():
    assert [replace(REQUEST, format=format).file_name.rpartition(".")[2] for format in ("XLSX", "CSV", "PARQUET")] == [
        "xlsx",
        "csv",
        "parquet",
    ]

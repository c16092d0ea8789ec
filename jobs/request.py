"""What someone asks an export to hold."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.calendar import Interval, RangeTooLargeError, bucket_edges
from domain.limits import EARLIEST_TIME
from jobs.errors import InvalidRequestError

IntervalName = Literal["QUARTER_HOUR", "HOUR", "DAY", "WEEK", "MONTH"]
Dimension = Literal["MODEL", "PROVIDER", "API_KEY"]
ExportFormat = Literal["XLSX", "CSV", "PARQUET"]

MAX_FILTER_VALUES = 1_000  # of one filter of one export
LATEST_TIME = datetime(2200, 1, 1, tzinfo=UTC)  # of a period: far beyond it, calendars and Excel end

MAX_SLUG = 60


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which usage is wanted; None is all of it, and a None among the values selects what has none."""

    models: tuple[str, ...] | None = None
    providers: tuple[str | None, ...] | None = None
    api_keys: tuple[str | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Router usage of one account in the half-open period [period_from, period_to), grouped and cut into buckets.

    `interval` None is the whole period as one bucket. `at_least` is the position of the log that the figures
    must include, so that a file shows what its reader had already seen.
    """

    account_id: UUID
    account_key: str
    period_from: datetime
    period_to: datetime
    time_zone: str = "UTC"
    filter: UsageFilter = field(default_factory=UsageFilter)
    interval: IntervalName | None = "HOUR"
    group_by: tuple[Dimension, ...] = ("MODEL", "API_KEY")
    format: ExportFormat = "XLSX"
    at_least: int = 0

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def file_name(self) -> str:
        """What people see."""
        return f"{file_stem(self.account_key, 'usage', self.period_from, self.period_to, self.zone)}.{self.format.lower()}"


def file_stem(account_key: str, what: str, period_from: datetime, period_to: datetime, zone: tzinfo) -> str:
    """The name of a file but for its ending: account, first and last local day; safe in a URL and on any disk."""
    account = re.sub(r"[^A-Za-z0-9.-]+", "-", account_key).strip(".-")[:MAX_SLUG] or "account"
    first, last = (instant.astimezone(zone).date() for instant in (period_from, period_to - timedelta(microseconds=1)))
    return f"{account}-{what}-{first}-to-{last}"


def checked(request: ExportRequest) -> ExportRequest:
    """The same request. Requests in the log are not checked again: rules change, facts do not.

    Raises InvalidRequestError.
    """
    check_period(request.period_from, request.period_to)
    _check_zone(request.time_zone)
    _check_choice("interval", request.interval, (*get_args(IntervalName), None))
    _check_choice("format", request.format, get_args(ExportFormat))
    for dimension in request.group_by:
        _check_choice("groupBy", dimension, get_args(Dimension))
    if len(set(request.group_by)) < len(request.group_by):
        raise InvalidRequestError("groupBy", "groupBy names a dimension twice; name each once")
    for name in ("models", "providers", "api_keys"):
        if len(getattr(request.filter, name) or ()) > MAX_FILTER_VALUES:
            message = f"filter.{name} has more than {MAX_FILTER_VALUES:,} values; export in parts"
            raise InvalidRequestError("filter", message)
    _check_number_of_buckets(request)
    return request


def _check_number_of_buckets(request: ExportRequest) -> None:
    interval = Interval[request.interval] if request.interval else None
    try:
        bucket_edges(request.period_from, request.period_to, interval, request.zone)
    except RangeTooLargeError as error:
        raise InvalidRequestError("range", str(error)) from error


def check_period(start: datetime, end: datetime) -> None:
    if start.tzinfo is None or end.tzinfo is None:
        raise InvalidRequestError("range", "from and to need an offset, such as Z")
    if start >= end:
        raise InvalidRequestError("range", "from must be before to")
    if start < EARLIEST_TIME or end > LATEST_TIME:
        raise InvalidRequestError("range", f"from and to must lie in the years {EARLIEST_TIME.year} to {LATEST_TIME.year - 1}")


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidRequestError("timeZone", f"{name!r} is not an IANA time zone") from None


def _check_choice(name: str, value: str | None, choices: tuple[str | None, ...]) -> None:
    if value not in choices:
        allowed = ", ".join(choice for choice in choices if choice is not None)
        raise InvalidRequestError(name, f"{name} {value} is not offered; choose one of {allowed}")

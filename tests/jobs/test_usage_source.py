"""The figures of an export, from the read models: what is known of them, and what is not."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from domain.events import RequestCompleted
from domain.names import account_id
from jobs.request import ExportRequest
from jobs.usage import UsageRow
from jobs.usage_source import RouterUsageSource
from ledger.application import Ledger
from projections.runner import Runner
from tests.events import at, request_completed
from tests.projections.read_models import caught_up

UNKNOWN: dict[str, Any] = {"input": None, "output": None}
NONE: dict[str, Any] = {"input": (), "output": ()}
EMBEDDING: dict[str, Any] = {"output": None}
PICTURE: dict[str, Any] = {"input": (("image", "image", 1),), "output": None}
SECRET = b"a secret for tests"


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with closing(Ledger(database_url)) as ledger:
        yield ledger


def exported(database_url: str, ledger: Ledger, events: Sequence[RequestCompleted], until: datetime) -> list[UsageRow]:
    """The totals, then the rows, of 9 o'clock until then, by the hour."""
    ledger.record(events)
    caught_up(Runner(database_url))
    request = ExportRequest(account_id("acme"), "acme", at("09:00"), until, group_by=())
    with RouterUsageSource(database_url, SECRET).open(request) as snapshot:
        return [snapshot.totals, *snapshot.rows]


def tokens(row: UsageRow) -> tuple[int | None, int | None, int | None]:
    return row.input_tokens, row.output_tokens, row.total_tokens


@pytest.mark.parametrize(
    ("requests", "known"),
    [
        ([UNKNOWN], (None, None, None)),
        ([UNKNOWN, UNKNOWN], (None, None, None)),
        ([UNKNOWN, {}], (10, 5, 15)),  # the sum of what is known
        ([EMBEDDING], (10, None, 10)),
        ([PICTURE], (0, None, 0)),  # what is known is no token
        ([NONE], (None, None, 0)),  # of a side that none reports anything of, read models do not tell none from unknown
        ([], (0, 0, 0)),
    ],
)
def test_unknown_is_not_zero(database_url: str, ledger: Ledger, requests: list[dict[str, Any]], known: tuple[int | None, ...]):
    until = at("09:20")  # cuts a quarter-hour, so that both buckets and history are read
    events = [request_completed(at(clock), **fields) for fields in requests for clock in ("09:00", "09:19")]
    totals, *rows = exported(database_url, ledger, events, until)
    doubled = tuple(None if count is None else 2 * count for count in known)
    assert [tokens(row) for row in (totals, *rows)] == [doubled] * (2 if requests else 1)
    for row in (totals, *rows):
        assert (row.requests, row.unknown_token_requests) == (len(events), 2 * requests.count(UNKNOWN))


def test_adds_up_requests_without_tokens_and_with_estimated_ones(database_url: str, ledger: Ledger):
    events = [
        request_completed(at("09:00"), **UNKNOWN),
        request_completed(at("09:30"), usage_source="estimated"),
        request_completed(at("10:00"), usage_source="estimated"),
        request_completed(at("11:00"), **UNKNOWN, usage_source="none"),
    ]
    totals, *rows = exported(database_url, ledger, events, at("12:00"))
    assert [(row.requests, row.unknown_token_requests, row.estimated_requests, row.total_tokens) for row in (totals, *rows)] == [
        (4, 2, 2, 30),
        (2, 1, 1, 15),
        (1, 0, 1, 15),
        (1, 1, 0, None),
    ]

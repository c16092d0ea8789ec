"""Deployment buckets on Postgres: each grain has the sums of its requests, and what is taken back leaves no trace."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.events import EPOCH, RequestCompleted
from domain.names import account_id
from projections import deployment_buckets
from projections.read_model import Recorded, Tables
from tests.events import around, at, request_completed, requests

TABLES = Tables("cell_0", 999)
ON_POSTGRES = settings(max_examples=25)
GRAINS = (900, 3600, 86_400)
times = around(at("22:00"), timedelta(hours=4))  # over midnight


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True, options="-c TimeZone=UTC") as connection:
        for statement in deployment_buckets.CREATE:
            connection.execute(TABLES.sql(statement))
        yield connection


def apply(connection: Connection[Any], added: Sequence[Recorded], taken: Sequence[Recorded] = ()) -> None:
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        deployment_buckets.apply(cursor, TABLES, deployment_buckets.prepare(added, taken), shrinks=bool(taken))


def rows_of(connection: Connection[Any]) -> list[tuple[Any, ...]]:
    columns = "account_id, grain, time, deployment, requests, tokens, estimated, unknown_tokens"
    return connection.execute(TABLES.sql(f"SELECT {columns} FROM {{deployment_buckets}} ORDER BY 1, 2, 3, 4")).fetchall()


def expected(log: Sequence[Recorded]) -> list[tuple[Any, ...]]:
    """The same rows in plain Python."""
    sums: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for each in log:
        event = each.event
        assert isinstance(event, RequestCompleted)
        if event.channel != "deployment":
            continue
        sides = [side for side in (event.input, event.output) if side is not None]
        tokens = sum(quantity for side in sides for _, unit, quantity in side if unit == "token")
        one = (1, tokens, event.usage_source == "estimated", not sides)
        for grain in GRAINS:
            start = EPOCH + (event.time - EPOCH) // timedelta(seconds=grain) * timedelta(seconds=grain)
            key = (UUID(bytes=each.account_id), grain, start, event.deployment)
            sums[key] = [a + b for a, b in zip(sums[key], one, strict=True)]
    return [(*key, requests, Decimal(tokens), *rest) for key, (requests, tokens, *rest) in sorted(sums.items())]


def recorded(event: RequestCompleted, position: int) -> Recorded:
    return Recorded(position, event.originator_id, account_id(event.account).bytes, event)


@pytest.mark.postgres
@ON_POSTGRES
@given(events=st.lists(requests(times, accounts=("acme", "other")), max_size=30), data=st.data())
def test_adds_up_in_any_batches_and_what_is_taken_back_is_gone(connection, events, data):
    connection.execute(TABLES.sql("DELETE FROM {deployment_buckets}"))
    log = [recorded(event, position) for position, event in enumerate(events, 1)]
    cut = data.draw(st.integers(0, len(log)))
    apply(connection, log[:cut])
    apply(connection, log[cut:])
    assert rows_of(connection) == expected(log)
    # When some are taken back, and others added in the same batch
    taken = data.draw(st.lists(st.sampled_from(log), unique_by=lambda each: each.position)) if log else []
    apply(connection, log[:1], taken)
    kept = [each for each in log if each not in taken]
    assert rows_of(connection) == expected([*kept, *log[:1]])
    apply(connection, [], [*kept, *log[:1]])
    assert rows_of(connection) == []


def test_a_bucket_knows_the_last_event_that_changed_it(connection):
    log = [recorded(request_completed(at(clock), channel="deployment", deployment="gpu-1"), i) for i, clock in ((7, "09:00"), (9, "09:20"))]
    apply(connection, log[::-1])
    found = connection.execute(TABLES.sql("SELECT grain, position FROM {deployment_buckets} ORDER BY 1, 2")).fetchall()
    assert found == [(900, 7), (900, 9), (3600, 9), (86_400, 9)]


def test_sums_past_64_bits_are_exact(connection):
    side = tuple((f"kind {i:02}", "token", 2**53) for i in range(64))
    request = request_completed(channel="deployment", deployment="gpu-1", input=side, output=side)
    apply(connection, [recorded(request, i) for i in range(1, 1001)])
    assert {tokens for *_, tokens, _, _ in rows_of(connection)} == {Decimal(1000 * 128 * 2**53)}

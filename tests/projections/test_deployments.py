"""Deployments on Postgres: the rows are the lives that the domain reads, whatever came when, and in however many batches."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from random import Random
from string import ascii_letters
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.deployment_events import DeploymentEvent
from domain.lifecycle import fold
from domain.names import account_id
from projections import deployments
from projections.read_model import Recorded, Tables
from tests.domain.lives import T0, events, instants, told
from tests.events import request_completed

TABLES = Tables("cell_0", 999)
ON_POSTGRES = settings(max_examples=25)
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in deployments.CREATE:
            connection.execute(TABLES.sql(statement))
        yield connection


def start_over(connection: Connection[Any]) -> None:
    for table in ("deployments", "deployment_events", "deployment_phases"):
        connection.execute(TABLES.sql(f"DELETE FROM {{{table}}}"))


def apply(connection: Connection[Any], batch: Sequence[Recorded]) -> None:
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        deployments.apply(cursor, TABLES, deployments.prepare(batch))


def rows_of(connection: Connection[Any]) -> Rows:
    columns = {"deployments": "*", "deployment_phases": "*", "deployment_events": "account_id, deployment, position, contradiction"}
    return {
        table: connection.execute(TABLES.sql(f"SELECT {names} FROM {{{table}}} ORDER BY 1, 2, 3")).fetchall()
        for table, names in columns.items()
    }


def expected(recorded: Sequence[Recorded]) -> Rows:
    """The same rows in plain Python."""
    lives: defaultdict[tuple[UUID, str], list[Recorded]] = defaultdict(list)
    for each in recorded:
        lives[UUID(bytes=each.account_id), event_of(each).deployment].append(each)
    rows: Rows = {"deployments": [], "deployment_phases": [], "deployment_events": []}
    for name, told_of_it in lives.items():
        life = fold(event_of(each) for each in told_of_it)
        known_from, position = min(event_of(each).occurred_at for each in told_of_it), max(each.position for each in told_of_it)
        described = (life.name, life.kind, life.model, life.gpu_type, life.gpus, life.created_at, life.started_at, life.ended_at)
        rows["deployments"].append((*name, position, known_from, *described))
        rows["deployment_phases"] += [(*name, phase.start, phase.end, phase.status.value, phase.gpus) for phase in life.phases]
        sentences = {(each.source, each.id): each.sentence for each in life.contradictions}
        rows["deployment_events"] += [(*name, each.position, sentences.get((each.event.source, each.event.id))) for each in told_of_it]
    return {table: sorted(each, key=lambda row: row[:3]) for table, each in rows.items()}


def event_of(recorded: Recorded) -> DeploymentEvent:
    assert isinstance(recorded.event, DeploymentEvent)
    return recorded.event


def recorded(event: DeploymentEvent, position: int) -> Recorded:
    return Recorded(position, event.originator_id, account_id(event.account).bytes, event)


@st.composite
def logs(draw: st.DrawFn) -> list[Recorded]:
    """Events of a few deployments of two accounts, each with its place in the log."""
    log: list[Recorded] = []
    for account, key in (("acme", "gpu-1"), ("acme", "gpu-2"), ("other", "gpu-1")):
        for event in draw(events(instants)):
            log.append(recorded(msgspec.structs.replace(event, account=account, deployment=key), len(log) + 1))
    return log


@pytest.mark.postgres
@ON_POSTGRES
@given(log=logs(), data=st.data())
def test_replayable_whatever_comes_when_and_in_what_batches_the_rows_are_the_lives(connection, log, data):
    # Given the same events in any order and any batches
    start_over(connection)
    arriving = data.draw(st.permutations(log))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=4)))
    for start, end in zip([0, *cuts], [*cuts, len(log)], strict=True):
        apply(connection, arriving[start:end])
        # Then the rows are, at any time, what the events so far say
        assert rows_of(connection) == expected(arriving[:end])
    # And a batch that is applied again changes nothing
    apply(connection, arriving)
    assert rows_of(connection) == expected(log)


def test_a_missing_event_that_arrives_late_mends_the_life_and_takes_the_contradiction_away(connection):
    scaled, created, started = told("scaled", T0 + 2, 4), told("created", T0, 1), told("started", T0 + 1)
    apply(connection, [recorded(scaled, 1), recorded(created, 2)])
    assert [row[3] for row in rows_of(connection)["deployment_events"]] == ["The deployment did not run: it is ignored.", None]
    apply(connection, [recorded(started, 3)])
    rows = rows_of(connection)
    assert [row[3] for row in rows["deployment_events"]] == [None, None, None]
    assert [row[2:] for row in rows["deployment_phases"]] == [
        (T0, T0 + 1, "pending", 0),
        (T0 + 1, T0 + 2, "running", 1_000_000),
        (T0 + 2, None, "running", 4_000_000),
    ]


def test_of_a_long_life_that_goes_on_only_its_end_is_written(connection):
    life = [told("started" if i == 0 else "scaled", T0 + i, i + 1) for i in range(100)]
    apply(connection, [recorded(event, i + 1) for i, event in enumerate(life)])
    whole = connection.execute(TABLES.sql("SELECT ctid, starts FROM {deployment_phases} WHERE ends IS NOT NULL ORDER BY 2")).fetchall()
    apply(connection, [recorded(told("stopped", T0 + 100), 101)])
    again = connection.execute(TABLES.sql("SELECT ctid, starts FROM {deployment_phases} WHERE ends IS NOT NULL ORDER BY 2")).fetchall()
    assert (len(whole), again[:99]) == (99, whole)


def test_names_of_any_length_that_comes_in_are_kept(connection):
    long = "".join(Random(7).choices(ascii_letters, k=1024))  # the most that a text may have, and nothing that could be compressed
    event = told("created", T0, 1, deployment=long, source=long, id=long, name=long, model=long, gpu_type=long)
    apply(connection, [recorded(event, 1)])
    assert rows_of(connection)["deployments"][0][1] == long


def test_other_events_of_a_batch_are_none_of_lives(connection):
    request = request_completed(channel="deployment", deployment="gpu-1")
    apply(connection, [Recorded(1, request.originator_id, account_id("acme").bytes, request)])
    assert rows_of(connection) == {"deployments": [], "deployment_phases": [], "deployment_events": []}

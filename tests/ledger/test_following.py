"""Readers and writers of the log at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from psycopg.errors import LockNotAvailable
from psycopg.sql import SQL, Identifier

from domain.names import account_id
from ledger import accounts
from ledger.application import CELL, Ledger
from ledger.shapes import UsageEventMapper
from tests.events import request_completed
from tests.ledger.log import read

WRITERS, BATCHES, SIZE = 4, 25, 7


def stored(*events) -> list[StoredEvent]:
    mapper = UsageEventMapper(transcoder=None)  # pyright: ignore[reportArgumentType] - it is never asked
    return [mapper.to_stored_event(event) for event in events]


@pytest.mark.postgres
def test_a_reader_that_follows_misses_nothing_while_others_write(ledger, database_url):
    recorder = ledger.ledger_recorder
    writing = threading.Event()
    start = threading.Barrier(WRITERS + 2)

    def write(writer: int) -> None:
        with psycopg.connect(database_url):  # one more backend, so that commits do not come in turns
            start.wait()
            for batch in range(BATCHES):
                events = [request_completed(id=f"{writer}-{batch}-{i}") for i in range(SIZE)]
                if batch % 5:
                    ledger.record(events)
                else:
                    recorder.insert_events(stored(*events))

    def follow(limit: int) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        start.wait()
        while True:
            over = not writing.is_set()
            page = recorder.read(found[-1][0] if found else 0, limit)
            found += [(position, originator_id) for position, originator_id, _, _ in page]
            if over and not page:
                return found

    writing.set()
    with ThreadPoolExecutor(WRITERS + 2) as threads:
        readers = [threads.submit(follow, limit) for limit in (3, 1000)]
        for writer in [threads.submit(write, number) for number in range(WRITERS)]:
            writer.result()
        writing.clear()
        found = [reader.result() for reader in readers]
    log = read(database_url)
    log.assert_whole()
    assert len(log.events) == WRITERS * BATCHES * SIZE
    assert found == [list(zip(log.positions, log.originators, strict=True))] * 2


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["events", "head", "appends"])
def test_vacuum_does_not_hold_up_appends(ledger, database_url, table):
    # Given a table that is being vacuumed: the lock is held
    lock = SQL("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE").format(Identifier("cell_0", f"ledger_{table}"))
    with psycopg.connect(database_url) as vacuum:
        vacuum.execute(lock)
        # Then events are recorded, one way and the other
        assert ledger.record([request_completed()]).position == 1
        assert ledger.ledger_recorder.insert_events(stored(request_completed())) == [2]
        # And no other vacuum could start meanwhile, so the lock was of that kind
        with psycopg.connect(database_url, options="-c lock_timeout=1ms") as other, pytest.raises(LockNotAvailable):
            other.execute(lock)
    assert len(read(database_url).events) == 2


def test_what_was_inserted_by_the_library_is_known_to_an_append(ledger, database_url):
    event = request_completed()
    assert ledger.ledger_recorder.insert_events(stored(event)) == [1]
    assert [outcome.value for outcome in ledger.record([event, request_completed()]).outcomes] == ["duplicate", "recorded"]
    read(database_url).assert_whole()


def test_a_strict_insert_of_what_is_there_is_refused_and_leaves_nothing(ledger, database_url):
    event = request_completed()
    ledger.record([event])
    before = read(database_url)
    with pytest.raises(IntegrityError):
        ledger.ledger_recorder.insert_events(stored(request_completed(), event))
    assert read(database_url) == before


def test_the_library_reads_what_was_appended(ledger):
    events = [request_completed(), request_completed()]
    ledger.record(events)
    recorder = ledger.ledger_recorder
    assert [each.id for each in recorder.select_notifications(start=1, limit=10)] == [1, 2]
    assert recorder.max_notification_id() == 2
    (found,) = recorder.select_events(stored(events[1])[0].originator_id)
    assert UsageEventMapper(transcoder=None).to_domain_event(found) == events[1]  # pyright: ignore[reportArgumentType]


def test_accounts_come_into_being_once_whoever_hears_of_them_first(ledger, database_url):
    keys = [f"account {i}" for i in range(50)]
    start = threading.Barrier(4)

    def ensure(order: int) -> None:
        start.wait()
        for first in range(0, 50, 10):
            wanted = keys[first : first + 20]
            with ledger.connection() as connection:
                accounts.ensure(connection, wanted if order % 2 else reversed(wanted), CELL)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ensure, range(4)))
    with psycopg.connect(database_url) as connection:
        known = connection.execute("SELECT id, key FROM tallygraph.accounts ORDER BY created_at, key").fetchall()
    assert sorted(known, key=lambda row: int(row[1].split()[1])) == [(account_id(key), key) for key in keys]


def test_variables_that_are_meant_for_another_application_of_the_library_change_nothing(database_url, monkeypatch):
    for name in (
        "POSTGRES_SCHEMA",
        "LEDGER_POSTGRES_SCHEMA",
        "LEDGER_PERSISTENCE_MODULE",
        "POSTGRES_ENABLE_DB_FUNCTIONS",
        "COMPRESSOR_TOPIC",
    ):
        monkeypatch.setenv(name, "y")
    ledger = Ledger(database_url)
    try:
        assert ledger.record([request_completed()]).position == 1
    finally:
        ledger.close()

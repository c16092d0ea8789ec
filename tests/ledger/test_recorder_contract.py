"""The recorder keeps the eventsourcing library's own contract, so that whatever the library builds on a recorder holds."""

from collections.abc import Iterator

import pytest
from eventsourcing.postgres import PostgresDatastore
from eventsourcing.tests.persistence import ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
from psycopg.rows import dict_row

from ledger.recorder import LedgerRecorder


class RecorderOnPostgres:
    """Makes recorders for the library's cases, each on tables of its own."""

    @pytest.fixture(autouse=True)
    def _datastore(self, database_url: str) -> Iterator[None]:
        self.datastore = PostgresDatastore("", "", "", "", "", schema="contract", pool_size=3, max_overflow=10)
        self.datastore.pool.conninfo, self.datastore.pool.kwargs = database_url, {"row_factory": dict_row}
        with self.datastore:
            with self.datastore.transaction(commit=True) as cursor:
                cursor.execute("CREATE SCHEMA contract")
            yield

    def create_recorder(self) -> LedgerRecorder:
        recorder = LedgerRecorder(self.datastore, events_table_name="ledger_events")
        recorder.create_table()
        return recorder


class TestApplicationRecorder(RecorderOnPostgres, ApplicationRecorderTestCase):
    """Inserts, selects, conflicts, positions, concurrency."""


class TestNonInterleavingPositions(RecorderOnPostgres, NonInterleavingNotificationIDsBaseCase):
    """What is inserted together stands together in the log."""

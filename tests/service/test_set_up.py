"""Set-up of a database that is in use."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from ledger.application import Ledger
from service.set_up import prepare
from tests.events import request_completed
from tests.service.running import BOUND_SECONDS

LIKE_VACUUM = "LOCK TABLE cell_0.ledger_events IN SHARE UPDATE EXCLUSIVE MODE"


@pytest.mark.postgres
def test_set_up_again_waits_for_no_vacuum_and_appends_go_on(database_url: str):
    with closing(Ledger(database_url)) as ledger, ThreadPoolExecutor(1) as another, psycopg.connect(database_url) as vacuum:
        # Given a prepared database, whose log is being vacuumed: the lock is held until the end of this block
        ledger.record([request_completed()])
        vacuum.execute(LIKE_VACUUM)
        # When a process starts, and sets the database up
        another.submit(prepare, database_url).result(BOUND_SECONDS)
        # Then it did not wait for the lock, which nobody has let go of; and appends do not wait either
        assert another.submit(ledger.record, [request_completed()]).result(BOUND_SECONDS).position == 2
        # And it was a lock that index builds wait for
        with psycopg.connect(database_url, options="-c lock_timeout=1ms") as builder, pytest.raises(psycopg.errors.LockNotAvailable):
            builder.execute("CREATE INDEX IF NOT EXISTS ledger_events_notification_id_idx ON cell_0.ledger_events (notification_id)")

"""Small engines of audits, for the process that audits: one that counts what a table holds, and those that fail."""

import os
import signal
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from ledger.application import CELL
from projections import audit_differences
from projections.audits import AuditOf, Progress, Verdict
from tests.jobs.sources import GATE

POSITIONS = 2_500
GATE_AT = 1_000
POSITION = 4_711
DIGEST = "ab" * 32
ENDING = "-c client_connection_check_interval=100ms"  # Postgres notices a client that was killed only when it looks
INSERT = "INSERT INTO {audit_differences} VALUES (%s, %s, %s, 'router_buckets', %s, 'requests', %s, NULL)"


@dataclass(frozen=True, slots=True)
class TableEngine:
    """Finds as many differences as it is told; waits half way while somebody holds the gate."""

    database_url: str
    differences: int = 0

    def audit(self, audit_id: UUID, of: AuditOf, progress: Progress) -> Verdict:
        with psycopg.connect(self.database_url, options=ENDING) as connection:
            audit_differences.forget(connection.cursor(), CELL, of.account_id, audit_id)
            for done in range(0, POSITIONS + 1, 500):
                progress(done, POSITIONS)
                if done == GATE_AT:
                    connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
            found = [(of.account_id, audit_id, i, f'{{"model": "m-{i}"}}', f"={i}") for i in range(1, self.differences + 1)]
            connection.cursor().executemany(audit_differences.sql(INSERT, CELL), found)
        return Verdict(of.up_to or POSITION, DIGEST, 744, self.differences)


@dataclass(frozen=True, slots=True)
class BrokenEngine:
    """Fails each time, with this error, after it has left something."""

    database_url: str
    error: Exception

    def audit(self, audit_id: UUID, of: AuditOf, progress: Progress) -> Verdict:
        progress(1, 2)
        with psycopg.connect(self.database_url) as connection:
            audit_differences.forget(connection.cursor(), CELL, of.account_id, audit_id)
            connection.execute(audit_differences.sql(INSERT, CELL), [of.account_id, audit_id, 1, "{}", "1"])
        raise self.error


@dataclass(frozen=True, slots=True)
class DyingEngine:
    """Ends its process as the kernel ends one that takes too much memory."""

    def audit(self, *_: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

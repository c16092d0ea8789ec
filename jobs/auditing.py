"""Makes an audit, in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from jobs.apart import Progress
from ledger.application import CELL
from projections import audits
from projections.audits import AuditOf, Verdict


class AuditEngine(Protocol):
    """What replays and compares. It travels to the process that audits, so it has to pickle: settings, no connections."""

    def audit(self, audit_id: UUID, of: AuditOf, progress: audits.Progress, /) -> Verdict:
        """Leaves the differences in their table, under this id. Tells `progress` positions: how far it is, and how far it goes;
        at last before it keeps anything, so that an attempt that has lost its audit keeps nothing.

        Raises JobRefusedError where no later attempt could succeed; whatever else it raises is tried again.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReplayEngine:
    """Replays the log of one cell. `database_url` must not go through a pooler."""

    database_url: str
    cell: str = CELL

    def audit(self, audit_id: UUID, of: AuditOf, progress: audits.Progress) -> Verdict:
        """Replay and compare."""
        return audits.audit(ending_with_client(self.database_url), self.cell, audit_id, of, progress)


def ending_with_client(database_url: str) -> str:
    """The URL, so that what is asked ends soon after a process that was killed: else Postgres goes on for nobody."""
    options = f"{conninfo_to_dict(database_url).get('options') or ''} -c client_connection_check_interval=1s"
    return make_conninfo(database_url, options=options.strip())


@dataclass(frozen=True, slots=True)
class Auditing:
    """What to audit, and with what: work for `run_apart`. Progress is of positions."""

    audit_id: UUID
    of: AuditOf
    engine: AuditEngine

    @property
    def name(self) -> str:
        return f"audit {self.audit_id}"

    @property
    def doing(self) -> str:
        return "audits"

    def run(self, tell: Callable[[Progress], None]) -> Verdict:
        """Come to a verdict. Raises JobRefusedError."""
        return self.engine.audit(self.audit_id, self.of, lambda done, total: tell(Progress(done, total)))

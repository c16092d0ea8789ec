"""Makes an audit, in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from jobs.apart import Progress
from jobs.errors import NotYetIncludedError
from ledger.application import CELL
from projections import audits
from projections.audits import AuditOf, NotIncludedError, Verdict
from projections.beginning import NotReadyError


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
        """Replay and compare. Raises NotYetIncludedError."""
        try:
            return audits.audit(self.database_url, self.cell, audit_id, of, progress)
        except (NotReadyError, NotIncludedError):
            raise NotYetIncludedError("The read models do not include what is to be audited yet: let them catch up.") from None


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

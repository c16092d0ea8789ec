"""Audits: the log is replayed into a place of its own and compared, row by row, with what the read models say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from projections.router_facts import Range

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class AuditOf:
    """One account's figures of a range, as of a position in the log: that of the read models where `up_to` is null."""

    account_id: UUID
    account: str  # its key
    range: Range
    up_to: int | None = None


class Verdict(NamedTuple):
    """What came of an audit."""

    position: int  # up to which the log was replayed
    digest: str  # SHA-256 over the replayed figures, in hexadecimal
    events: int  # of the account and of the platform, that were replayed
    differences: int  # how many figures are not what the log says; 0 is a match


def audit(database_url: str, cell: str, audit_id: UUID, of: AuditOf, progress: Progress) -> Verdict:
    """Replay and compare. `progress` is told positions: how far the replay is, and how far it goes. What it raises ends the audit.

    Safe to repeat: what an earlier attempt has left is taken away first. Raises OperationalError of psycopg.
    """
    raise NotImplementedError

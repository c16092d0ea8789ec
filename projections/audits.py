"""Audits: the log is replayed into a place of its own and compared, row by row, with what the read models say."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg import Connection

from domain.notation import amount
from ledger.connecting import options
from projections import audit_differences, bill, generations
from projections.audit_differences import ROW
from projections.beginning import NotReadyError
from projections.bill import BillOf
from projections.bill_lines import BillDimension, BillLine, TooManyLinesError
from projections.comparison import Differences, Found, differing, digest_of, parameters_of, tables_of
from projections.generations import Generation
from projections.held_snapshot import HeldSnapshot
from projections.read_model import Tables
from projections.replay import WINDOW, Replay, place_of_its_own
from projections.router_facts import Range

# A digest is of texts: how they are written must not depend on the server. A query ends soon after a process that was killed.
OPTIONS = "-c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex -c client_encoding=UTF8 -c client_connection_check_interval=1s"
MAX_ROUNDS = 10  # of catching up: what then is missing is replayed while figures stand still
WAIT_SECONDS = 60.0  # for the read models to include what is to be audited
LOOK_AGAIN_SECONDS = 0.1
BILL = "bill"
BILLED_BY = (  # finest first: an account may have more lines than can be told at once
    frozenset(BillDimension) - {BillDimension.DAY},
    frozenset({BillDimension.SERVICE, BillDimension.MODEL}),
    frozenset({BillDimension.SERVICE}),
)

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

    position: int  # up to which the log was replayed for the digest
    digest: str  # SHA-256 over the replayed figures, in hexadecimal
    events: int  # of the account and of the platform, that were replayed
    differences: int  # how many figures are not what the log says; 0 is a match


class NotIncludedError(Exception):
    """Raised when the read models did not come to include the position that is to be audited in time."""


def audit(database_url: str, cell: str, audit_id: UUID, of: AuditOf, progress: Progress) -> Verdict:
    """Replay and compare. `progress` is told positions: how far the replay is, and how far it goes. What it raises ends the audit.

    Figures are compared as they are when the replay has caught up with the read models: where `up_to` is earlier, the digest is of then,
    and the replay goes on from there. Safe to repeat: what an earlier attempt has found is taken away first. Raises OperationalError
    of psycopg, NotReadyError, and NotIncludedError.
    """
    with (
        psycopg.connect(
            database_url, autocommit=True, application_name="tallygraph audit", options=options(database_url, OPTIONS)
        ) as connection,
        place_of_its_own(connection, cell) as tables,
    ):
        return _Audit(connection, cell, tables, of, progress).run(audit_id)


class _Audit:
    def __init__(self, connection: Connection[Any], cell: str, tables: Tables, of: AuditOf, progress: Progress) -> None:
        self._connection = connection
        self._cell = cell
        self._tables = tables
        self._of = of
        self._progress = progress
        self._replay = Replay(connection, cell, tables, of.account)
        self._compared = tables_of(connection, tables)
        self._parameters = parameters_of(of.account_id, of.range)

    def run(self, audit_id: UUID) -> Verdict:
        live = self._live(self._of.up_to or 0)
        self._advance(live.position if self._of.up_to is None else self._of.up_to)
        position, digest = self._replay.position, self._digest()
        for _ in range(MAX_ROUNDS):  # they move on meanwhile
            live = self._live(0)
            if live.position - self._replay.position <= WINDOW:
                break
            self._advance(live.position)
        for table in self._compared:
            self._connection.execute(self._tables.sql(f"ANALYZE {{{table.name}}}"))
        with self._connection.transaction():
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            live = self._live(0)
            while self._replay.position < live.position:
                self._replay.advance(live.position)
            if self._of.up_to is None:
                position, digest = live.position, self._digest()
            differences = self._differences(live, audit_id)
            self._progress(live.position, live.position)  # who has been superseded finds out before anything is kept
        return Verdict(position, digest, self._replay.events, differences)

    def _live(self, position: int) -> Generation:
        """The live read models, when they include `position`."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (live := generations.live(self._connection, self._cell)) is None or live.position < position:
            if time.monotonic() > deadline:
                if live is None:
                    raise NotReadyError("there are no read models: start the projections, or wait until they are built")
                raise NotIncludedError("the read models do not include what is to be audited yet: try again when they have caught up")
            self._progress(0, position)
            time.sleep(LOOK_AGAIN_SECONDS)
        return live

    def _advance(self, goal: int) -> None:
        while self._replay.position < goal:
            self._progress(self._replay.position, goal)
            self._replay.advance(goal)

    def _digest(self) -> str:
        return digest_of(self._connection, self._tables, self._compared, self._parameters)

    def _differences(self, live: Generation, audit_id: UUID) -> int:
        """Keep what differs from the live read models, and count it."""
        materialised = live.tables(self._cell)
        with self._connection.cursor() as cursor:
            audit_differences.forget(cursor, self._cell, self._of.account_id, audit_id)
            differences = Differences(cursor, self._cell, self._of.account_id, audit_id)
            for table in self._compared:
                differences.add(differing(table, self._tables, materialised), self._parameters)
            replayed, materialised = (HeldSnapshot(self._connection, self._cell, each, live) for each in (self._tables, materialised))
            differences.add_rows(self._bills(replayed, materialised))
        return differences.count

    def _bills(self, replayed: HeldSnapshot, materialised: HeldSnapshot) -> list[Found]:
        """Lines of the bill that differ. The bill is asked of the same rows, so this tells what a row alone does not: what it comes to."""
        ours = _fees(self._of, replayed)
        try:
            with self._connection.transaction():
                theirs = _fees(self._of, materialised)
        except Exception as error:  # noqa: BLE001 - rows that the log does not have may mean anything, or nothing
            return [(BILL, "{}", ROW, json.dumps(ours), f"cannot be worked out: {error!r}")]
        return [(BILL, key, "fee", ours.get(key), theirs.get(key)) for key in sorted({*ours, *theirs}) if ours.get(key) != theirs.get(key)]


def _fees(of: AuditOf, snapshot: HeldSnapshot) -> dict[str, str]:
    return {_key(each): amount(each.fee) for each in _lines(of, snapshot)}


def _lines(of: AuditOf, snapshot: HeldSnapshot) -> list[BillLine]:
    for group_by in BILLED_BY:
        try:
            return asyncio.run(bill.lines(snapshot, BillOf(of.account_id, of.range, ZoneInfo("UTC")), group_by))
        except TooManyLinesError:
            continue
    raise AssertionError("there are no more services than lines")


def _key(line: BillLine) -> str:
    key = {name: getattr(line, name) for name in ("model", "provider", "api_key", "deployment", "direction", "category", "unit")}
    service = {} if line.service is None else {"service": line.service.name}
    return json.dumps(service | {name: value for name, value in key.items() if value is not None})

"""`tallygraph audit`: the log replayed and compared in this process, with its progress shown."""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple
from uuid import UUID, uuid4

import psycopg
from cyclopts import Parameter
from rich.console import Console

from domain.names import account_id
from domain.sealing import Seal
from jobs.audit_request import AuditRequest, checked
from jobs.auditing import AuditEngine, ReplayEngine
from jobs.errors import InvalidRequestError, JobError
from ledger.apart import collect_seldom
from ledger.application import CELL, Ledger
from ledger.position import Position, PositionUnknownError, opened
from projections import audit_differences
from projections.audit_differences import Difference
from projections.audits import AuditOf, Verdict
from service.database import Database, database
from service.errors import SettingError, StartError
from service.options import DataDir, instant_of
from service.progress import progress_bar
from service.settings import Settings

MAX_SHOWN = 20  # differences

Account = Annotated[str, Parameter(help="The key of the account whose figures are audited.")]
Start = Annotated[str, Parameter(name="--from", help="Where the range begins: a day or an instant.")]
End = Annotated[str, Parameter(name="--to", help="Where it ends: what happens then is not in it.")]
UpTo = Annotated[
    str | None,
    Parameter(
        help="A position that the API gave out: the digest is of there. Without it, of where the read models are.",
        allow_leading_hyphen=True,  # one of 64 begins with it
    ),
]


class NotAuditedError(StartError):
    """Raised when no verdict was come to. Its exit code is not that of a difference."""

    exit_code = 2


class Found(NamedTuple):
    """A verdict, and the first of what differs."""

    verdict: Verdict
    differences: Sequence[Difference]


def audit(*, account: Account, start: Start, end: End, up_to: UpTo = None, data_dir: DataDir = None) -> None:
    """End with 0 for a match and with 1 for a difference. Raises NotAuditedError."""
    collect_seldom()
    try:
        found, seal = _audited(account, (instant_of("--from", start), instant_of("--to", end)), up_to, data_dir)
    except (StartError, JobError) as error:
        raise NotAuditedError(str(error)) from None
    tell(found, seal)
    sys.exit(1 if found.verdict.differences else 0)


def prove(database_url: str, of: AuditOf, engine: AuditEngine) -> Found:
    """Replay and compare, with a bar on standard error. Nothing is kept of it."""
    id = uuid4()
    try:
        with progress_bar(Console(stderr=True)) as progress:
            task = progress.add_task(f"auditing {of.account}", total=None)
            verdict = engine.audit(id, of, lambda done, total: progress.update(task, completed=done, total=total))
        return Found(verdict, _differences(database_url, of.account_id, id))
    finally:
        _forget(database_url, of.account_id, id)


def tell(found: Found, seal: Seal) -> None:
    """The verdict, and what differs, on standard output: for people, and a line each for programs."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    verdict, differences = found
    console.print("DIFFERENT" if verdict.differences else "MATCHED")
    console.print(f"position {Position(CELL, verdict.position).sealed(seal)}")
    console.print(f"events   {verdict.events:,}")
    console.print(f"digest   {verdict.digest}")
    if verdict.differences:
        shown = "" if len(differences) == verdict.differences else f", of which these are the first {len(differences)}"
        console.print(f"\n{verdict.differences:,} figures are not what the log says{shown}:")
    for each in differences:
        replayed, materialised = json.dumps(each.replayed), json.dumps(each.materialised)  # nulls, and no control characters
        console.print(f"{each.read_model} {each.key} {each.field}: replayed {replayed}, materialised {materialised}")


def _audited(account: str, period: tuple[datetime, datetime], up_to: str | None, data_dir: Path | None) -> tuple[Found, Seal]:
    settings = Settings.from_environment(data_dir)
    seal = Seal(settings.secret())
    try:
        request = checked(AuditRequest(account_id(account), account, *period, None if up_to is None else _opened(up_to, seal)))
    except InvalidRequestError as error:
        raise SettingError(f"--from and --to cannot be a range: {error}.") from None
    with database(settings) as found:
        _check(found, request)
        return prove(found.direct_url, request.of, ReplayEngine(found.direct_url)), seal


def _opened(up_to: str, seal: Seal) -> int:
    try:
        cell, position = opened(up_to, seal)
    except PositionUnknownError as error:
        raise SettingError(f"--up-to cannot be used: {error}. This command needs the secret of the service.") from None
    if cell != CELL:
        raise SettingError(f"--up-to is a position of {cell}, and the account is in {CELL}.")
    return position


def _check(found: Database, request: AuditRequest) -> None:
    """An audit of nothing would match, and prove nothing. Raises SettingError."""
    with closing(Ledger(found.direct_url)) as ledger, ledger.connection() as connection:
        if not connection.execute("SELECT 1 FROM tallygraph.accounts WHERE id = %s", [request.account_id]).fetchall():
            raise SettingError(f"There is no account {request.account_key!r}: give --account the key of one that reported something.")
        if request.up_to is not None and request.up_to > (ledger.ledger_recorder.max_notification_id() or 0):
            raise SettingError("--up-to is ahead of the log: give a position that this service gave out.")


def _differences(database_url: str, account_id: UUID, audit_id: UUID) -> Sequence[Difference]:
    with psycopg.connect(database_url) as connection:
        return audit_differences.page(connection.cursor(), CELL, account_id, audit_id, after=0, limit=MAX_SHOWN)


def _forget(database_url: str, account_id: UUID, audit_id: UUID) -> None:
    with psycopg.connect(database_url) as connection:
        audit_differences.forget(connection.cursor(), CELL, account_id, audit_id)

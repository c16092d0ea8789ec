"""What is asked of what lies beside the log: accounts, reports kept aside, conflicts, and how far the read models are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.notation import cloudevent
from ledger.accounts import Account
from ledger.shapes import READERS
from projections.read_model import GROUP
from projections.snapshot import Snapshot
from projections.usage import READ_MODELS


@dataclass(frozen=True, slots=True)
class Rejection:
    """A report that could not be understood, as it came. `digest` is its name: 16 bytes."""

    digest: bytes
    received_at: datetime
    account: str | None
    dialect: str
    field: str | None
    message: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ConflictingReport:
    """A report that bears a name already used for another content; the first stands."""

    received_at: datetime
    originator_id: UUID
    digest: bytes
    source: str
    event_id: str
    standing: dict[str, Any]
    refused: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadModelState:
    """How far a read model is, and how many recorded events it does not include yet. `rebuilding` goes from 0 to 1; null: it is not."""

    name: str
    position: int
    lag: int
    rebuilding: float | None


async def account(snapshot: Snapshot, id: UUID) -> Account | None:
    """The account with this id, if it has been heard of."""
    rows = await snapshot.rows("SELECT id, key, created_at FROM tallygraph.accounts WHERE id = %(id)s", {"id": id})
    return Account(*rows[0]) if rows else None


async def accounts(snapshot: Snapshot, limit: int, after: str | None = None) -> list[Account]:
    """Accounts by key, past the key `after`."""
    rows = await snapshot.rows(
        "SELECT id, key, created_at FROM tallygraph.accounts WHERE %(after)s::text IS NULL OR key > %(after)s ORDER BY key LIMIT %(limit)s",
        {"after": after, "limit": limit},
    )
    return [Account(*row) for row in rows]


async def count_accounts(snapshot: Snapshot) -> int:
    """How many accounts have been heard of."""
    ((count,),) = await snapshot.rows("SELECT count(*) FROM tallygraph.accounts")
    return count


async def rejection(snapshot: Snapshot, digest: bytes) -> Rejection | None:
    """One report that was refused."""
    rows = await snapshot.rows(f"SELECT {REJECTION} FROM tallygraph.rejections WHERE digest = %(digest)s", {"digest": digest})
    return Rejection(*rows[0]) if rows else None


async def rejections(
    snapshot: Snapshot, limit: int, after: tuple[datetime, bytes] | None = None, *, bodies: bool = True
) -> list[Rejection]:
    """Refused reports, newest first, past the one received then with that digest; without `bodies`, what they were is left empty."""
    received_at, digest = after or (None, None)
    rows = await snapshot.rows(
        f"""SELECT {REJECTION if bodies else WITHOUT_BODY} FROM tallygraph.rejections
        WHERE %(at)s::timestamptz IS NULL OR (received_at, digest) < (%(at)s, %(digest)s::bytea)
        ORDER BY received_at DESC, digest DESC LIMIT %(limit)s""",
        {"at": received_at, "digest": digest, "limit": limit},
    )
    return [Rejection(*row) for row in rows]


async def count_rejections(snapshot: Snapshot) -> int:
    """How many reports have been refused and kept."""
    ((count,),) = await snapshot.rows("SELECT count(*) FROM tallygraph.rejections")
    return count


async def conflicts(
    snapshot: Snapshot, account_id: UUID, limit: int, after: tuple[datetime, UUID, bytes] | None = None
) -> list[ConflictingReport]:
    """The account's conflicts, newest first: those found when they came, and those found when they were projected."""
    received_at, originator_id, digest = after or (None, None, None)
    rows = await snapshot.rows(
        f"""SELECT * FROM ({CONFLICTS}) AS found
        WHERE %(at)s::timestamptz IS NULL OR (received_at, originator_id, digest) < (%(at)s, %(id)s::uuid, %(digest)s::bytea)
        ORDER BY received_at DESC, originator_id DESC, digest DESC LIMIT %(limit)s""",
        {"account": account_id, "at": received_at, "id": originator_id, "digest": digest, "limit": limit},
    )
    return [_conflict(row) for row in rows]


async def count_conflicts(snapshot: Snapshot, account_id: UUID) -> int:
    """How many conflicts the account has."""
    ((count,),) = await snapshot.rows(f"SELECT count(*) FROM ({CONFLICTS}) AS found", {"account": account_id})
    return count


async def read_models(snapshot: Snapshot) -> tuple[int, list[ReadModelState]]:
    """The position of the log, and the state of each read model."""
    live = await snapshot.state()
    ((head, built, is_wished),) = await snapshot.rows(STATES, {"name": GROUP, "shape": live.shape})
    rebuilding = None
    if built is not None or is_wished:
        rebuilding = (built or 0) / max(live.position, built or 0, 1)
    return head, [ReadModelState(name, live.position, head - live.position, rebuilding) for name in sorted(READ_MODELS)]


def _conflict(row: tuple[Any, ...]) -> ConflictingReport:
    received_at, originator_id, digest, standing_topic, standing, topic, refused = row
    first, second = READERS[standing_topic](standing), READERS[topic](refused)
    return ConflictingReport(received_at, originator_id, digest, first.source, first.id, cloudevent(first), cloudevent(second))


REJECTION = "digest, received_at, account, dialect, field, message, body"
WITHOUT_BODY = REJECTION.removesuffix("body") + "''::bytea"
# What is built is as far as its rows are committed. A wish waits until somebody begins with it.
STATES = """
    SELECT position,
        (SELECT max(position) FROM {generations} WHERE name = %(name)s AND shape = %(shape)s AND state = 'building'),
        EXISTS (SELECT FROM {rebuilds} WHERE name = %(name)s AND shape = %(shape)s AND done_at IS NULL)
    FROM {head}"""
CONFLICTS = """
    SELECT received_at, originator_id, digest, coalesce(standing_topic, topic), standing, topic, refused
    FROM tallygraph.conflicts WHERE account_id = %(account)s
    UNION ALL
    SELECT (SELECT recorded_at FROM {appends} WHERE position >= other.notification_id ORDER BY position LIMIT 1),
        other.originator_id, substring(other.state FROM 2 FOR 16), first.topic, first.state, other.topic, other.state
    FROM {name_conflicts} AS conflict
    JOIN {events} AS first ON first.originator_id = conflict.standing AND first.originator_version = conflict.standing_version
    JOIN {events} AS other ON other.originator_id = conflict.refused AND other.originator_version = conflict.refused_version
    WHERE conflict.account_id = %(account)s"""

"""How much is kept aside of each account. What was promised to be kept is never dropped for what came later: rather, that is not kept."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import LiteralString, NamedTuple

from psycopg import Cursor

from domain import limits

ROW_BYTES = 256  # of a row beside its texts: a great many small ones are bounded, too
TupleCursor = Cursor[tuple[object, ...]]


class Kind(NamedTuple):
    """What is kept in one table."""

    name: str
    limit: str
    known: LiteralString  # which of these keys are there
    counted: LiteralString  # bytes of one account


class Item(NamedTuple):
    """Something to keep: whose it is, what it is known by, and its bytes."""

    account: str
    key: bytes
    size: int


REJECTIONS = Kind(
    "rejections",
    "MAX_REJECTED_BYTES_PER_ACCOUNT",
    "SELECT digest FROM tallygraph.rejections WHERE digest = ANY(%s)",
    "SELECT sum(octet_length(body) + octet_length(message) + %s) FROM tallygraph.rejections WHERE coalesce(account, '') = %s",
)
CONFLICTS = Kind(
    "conflicts",
    "MAX_CONFLICT_BYTES_PER_ACCOUNT",
    """SELECT key FROM unnest(%s::bytea[]) AS key JOIN tallygraph.conflicts
    ON account_id = encode(substring(key FROM 1 FOR 16), 'hex')::uuid
    AND originator_id = encode(substring(key FROM 17 FOR 16), 'hex')::uuid AND digest = substring(key FROM 33)""",
    "SELECT sum(octet_length(standing) + octet_length(refused) + %s) FROM tallygraph.conflicts WHERE account_id = %s::uuid",
)


def keepable(cursor: TupleCursor, kind: Kind, items: Sequence[Item]) -> list[int]:
    """Indexes of the items that are there already or have room, in their order. That room is theirs once the transaction commits."""
    if not items:
        return []
    held = _held(cursor, kind, {item.account for item in items})
    limit: int = getattr(limits, kind.limit)
    known = {key for (key,) in cursor.execute(kind.known, [[item.key for item in items]])}
    added: Counter[str] = Counter()
    found = []
    for i, (account, key, size) in enumerate(items):
        if key not in known:
            if held[account] + added[account] + size > limit:
                continue
            known.add(key)
            added[account] += size
        found.append(i)
    grow = "UPDATE tallygraph.kept_aside SET bytes = bytes + %s WHERE account = %s AND kind = %s"
    cursor.executemany(grow, [(size, account, kind.name) for account, size in added.items()])
    return found


def _held(cursor: TupleCursor, kind: Kind, accounts: Iterable[str]) -> dict[str, int]:
    """Bytes that are kept, by account, which nobody else changes until the transaction ends. Counted where that was not done before."""
    held: dict[str, int] = {}
    for account in sorted(accounts):  # in one order, so that two never wait for each other in a ring
        wanted = (account, kind.name)
        found = cursor.execute(LOCK, wanted).fetchone()
        if found is None:
            cursor.execute(kind.counted, [ROW_BYTES, account])
            ((counted,),) = cursor.fetchall()
            cursor.execute("INSERT INTO tallygraph.kept_aside VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", [*wanted, counted or 0])
            found = cursor.execute(LOCK, wanted).fetchone()
        assert found is not None
        assert isinstance(found[0], int)
        held[account] = found[0]
    return held


LOCK: LiteralString = "SELECT bytes FROM tallygraph.kept_aside WHERE account = %s AND kind = %s FOR UPDATE"

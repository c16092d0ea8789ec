"""The names of API keys: a key is its id, and is shown under the name of its latest request."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import Cursor

from domain.events import RequestCompleted
from projections.read_model import Recorded, Tables

CREATE = (
    """
    CREATE TABLE {api_keys} (
        account_id uuid NOT NULL,
        api_key text COLLATE "C" NOT NULL,
        name text NOT NULL,
        occurred_at timestamptz NOT NULL, -- of the request that told the name
        originator_id bytea NOT NULL, -- decides between requests of one instant
        position bigint NOT NULL, -- decides between the report of a request and its corrections
        PRIMARY KEY (account_id, api_key)
    )""",
)


Told = tuple[int, bytes, int, str]  # when, by which request, at which position, the name


Latest = dict[tuple[bytes, str], Told]
"""By account and key."""


def prepare(batch: Sequence[Recorded]) -> Latest:
    """The latest name of each key."""
    latest: Latest = {}
    keep_latest(latest, batch)
    return latest


def keep_latest(latest: Latest, requests: Sequence[Recorded]) -> None:
    """Keep what these tell, where it is later."""
    for position, originator_id, account_id, event, _ in reversed(requests):  # the latest are seldom first
        assert isinstance(event, RequestCompleted)
        if event.api_key is None or event.api_key_name is None:
            continue
        key = (account_id, event.api_key)
        known = latest.get(key)
        if known is not None and event.occurred_at < known[0]:
            continue
        told = (event.occurred_at, originator_id, position, event.api_key_name)
        if known is None or told > known:  # no two are of one position
            latest[key] = told


def apply(cursor: Cursor[Any], tables: Tables, latest: Latest) -> None:
    """Keep those that are newer than what is known."""
    if not latest:
        return
    keys = sorted(latest)
    told = [latest[key] for key in keys]
    arrays = [
        [UUID(bytes=account_id) for account_id, _ in keys],
        [api_key for _, api_key in keys],
        [name for *_, name in told],
        [occurred_at for occurred_at, *_ in told],
        [originator_id for _, originator_id, *_ in told],
        [position for _, _, position, _ in told],
    ]
    cursor.execute(tables.sql(KEEP_LATEST), arrays, prepare=True)


KEEP_LATEST = """
    INSERT INTO {api_keys} AS known
    SELECT a, k, n, 'epoch'::timestamptz + t * interval '1 microsecond', o, p
    FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::int8[], %b::bytea[], %b::int8[]) AS told (a, k, n, t, o, p)
    ON CONFLICT (account_id, api_key) DO UPDATE SET
        name = excluded.name, occurred_at = excluded.occurred_at, originator_id = excluded.originator_id, position = excluded.position
    WHERE (known.occurred_at, known.originator_id, known.position) < (excluded.occurred_at, excluded.originator_id, excluded.position)"""

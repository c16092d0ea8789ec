"""The names of API keys: a key is its id, and is shown under the name of its latest request."""

from collections.abc import Sequence
from typing import Any

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
        PRIMARY KEY (account_id, api_key)
    )""",
)


def project(cursor: Cursor[Any], tables: Tables, batch: Sequence[Recorded]) -> None:
    """Take names that are newer than those we have."""
    latest: dict[tuple[Any, str], tuple[Any, bytes, str]] = {}
    for _, originator_id, account, event in batch:
        assert isinstance(event, RequestCompleted)
        if event.api_key is None or event.api_key_name is None:
            continue
        key = (account, event.api_key)
        known = latest.get(key)
        if known is None or (event.occurred_at, originator_id) > known[:2]:
            latest[key] = (event.occurred_at, originator_id, event.api_key_name)
    if not latest:
        return
    rows = [(*key, latest[key]) for key in sorted(latest)]
    cursor.execute(
        tables.sql(KEEP_LATEST),
        [
            [account for account, _, _ in rows],
            [api_key for _, api_key, _ in rows],
            [name for _, _, (_, _, name) in rows],
            [occurred_at for _, _, (occurred_at, _, _) in rows],
            [originator_id for _, _, (_, originator_id, _) in rows],
        ],
        prepare=True,
    )


KEEP_LATEST = """
    INSERT INTO {api_keys} AS known
    SELECT a, k, n, 'epoch'::timestamptz + t * interval '1 microsecond', o
    FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::int8[], %b::bytea[]) AS told (a, k, n, t, o)
    ON CONFLICT (account_id, api_key) DO UPDATE SET
        name = excluded.name, occurred_at = excluded.occurred_at, originator_id = excluded.originator_id
    WHERE (known.occurred_at, known.originator_id) < (excluded.occurred_at, excluded.originator_id)"""

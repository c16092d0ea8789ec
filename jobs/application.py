"""The jobs' own log: aggregates of the eventsourcing library in the schema `jobs` of Postgres.

Few events, all of them about work that someone waits for. It is apart from the ledger: its own schema, its own
small pool, its own order.
"""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment, EnvType
from psycopg import Cursor
from psycopg.abc import Params, QueryNoTemplate
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Identifier

SCHEMA = "jobs"
POOL_SIZE = 4
"""Connections of one process to the jobs' log."""

STATEMENT_SECONDS = 15
"""A writer that stalls longer lets the others pass."""

_SETUP_LOCK = 0x7461_6C6C_796A
"""Advisory lock of the set-up: twelve starters at once would race in the catalogues."""


class Statement(NamedTuple):
    """SQL to run in the transaction that records an event; it may not answer."""

    query: QueryNoTemplate
    params: Params


class JobsLog(Application[UUID]):
    """Use `save(aggregate, beside=[Statement…])` to change a read model together with the log."""

    name = "jobs"
    recorder: "JobsRecorder"

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE) -> None:
        """`url` goes straight to Postgres, not through a pooler: statements are prepared."""
        self._url = url
        self._pool_size = pool_size
        super().__init__()

    @property
    def datastore(self) -> PostgresDatastore:
        return self.recorder.datastore

    def now(self) -> datetime:
        """The database's clock, the only one that leases are measured by."""
        with self.datastore.cursor() as cursor:
            row = cursor.execute("SELECT clock_timestamp() AS now", prepare=True).fetchone()
        assert row is not None
        return row["now"]

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Ignores this process's environment: variables of these names may be meant for something else."""
        given = conninfo_to_dict(self._url)
        required = {f"POSTGRES_{key.upper()}": str(given.get(key, "")) for key in ("dbname", "host", "user", "password")}
        own = {
            "PERSISTENCE_MODULE": "jobs.application:JobsFactory",
            "POSTGRES_URL": self._url,
            "POSTGRES_SCHEMA": SCHEMA,
            "POSTGRES_POOL_SIZE": "1",
            "POSTGRES_MAX_OVERFLOW": str(self._pool_size - 1),
            "POSTGRES_CONNECT_TIMEOUT": "5",
            "CREATE_TABLE": "n",
        }
        return Environment(name, {**required, **own, **(env or {})})


class JobsRecorder(PostgresApplicationRecorder):
    """The library's recorder with a lighter lock, cheaper arrays, and statements beside the events."""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        schema, table = Identifier(datastore.schema), Identifier(events_table_name)
        # Writers take turns so that positions are committed in order. The library locks the table for that,
        # which waits for VACUUM and makes VACUUM wait; an advisory lock does not.
        key = f"{datastore.schema}.{events_table_name}"
        self.lock_table_statements = [
            SQL("SET LOCAL statement_timeout = {}").format(f"{STATEMENT_SECONDS}s"),
            SQL("SELECT pg_advisory_xact_lock(hashtextextended({}, 0))").format(key),
        ]
        # Column arrays in binary: the library's array of a composite type is dumped as text, value by value.
        self.insert_events_statement = SQL(
            "INSERT INTO {}.{} (originator_id, originator_version, topic, state) "
            "SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[]) RETURNING notification_id"
        ).format(schema, table)

    def _insert_events(self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        beside: Sequence[Statement] = kwargs.get("beside", ())
        for query, params in beside:
            curs.execute(query, params)
        super()._insert_events(curs, stored_events, **kwargs)

    def _insert_stored_events(self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **_: Any) -> None:
        rows = [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events]
        self._lock_table(curs)
        self._notify_channel(curs)
        curs.execute(self.insert_events_statement, [list(column) for column in zip(*rows, strict=True)], prepare=True)


class JobsFactory(PostgresFactory):
    application_recorder_class = JobsRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        # The library knows five parameters of a connection; a URL may have more, such as sslmode.
        given = conninfo_to_dict(self.env["POSTGRES_URL"])
        options = f"{given.get('options', '')} -c TimeZone=UTC"
        self.datastore.pool.kwargs = {**given, "options": options, "row_factory": dict_row}


def prepare_schema(url: str, *tables: QueryNoTemplate) -> None:
    """Creates what the jobs' log needs, and the given tables beside it. Safe to repeat and to race."""
    with psycopg.connect(url, autocommit=True) as connection, closing(JobsLog(url, pool_size=1)) as log:
        connection.execute("SELECT pg_advisory_lock(%s)", [_SETUP_LOCK])  # Held until the connection closes.
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(SCHEMA)))
        log.recorder.create_table()
        for table in tables:
            connection.execute(table)

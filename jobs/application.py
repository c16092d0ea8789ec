"""The jobs' own log: aggregates of the eventsourcing library in the schema `jobs` of Postgres.

Few events, all of them about work that someone waits for. It is apart from the ledger: its own schema, its own small pool, its own order.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import InfrastructureFactory, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment, EnvType
from psycopg import Cursor
from psycopg.abc import Params, QueryNoTemplate
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL

from ledger.connecting import options

SCHEMA = "jobs"
POOL_SIZE = 4  # connections of one process to the jobs' log


class Statement(NamedTuple):
    """SQL to run in the transaction that records an event. Nobody sees its answer."""

    query: QueryNoTemplate
    params: Params


class JobsLog(Application[UUID]):
    """Give `save` a list of Statements as `beside`, and they are part of the transaction that records the events."""

    name = "jobs"

    def __init__(self, database_url: str, *, pool_size: int = POOL_SIZE) -> None:
        """`database_url` must not go through a pooler: statements are prepared."""
        self._database_url = database_url
        self._pool_size = pool_size
        super().__init__()

    @property
    def datastore(self) -> PostgresDatastore:
        """Connections to the schema of the jobs."""
        assert isinstance(self.recorder, PostgresApplicationRecorder)
        return self.recorder.datastore

    def now(self) -> datetime:
        """The database's clock, the only one that leases are measured by."""
        with self.datastore.cursor() as cursor:
            row = cursor.execute("SELECT clock_timestamp() AS now", prepare=True).fetchone()
        assert row is not None
        return row["now"]

    def firsts(self, ids: Sequence[UUID]) -> dict[UUID, DomainEventProtocol[UUID]]:
        """The event that each job began with: in one statement."""
        with self.datastore.cursor() as cursor:
            rows = cursor.execute(FIRSTS, [[*ids]], prepare=True).fetchall()
        return {row["originator_id"]: self.mapper.to_domain_event(StoredEvent(**row)) for row in rows}

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Nothing of this process's environment: variables of these names may be meant for something else."""
        settings = {
            "POSTGRES_DBNAME": "-",
            "POSTGRES_HOST": "-",
            "POSTGRES_USER": "-",
            "POSTGRES_PASSWORD": "",
            "POSTGRES_SCHEMA": SCHEMA,
            "POSTGRES_POOL_SIZE": "1",
            "POSTGRES_MAX_OVERFLOW": str(self._pool_size - 1),
            "POSTGRES_CONNECT_TIMEOUT": "5",
            "CREATE_TABLE": "n",
        }
        return Environment(name, {**settings, **(env or {})})

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        """The library's, but connected by URL: its own settings know host, port and name only, and lose TLS and the rest."""
        factory: Any = JobsFactory(env)  # the library's types do not see that it is one of its factories
        given = conninfo_to_dict(self._database_url, application_name="tallygraph jobs")
        factory.datastore.pool.kwargs = {**given, "options": options(self._database_url, "-c TimeZone=UTC"), "row_factory": dict_row}
        return factory


class JobsRecorder(PostgresApplicationRecorder):
    """The library's recorder with a lighter lock, cheaper arrays, and statements beside the events."""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        datastore.db_type_names.clear()  # the library's composite type is not needed: see INSERT
        self.sql_create_statements = [SQL(statement).format() for statement in CREATE]
        self.lock_table_statements = [SETTINGS, LOCK]
        self.insert_events_statement = SQL(INSERT).format()

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
    """The library's, with our recorder."""

    application_recorder_class = JobsRecorder


CREATE = (
    """
    CREATE TABLE IF NOT EXISTS jobs.jobs_events (
        originator_id uuid NOT NULL,
        originator_version bigint NOT NULL,
        topic text NOT NULL,
        state bytea NOT NULL,
        notification_id bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY (originator_id, originator_version)
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS jobs_events_notification_id_idx ON jobs.jobs_events (notification_id)",
)
FIRSTS = """
    SELECT originator_id, originator_version, topic, state FROM jobs.jobs_events
    WHERE originator_id = ANY(%s) AND originator_version = 1
"""
SETTINGS = "SET LOCAL statement_timeout = '15s'"  # a stalled writer must not hold the others for ever
# Writers take turns, so that positions are committed in their order. The library locks the table for that, which waits for VACUUM
# and makes VACUUM wait.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('jobs.jobs_events', 0))"
# Column arrays in binary: psycopg writes the library's array of a composite type as text, value by value.
INSERT = """
    INSERT INTO jobs.jobs_events (originator_id, originator_version, topic, state)
    SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[]) RETURNING notification_id
"""

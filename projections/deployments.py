"""Deployments and fine-tunings: what was told of each, event by event, and the life that its events make.

Whatever arrives has the whole life of its deployment read again, from all its events: neither order nor batches change a row.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Cursor

from domain.deployment_events import DeploymentEvent
from domain.event_types import EVENT_TYPES
from domain.lifecycle import Life, fold
from projections.read_model import Recorded, Tables, columns

# Instants of lives are microseconds since 1970, as the domain reckons them.
CREATE = (
    """
    CREATE TABLE {deployments} (
        account_id uuid NOT NULL,
        deployment text COLLATE "C" NOT NULL, -- its key
        position bigint NOT NULL, -- of its latest event
        known_from bigint NOT NULL, -- the first instant that anything is told of
        name text COLLATE "C",
        kind text COLLATE "C" NOT NULL,
        model text COLLATE "C",
        gpu_type text COLLATE "C",
        gpus bigint, -- micro-GPUs that its creation tells
        created_at bigint,
        started_at bigint,
        ended_at bigint, -- for good
        PRIMARY KEY (account_id, deployment)
    ) WITH (fillfactor = 80)""",
    # Not keyed by source and id, which with the deployment's key might be more than an index takes: a place in the log is as good a name.
    """
    CREATE TABLE {deployment_events} (
        account_id uuid NOT NULL,
        deployment text COLLATE "C" NOT NULL,
        position bigint NOT NULL, -- in the log, which has the whole of it
        occurred_at bigint NOT NULL,
        rank smallint NOT NULL, -- tells the type, and orders those of one instant
        source text COLLATE "C" NOT NULL,
        event_id text COLLATE "C" NOT NULL,
        gpus bigint,
        name text COLLATE "C",
        kind text COLLATE "C",
        model text COLLATE "C",
        gpu_type text COLLATE "C",
        contradiction text, -- how it is read, where it cannot have been so
        PRIMARY KEY (account_id, deployment, position)
    )""",
    """
    CREATE TABLE {deployment_phases} (
        account_id uuid NOT NULL,
        deployment text COLLATE "C" NOT NULL,
        starts bigint NOT NULL,
        ends bigint, -- null is open
        status text COLLATE "C" NOT NULL,
        gpus bigint, -- micro-GPUs; null: running with a number that nobody told
        PRIMARY KEY (account_id, deployment, starts)
    )""",
)

Name = tuple[UUID, str]  # account, deployment
Row = tuple[Any, ...]


class Change(NamedTuple):
    """The events of a batch, and the deployments that they are of."""

    events: list[Row]
    touched: list[Name]


def prepare(batch: Sequence[Recorded]) -> Change:
    """The events of lives among the batch."""
    events = [
        _event_row(UUID(bytes=each.account_id), each.position, each.event) for each in batch if isinstance(each.event, DeploymentEvent)
    ]
    return Change(events, sorted({(account, deployment) for account, deployment, *_ in events}))


def apply(cursor: Cursor[Any], tables: Tables, change: Change) -> None:
    """Keep the events, and read the lives anew that they are of."""
    if not change.events:
        return
    cursor.execute(tables.sql(KEEP_EVENTS), columns(change.events), prepare=True)
    touched = columns(change.touched)
    told: defaultdict[Name, list[_Told]] = defaultdict(list)
    for account, deployment, *rest in cursor.execute(tables.sql(EVENTS), touched, prepare=True).fetchall():
        told[account, deployment].append(_told(deployment, *rest))
    lives = {name: fold(each.event for each in events) for name, events in told.items()}
    rows = [_deployment_row(name, told[name], life) for name, life in lives.items()]
    cursor.execute(tables.sql(KEEP_DEPLOYMENTS), columns(rows), prepare=True)
    _replace_phases(cursor, tables, touched, lives)
    _mark_contradictions(cursor, tables, told, lives)


class _Told(NamedTuple):
    position: int
    contradiction: str | None  # as it was read before
    event: DeploymentEvent


def _told(deployment: str, position: int, contradiction: str | None, rank: int, *fields: Any) -> _Told:
    source, event_id, occurred_at, *rest = fields
    return _Told(position, contradiction, OF_RANK[rank]("", source, event_id, occurred_at, deployment, *rest))  # a life needs no account


def _replace_phases(cursor: Cursor[Any], tables: Tables, touched: list[list[Any]], lives: dict[Name, Life]) -> None:
    """Only what differs is written: of a long life that goes on, its end."""
    old = set(cursor.execute(tables.sql(PHASES), touched, prepare=True).fetchall())
    new = {(*name, *phase[:2], phase.status.value, phase.gpus) for name, life in lives.items() for phase in life.phases}
    if gone := sorted(row[:3] for row in old - new):
        cursor.execute(tables.sql(DROP_PHASES), columns(gone), prepare=True)
    if come := sorted(new - old, key=lambda row: row[:3]):
        cursor.execute(tables.sql(KEEP_PHASES), columns(come), prepare=True)


def _mark_contradictions(cursor: Cursor[Any], tables: Tables, told: dict[Name, list[_Told]], lives: dict[Name, Life]) -> None:
    changed: list[Row] = []
    for name, events in told.items():
        sentences = {(each.source, each.id): each.sentence for each in lives[name].contradictions}
        for position, before, event in events:
            if (sentence := sentences.get((event.source, event.id))) != before:
                changed.append((*name, position, sentence))
    if changed:
        cursor.execute(tables.sql(MARK), columns(changed), prepare=True)


def _event_row(account: UUID, position: int, event: DeploymentEvent) -> Row:
    named = (event.source, event.id)
    described = (event.gpus, event.name, event.kind, event.model, event.gpu_type)
    return (account, event.deployment, position, event.occurred_at, event.RANK, *named, *described)


def _deployment_row(name: Name, told: Sequence[_Told], life: Life) -> Row:
    position, known_from = max(each.position for each in told), min(each.event.occurred_at for each in told)
    described = (life.name, life.kind, life.model, life.gpu_type, life.gpus)
    return (*name, position, known_from, *described, life.created_at, life.started_at, life.ended_at)


OF_RANK = {each.RANK: each for each in EVENT_TYPES.values() if issubclass(each, DeploymentEvent)}

KEEP_EVENTS = """
    INSERT INTO {deployment_events}
    SELECT * FROM unnest(%b::uuid[], %b::text[], %b::int8[], %b::int8[], %b::int2[], %b::text[], %b::text[],
                         %b::int8[], %b::text[], %b::text[], %b::text[], %b::text[])
    ON CONFLICT DO NOTHING"""
EVENTS = """
    SELECT account_id, deployment, position, contradiction, rank, source, event_id, occurred_at, gpus, name, kind, model, gpu_type
    FROM {deployment_events} JOIN unnest(%b::uuid[], %b::text[]) AS touched (account_id, deployment) USING (account_id, deployment)"""
KEEP_DEPLOYMENTS = """
    INSERT INTO {deployments}
    SELECT * FROM unnest(%b::uuid[], %b::text[], %b::int8[], %b::int8[], %b::text[], %b::text[], %b::text[], %b::text[],
                         %b::int8[], %b::int8[], %b::int8[], %b::int8[])
    ON CONFLICT (account_id, deployment) DO UPDATE SET
        position = excluded.position, known_from = excluded.known_from, name = excluded.name, kind = excluded.kind,
        model = excluded.model, gpu_type = excluded.gpu_type, gpus = excluded.gpus,
        created_at = excluded.created_at, started_at = excluded.started_at, ended_at = excluded.ended_at"""
PHASES = """
    SELECT account_id, deployment, starts, ends, status, gpus
    FROM {deployment_phases} JOIN unnest(%b::uuid[], %b::text[]) AS touched (account_id, deployment) USING (account_id, deployment)"""
DROP_PHASES = """
    DELETE FROM {deployment_phases} AS phase
    USING unnest(%b::uuid[], %b::text[], %b::int8[]) AS gone (account_id, deployment, starts)
    WHERE (phase.account_id, phase.deployment, phase.starts) = (gone.account_id, gone.deployment, gone.starts)"""
KEEP_PHASES = """
    INSERT INTO {deployment_phases}
    SELECT * FROM unnest(%b::uuid[], %b::text[], %b::int8[], %b::int8[], %b::text[], %b::int8[])"""
MARK = """
    UPDATE {deployment_events} AS event SET contradiction = marked.sentence
    FROM unnest(%b::uuid[], %b::text[], %b::int8[], %b::text[]) AS marked (account_id, deployment, position, sentence)
    WHERE (event.account_id, event.deployment, event.position) = (marked.account_id, marked.deployment, marked.position)"""

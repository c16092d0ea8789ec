"""The ledger: the application of the eventsourcing library that holds the facts which change figures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, JSONTranscoder, Mapper
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType
from psycopg import Connection
from psycopg.rows import dict_row

from domain.events import UsageEvent
from ledger.binary import event_row
from ledger.recorder import LedgerRecorder, NewEvent
from ledger.shapes import UsageEventMapper, same_content, to_state

CELL = "cell_0"  # Today there is one; an account belongs to one, and nothing joins, locks or counts across cells.


class Outcome(Enum):
    """What became of one event of a batch."""

    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A report that bears the name of another content. The standing one is in the log; this one is not."""

    index: int
    standing: bytes
    refused: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """What became of a batch: an outcome per event, conflicts in their order, and a position that covers every event recorded or found."""

    outcomes: list[Outcome]
    conflicts: list[Conflict]
    position: int


class LedgerFactory(PostgresFactory):
    """The library's, with our recorder."""

    application_recorder_class = LedgerRecorder


class Ledger(Application[UUID]):
    """The facts of one cell."""

    name = "ledger"

    def __init__(self, database_url: str, cell: str = CELL) -> None:
        """`database_url` goes straight to Postgres, not through a pooler: statements are prepared."""
        self.database_url = database_url
        self.cell = cell
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Ours alone: variables of the process that bear the library's names may be meant for something else."""
        required = dict.fromkeys(("POSTGRES_DBNAME", "POSTGRES_HOST", "POSTGRES_USER", "POSTGRES_PASSWORD"), "")
        own = {"POSTGRES_SCHEMA": self.cell, "POSTGRES_POOL_SIZE": "1", "POSTGRES_MAX_OVERFLOW": "3", "CREATE_TABLE": "n"}
        return Environment(name, {**required, **own, **(env or {})})

    def record(self, events: Sequence[UsageEvent]) -> Recording:
        """Append what is new of `events`, durably, in their order. Repeating it changes nothing."""
        named: dict[bytes, tuple[bytes, list[int]]] = {}  # by originator id: the state that came first, and who bears the name
        states = [to_state(event) for event in events]
        for i, event in enumerate(events):
            named.setdefault(event.originator_id, (states[i], []))[1].append(i)
        appended = self.ledger_recorder.append(
            [NewEvent(id, event_row(id, 1, events[bearers[0]].TOPIC.encode(), state)) for id, (state, bearers) in named.items()]
        )
        outcomes = [Outcome.RECORDED] * len(events)
        conflicts: list[Conflict] = []
        for id, (first, bearers) in named.items():
            standing = appended.standing.get(id)
            for i in bearers if standing is not None else bearers[1:]:
                outcomes[i] = Outcome.DUPLICATE if same_content(standing or first, states[i]) else Outcome.CONFLICT
                if outcomes[i] is Outcome.CONFLICT:
                    conflicts.append(Conflict(i, standing or first, states[i]))
        return Recording(outcomes, sorted(conflicts, key=attrgetter("index")), appended.position)

    @contextmanager
    def connection(self) -> Iterator[Connection[Any]]:
        """A connection of the ledger's own, in one transaction: for what is kept beside the log."""
        with self.ledger_recorder.datastore.get_connection() as connection, connection.transaction():
            yield connection

    @property
    def ledger_recorder(self) -> LedgerRecorder:
        """The recorder, by its own type."""
        assert isinstance(self.recorder, LedgerRecorder)
        return self.recorder

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """The library's, but connected by URL: its own settings know host, port and name only, and lose TLS and the rest."""
        factory = LedgerFactory(env)
        factory.datastore.pool.conninfo = self.database_url
        factory.datastore.pool.kwargs = {"row_factory": dict_row, "application_name": "tallygraph ledger", "options": "-c TimeZone=UTC"}
        return factory

    def construct_mapper(self) -> Mapper[UUID]:
        """Events in our own compact shape."""
        return UsageEventMapper(JSONTranscoder())  # never asked: the mapper knows its own shapes

"""The ledger: the application of the eventsourcing library that holds the facts which change figures."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, JSONTranscoder, Mapper
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType
from psycopg import Connection
from psycopg.rows import dict_row

from domain.events import UsageEvent
from ledger.entries import Entries, Place
from ledger.recorder import LedgerRecorder, persistently
from ledger.shapes import UsageEventMapper, reshaped, same_content

T = TypeVar("T")

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
    standing_topic: str
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
        return self.append(Entries.of(events))

    def append(self, entries: Entries) -> Recording:
        """The same of events that are ready to be appended."""
        places = entries.places
        rows = dict(zip(places, entries.rows, strict=True))
        if len(rows) < len(places):  # the event that bears a name first stands for it
            rows = {place: entries.rows[i] for place, i in _first(places).items()}
        appended = self.ledger_recorder.append(rows)
        if appended.recorded == len(entries):
            return Recording([Outcome.RECORDED] * len(entries), [], appended.position)
        first = _first(places)
        states = [*map(entries.state, range(len(entries)))]
        heads = {place: appended.standing.get(place, states[i]) for place, i in first.items()}
        new = {i for place, i in first.items() if place not in appended.standing}
        unlike = [i for i, place in enumerate(places) if i not in new and not same_content(heads[place], states[i])]
        conflicts = self._conflicts(unlike, states, places)
        conflicting = {each.index for each in conflicts}
        outcomes = [
            Outcome.RECORDED if i in new else Outcome.CONFLICT if i in conflicting else Outcome.DUPLICATE for i in range(len(entries))
        ]
        return Recording(outcomes, conflicts, appended.position)

    def append_as_made(self, parts: Iterable[Entries]) -> Recording | None:
        """Append events that are all new, while they are being made, if nobody else is at the log. Null where that is not so.

        Then nothing is recorded, and they have to be appended when all are made. `parts` may be left before their end.
        """
        made = 0

        def rows() -> Iterator[list[bytes]]:
            nonlocal made
            for part in parts:
                made += len(part)
                yield part.rows

        position = self.ledger_recorder.append_as_made(rows())
        return None if position is None else Recording([Outcome.RECORDED] * made, [], position)

    def begin(self, events: Sequence[UsageEvent], recorded_at: datetime) -> bool:
        """Record `events`, each with a name of its own, as the first of a log that is said to have been kept since `recorded_at`.

        False, and nothing is done, where the log has events already.
        """
        return self.ledger_recorder.begin(Entries.of(events).rows, recorded_at)

    def _conflicts(self, unlike: Sequence[int], states: list[bytes], places: list[Place]) -> list[Conflict]:
        """Those events that say other than what stands, also when what stands is brought to today's shape."""
        if not unlike:
            return []
        standing = self.ledger_recorder.found(places[i] for i in unlike)
        found = [Conflict(i, *standing[places[i]], states[i]) for i in unlike]
        return [each for each in found if not same_content(reshaped(each.standing, each.standing_topic), each.refused)]

    @contextmanager
    def connection(self) -> Iterator[Connection[Any]]:
        """A connection of the ledger's own, in one transaction: for what is kept beside the log."""
        with self.ledger_recorder.datastore.get_connection() as connection, connection.transaction():
            yield connection

    def beside(self, work: Callable[[Connection[Any]], T]) -> T:
        """What `work` gives, which keeps something beside the log, in a transaction.

        It is done again where the connection is lost, so it has to be safe to repeat.
        Raises OperationalError of the library when Postgres stays away.
        """

        def once() -> T:
            with self.connection() as connection:
                return work(connection)

        return persistently(once)

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


def _first(places: Sequence[Place]) -> dict[Place, int]:
    """Which event bears a name first, by place, in their order."""
    first: dict[Place, int] = {}
    for i, place in enumerate(places):
        first.setdefault(place, i)
    return first

"""What a read model is, and the group of those that must agree: one position, one rebuild, one swap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeVar

from psycopg import Cursor
from psycopg.sql import SQL, Composed, Identifier

from domain.events import RequestCompleted, UsageEvent
from domain.rating import UNRATED, Rated

MAX_KEPT_TEXTS = 512  # of queries: those that are asked again and again


class Recorded(NamedTuple):
    """An event with its place in the log."""

    position: int
    originator_id: bytes
    account_id: bytes  # 16; of the platform, where the event is of no account
    event: UsageEvent
    rated: Rated = UNRATED  # of a request: with the prices recorded before it


def request_of(recorded: Recorded) -> RequestCompleted:
    """The request that was reported."""
    assert isinstance(recorded.event, RequestCompleted)
    return recorded.event


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows as arrays, one a column, which is how many go to Postgres at once."""
    return [list(column) for column in zip(*rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one generation of a group. A rebuild makes a new generation beside the live one: there are no migrations."""

    schema: str
    generation: int
    log: str | None = None  # the schema of the log, where it is another

    def sql(self, text: str) -> Composed:
        """`text` with `{name}` made into this generation's table of that name."""
        return SQL(text).format(**self.identifiers())  # pyright: ignore[reportArgumentType] - our own constants only

    @lru_cache(MAX_KEPT_TEXTS)  # noqa: B019 - of few tables
    def text(self, text: str) -> str:
        """The same as a text, which is made once."""
        return self.sql(text).as_string(None)

    def identifiers(self) -> dict[str, Identifier]:
        """The tables by their plain names, those of the log, and those that tell of generations."""
        own = {name: Identifier(self.schema, f"{name}_{self.generation}") for name in TABLES}
        own |= {name: Identifier(self.log or self.schema, name) for name in REGISTRY}
        return own | {name: Identifier(self.log or self.schema, f"ledger_{name}") for name in LOG_TABLES}


GROUP = "usage"  # the one there is: whatever answers has one position
SHAPE = 4  # Raise it when a table or its meaning changes: the group is then built anew beside the live one, and swapped.
LOG_TABLES = ("events", "head", "appends")
REGISTRY = ("generations", "rebuilds")
TABLES = (
    "event_names",
    "name_conflicts",
    "history",
    "history_past",
    "waiting_changes",
    "router_buckets",
    "router_lines",
    "router_model_buckets",
    "router_model_lines",
    "router_series",
    "api_keys",
    "prices",
    "reratings",
    "gpu_prices",
    "deployments",
    "deployment_events",
    "deployment_phases",
    "deployment_buckets",
)


Change = TypeVar("Change")


class ReadModel(Protocol[Change]):
    """Says how a batch of events, in log order, changes its rows. It needs no clock, no randomness, no network, and refuses nothing.

    In two steps, so that the next batch can be worked out while Postgres writes this one.
    """

    CREATE: Sequence[str]

    def prepare(self, batch: Sequence[Recorded]) -> Change:
        """Work out the change. Pure."""
        ...

    def apply(self, cursor: Cursor[Any], tables: Tables, change: Change) -> None:
        """Make it; the caller commits it together with the position."""
        ...

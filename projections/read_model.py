"""What a read model is, and the group of those that must agree: one position, one rebuild, one swap."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from psycopg import Cursor
from psycopg.sql import SQL, Composed, Identifier

from domain.events import UsageEvent


class Recorded(NamedTuple):
    """An event with its place in the log."""

    position: int
    originator_id: bytes
    account_id: UUID
    event: UsageEvent


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one generation of a group. A rebuild makes a new generation beside the live one: there are no migrations."""

    schema: str
    generation: int

    def sql(self, text: str) -> Composed:
        """`text` with `{name}` made into this generation's table of that name."""
        return SQL(text).format(**self.identifiers())  # pyright: ignore[reportArgumentType] - our own constants only

    def identifiers(self) -> dict[str, Identifier]:
        """The tables by their plain names."""
        return {name: Identifier(self.schema, f"{name}_{self.generation}") for name in TABLES}


TABLES = ("history", "router_buckets", "router_lines", "router_series", "request_names", "api_keys", "name_conflicts")


class ReadModel(Protocol):
    """Says how a batch of events, in log order, changes its rows. It needs no clock, no randomness, no network, and refuses nothing."""

    CREATE: Sequence[str]

    def project(self, cursor: Cursor[Any], tables: Tables, batch: Sequence[Recorded]) -> None:
        """Change the rows; the caller commits them with the position."""
        ...

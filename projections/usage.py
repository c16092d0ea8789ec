"""The group of read models that follow requests: names, history, buckets, keys. One position, so that they agree in every answer."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import Cursor

from projections import api_keys, history, request_names, router_buckets
from projections.read_model import Recorded, Tables

NAME = "usage"
SHAPE = 1  # Raise it when a table or its meaning changes: the group is then built anew beside the live one, and swapped.
READ_MODELS = {"history": history, "router_buckets": router_buckets, "request_names": request_names, "api_keys": api_keys}
CREATE = tuple(statement for each in READ_MODELS.values() for statement in each.CREATE)


class Change(NamedTuple):
    """What a batch changes, if every one of its events counts."""

    batch: Sequence[Recorded]
    names: request_names.Naming
    history: bytes
    buckets: router_buckets.Change
    keys: dict[tuple[bytes, str], api_keys.Told]

    @property
    def position(self) -> int:
        """Of the last event."""
        return self.batch[-1].position


def prepare(batch: Sequence[Recorded]) -> Change:
    """Work out what `batch`, in log order, changes. Pure, so it can be done ahead."""
    return Change(batch, request_names.prepare(batch), history.prepare(batch), router_buckets.prepare(batch), api_keys.prepare(batch))


def apply(cursor: Cursor[Any], tables: Tables, change: Change) -> None:
    """Change every read model of the group. Events whose name is taken by another do not count: the change is worked out without them."""
    counted = request_names.apply(cursor, tables, change.batch, change.names)
    if counted is not change.batch:
        change = prepare(counted)
    history.apply(cursor, tables, change.history)
    router_buckets.apply(cursor, tables, change.buckets)
    api_keys.apply(cursor, tables, change.keys)

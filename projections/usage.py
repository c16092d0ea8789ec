"""The group of read models that follow requests: names, history, buckets, keys. One position, so that they agree in every answer."""

from collections.abc import Sequence
from typing import Any

from psycopg import Cursor

from projections import api_keys, history, request_names, router_buckets
from projections.read_model import Recorded, Tables

NAME = "usage"
SHAPE = 1  # Raise it when a table or its meaning changes: the group is then built anew beside the live one, and swapped.
READ_MODELS = {"history": history, "router_buckets": router_buckets, "request_names": request_names, "api_keys": api_keys}
CREATE = tuple(statement for each in READ_MODELS.values() for statement in each.CREATE)


def project(cursor: Cursor[Any], tables: Tables, batch: Sequence[Recorded]) -> None:
    """Change every read model of the group by `batch`, in log order."""
    counted = request_names.project(cursor, tables, batch)
    if counted:
        history.project(cursor, tables, counted)
        router_buckets.project(cursor, tables, counted)
        api_keys.project(cursor, tables, counted)

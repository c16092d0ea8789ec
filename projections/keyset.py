"""Pages by keyset: an order that is total, and the rows past a given one in it. Unknown values come last, whichever way one sorts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class By:
    """One column of an order."""

    sql: str
    descending: bool = False
    nullable: bool = False


def order_by(order: Sequence[By], *, backwards: bool = False) -> str:
    """The ORDER BY, or its exact reverse."""
    parts = []
    for by in order:
        direction = "DESC" if by.descending != backwards else "ASC"
        nulls = (" NULLS FIRST" if backwards else " NULLS LAST") if by.nullable else ""
        parts.append(f"{by.sql} {direction}{nulls}")
    return ", ".join(parts)


def past(order: Sequence[By], values: Sequence[Any], parameters: dict[str, Any], *, backwards: bool = False) -> str:
    """The condition for rows that come after `values` (or before them, backwards). Binds what it needs in `parameters`."""
    for i, value in enumerate(values):
        parameters[f"key{i}"] = value
    directions = {by.descending != backwards for by in order}
    if len(directions) == 1 and not any(by.nullable for by in order):  # one comparison of rows: an index can start there
        columns = ", ".join(by.sql for by in order)
        keys = ", ".join(f"%(key{i})s" for i in range(len(order)))
        return f"({columns}) {'<' if directions.pop() else '>'} ({keys})"
    condition = "false"
    for i in reversed(range(len(order))):
        condition = _past_one(order[i], f"%(key{i})s", values[i] is None, condition, backwards=backwards)
    return condition


def _past_one(by: By, key: str, null: bool, rest: str, *, backwards: bool) -> str:
    """Past in this column, or equal in it and past in the rest."""
    if null:
        return f"({by.sql} IS NOT NULL OR {rest})" if backwards else f"({by.sql} IS NULL AND {rest})"
    beyond = f"{by.sql} {'<' if by.descending != backwards else '>'} {key}"
    unknown = f" OR {by.sql} IS NULL" if by.nullable and not backwards else ""
    return f"({beyond}{unknown} OR ({by.sql} = {key} AND {rest}))"

"""Questions that differ in nothing but their parameters become one statement: what is asked of each row of a page takes one round trip."""

import re
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from psycopg.types.array import ListDumper

MAX_TOGETHER = 1_000  # questions of one statement: a page has as many rows

Parameters: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = list[tuple[Any, ...]]
NONE: Parameters = {}

SCALARS = {
    UUID: "uuid",
    datetime: "timestamptz",
    int: "int8",
    float: "float8",
    bool: "bool",
    Decimal: "numeric",
    bytes: "bytea",
    str: "text",
}
NUMBERS = {int, Decimal}
PARAMETER = re.compile(r"%\((\w+)\)s")
EACH = "each_"


def likeness(text: str, parameters: Parameters) -> Hashable:
    """Equal for questions that can be asked together: those of one text, whose values are single ones of SCALARS, or lists."""
    return text, tuple((name, id(value)) for name, value in parameters.items() if not _is_known(value))


def joined(text: str, asked: Sequence[Parameters]) -> tuple[str, dict[str, Any]]:
    """One query for questions that are alike, and not all the same.

    Its rows begin with the number of their question, from 1, and with their place in its answer. Each question is looked up on its own, in
    a subquery that may use the same indexes as if it were asked alone.
    """
    first = asked[0]
    types = {name: _type(name, asked) for name, value in first.items() if any(each[name] != value for each in asked)}
    columns = ", ".join(f"%({EACH}{name})s::{type}[]" for name, type in types.items())
    names = ", ".join(f'"{EACH}{name}"' for name in types)

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in types:
            return found[0]
        column = f'asked."{EACH}{name}"'
        return f'({column} COLLATE "C")' if types[name] == "text" else column

    query = f"""
        SELECT asked.question, answer.* FROM unnest({columns}) WITH ORDINALITY AS asked ({names}, question)
        CROSS JOIN LATERAL (SELECT row_number() OVER () AS place_in_answer, own.* FROM ({PARAMETER.sub(value, text)}) AS own) AS answer
        ORDER BY asked.question, answer.place_in_answer"""
    shared = {name: value for name, value in first.items() if name not in types}
    return query, shared | {f"{EACH}{name}": [_plain(each[name], type) for each in asked] for name, type in types.items()}


def separated(rows: Rows, number: int) -> list[Rows]:
    """The answer to each of so many questions."""
    answers: list[Rows] = [[] for _ in range(number)]
    for question, _, *row in rows:
        answers[question - 1].append(tuple(row))
    return answers


def _type(name: str, asked: Sequence[Parameters]) -> str:
    types = {type(each[name]) for each in asked if each[name] is not None}
    if types <= NUMBERS and len(types) > 1:
        return "numeric"
    [type_] = types
    return "text" if type_ is list else SCALARS[type_]


def _plain(value: object, type: str) -> object:
    """A list within a list would be one array of two dimensions, so it goes as a text. Queries say what a list of theirs is an array of."""
    if isinstance(value, list):
        return bytes(_literals.dump(value) or b"").decode()
    return Decimal(value) if type == "numeric" and isinstance(value, int) else value


def _is_known(value: object) -> bool:
    return value is None or type(value) in SCALARS or type(value) is list


_literals = ListDumper(list)

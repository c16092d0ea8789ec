"""JSON that Postgres writes, as texts that are put together. What makes JSON of a row or of arguments asks each time what they are.

Braces are doubled: of single ones, statements have names of tables in them.
"""

from collections.abc import Mapping, Sequence


def object_of(members: Mapping[str, str]) -> str:
    """An object of values that are JSON. Its names are those of GraphQL, which have letters, digits and underscores."""
    lines = [f"""'{"," if place else "{{"}"{name}":' || {value}""" for place, (name, value) in enumerate(members.items())]
    return _concatenated([*lines, "'}}'"])


def _concatenated(texts: Sequence[str]) -> str:
    """Halves of halves: one after the other, all that came before would be copied each time."""
    if len(texts) == 1:
        return texts[0]
    middle = len(texts) // 2
    return f"({_concatenated(texts[:middle])} || {_concatenated(texts[middle:])})"


def text(value: str) -> str:
    """A string, or null, of a text of any kind."""
    return f"coalesce(to_json({value})::text, 'null')"


def harmless(value: str) -> str:
    """A string, or null, of a text that has nothing to escape in it, such as a number or a name of ours."""
    return f"""coalesce('"' || {value} || '"', 'null')"""


def bare(value: str) -> str:
    """A number or truth value, or null."""
    return f"coalesce(({value})::text, 'null')"


def amount(value: str) -> str:
    """An amount, or null: a string, the shortest; Postgres writes no exponents."""
    return harmless(f"trim_scale({value})::text")


def instant(value: str) -> str:
    """An instant, or null."""
    return harmless(f"""replace(to_char({value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')""")

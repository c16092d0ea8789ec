"""Pages whose nodes Postgres has written: nodes and edges are put together as texts, and no object is made of any."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from msgspec import Raw

from graph.context import Info
from graph.cursors import Key
from graph.selection import RememberingInfo, named_below

key_of_drawn: Callable[[tuple[Any, ...]], Key] = itemgetter(slice(-1))
"""A row has its key first, and its JSON at the end."""

text_of_drawn: Callable[[tuple[Any, ...]], str] = itemgetter(-1)


def drawn_list(texts: Iterable[str]) -> Raw:
    """The list of them, which executors leave as it is."""
    return Raw(f"[{','.join(texts)}]")


def drawn_edges(info: Info, texts: Sequence[str], cursors: Callable[[], Sequence[str]]) -> Raw | None:
    """The edges of the field that is being resolved; null where more is selected of them than cursors and nodes."""
    shown = info.remembered("edge", lambda: _shown(info)) if isinstance(info, RememberingInfo) else None
    if shown is None:
        return None
    parts: dict[str, Sequence[str]] = {"node": texts}
    if "cursor" in shown.values():
        parts["cursor"] = [f'"{cursor}"' for cursor in cursors()]  # Base64, which JSON has nothing to say against
    (name, first), *more = [(name, parts[field]) for name, field in shown.items()]
    lines = [f'{{"{name}":{value}' for value in first]
    for name, values in more:
        lines = [f'{line},"{name}":{value}' for line, value in zip(lines, values, strict=True)]
    return drawn_list([f"{line}}}" for line in lines])


def _shown(info: Info) -> dict[str, str] | None:
    """What the answer calls cursor and node, in its order."""
    shown = dict(named_below(info))
    fields = [*shown.values()]
    return shown if {*fields} <= {"cursor", "node"} and len(fields) == len({*fields}) else None

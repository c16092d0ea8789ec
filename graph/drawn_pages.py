"""Pages whose nodes Postgres has written: nodes and edges are put together as texts, and no object is made of any."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

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
    columns = [cursors() if field == "cursor" else texts for field in shown.fields]
    if len(columns) == 1:
        edges: Iterable[str] = columns[0]
    else:
        between = shown.between
        edges = [f"{one}{between}{other}" for one, other in zip(*columns, strict=True)]
    return drawn_list([shown.before + f"{shown.after},{shown.before}".join(edges) + shown.after] if texts else ())


class _Edge(NamedTuple):
    """The fields of an edge that the answer has, and the text around their values."""

    fields: tuple[str, ...]
    before: str
    between: str
    after: str


def _shown(info: Info) -> _Edge | None:
    named = dict(named_below(info))
    fields = (*named.values(),)
    if not fields or not {*fields} <= QUOTES.keys() or len(fields) > len({*fields}):
        return None
    opened = [f'"{name}":{QUOTES[field]}' for name, field in named.items()]
    return _Edge(fields, f"{{{opened[0]}", f"{QUOTES[fields[0]]},{opened[-1]}", f"{QUOTES[fields[-1]]}}}")


QUOTES = {"cursor": '"', "node": ""}  # a cursor is Base64, which JSON has nothing to say against

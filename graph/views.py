"""Objects of the schema that are views of rows: an attribute is made when it is read.

To fill every attribute of a thousand objects takes longer than to write down the few that an answer shows.
"""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar, cast

T = TypeVar("T")
Shown = str | Callable[[Any], Any]
"""The path of an attribute from the view, such as "row.model", or a function of the view."""


def view_of(type_: type[T], *given: str, **shown: Shown) -> Callable[..., T]:
    """Makes objects of `type_` from the `given` attributes, by position; the others are read as they are `shown`."""
    missing = {each.name for each in fields(cast("Any", type_)) if each.init} - {*given, *shown}
    assert not missing, f"every attribute of {type_.__name__} is given or shown: {missing}"
    lines = [f"def __init__(self, {', '.join(given)}):", *(f" self.{name} = {name}" for name in given)]
    body: dict[str, Any] = {}
    exec("\n".join(lines), {}, body)  # noqa: S102 - names of our own classes
    for name, how in shown.items():
        body[name] = property(attrgetter(how) if isinstance(how, str) else how)
    return cast("Callable[..., T]", type(f"{type_.__name__}View", (type_,), body))

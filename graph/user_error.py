"""Errors of those who ask for a change: they stand beside its result."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import strawberry

from graph.errors import ApiError, BadInputError
from graph.receipt import Refused
from graph.usage_event_input import field_of


@strawberry.type(description="Why a change was not made, in a form that a program can act upon.")
class UserError:
    code: str = strawberry.field(description="What kind of error: one word for programs, the same for ever.")
    message: str = strawberry.field(description="What is wrong, and what to do.")
    field: list[str] | None = strawberry.field(description="The path of the argument at fault; null where it is none.")


def user_error(error: ApiError) -> UserError:
    """The error as it stands beside a result."""
    return UserError(code=error.code, message=error.message, field=(error.extensions or {}).get("field"))


def bad_input(refused: Refused, *path: str, renamed: Mapping[str, str] = MappingProxyType({})) -> BadInputError:
    """Why the log does not take an event that was made of the argument at `path`. `renamed` has fields that bear other names there."""
    name = renamed.get(refused.field or "", field_of(refused.field) or "")
    parts = [part for part in re.split(r"[.\[\]]+", name) if part]
    return BadInputError(f"{name or path[-1]}: {refused.message}.", field=(*path, *parts))

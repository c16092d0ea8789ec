"""Which accounts a viewer reaches: their own, or all. An account that is not theirs looks like one that is not there."""

from typing import NamedTuple
from uuid import UUID

from graph.context import Context
from graph.node import Kind, name_of_kind
from projections import directory


class Reached(NamedTuple):
    """An account within the viewer's reach."""

    id: UUID
    key: str


def own_account(context: Context) -> Reached | None:
    """The account that the viewer speaks for, whether or not any usage of it was reported; null for a viewer of all accounts."""
    viewer = context.viewer
    return None if viewer.account is None or viewer.account_id is None else Reached(viewer.account_id, viewer.account)


async def account_by_id(context: Context, id: str | None) -> Reached | None:
    """The account with this global id, or the viewer's own for none; null where it is not there or not theirs."""
    if id is None:
        return own_account(context)
    name = name_of_kind(id, Kind.ACCOUNT)
    return None if name is None else await account_by_name(context, name)


async def account_by_name(context: Context, name: bytes) -> Reached | None:
    """The account with this name of 16 bytes; null where it is not there or not theirs."""
    own, id = own_account(context), UUID(bytes=name)
    if own is not None:
        return own if own.id == id else None
    found = await directory.account(await context.snapshot(), id)
    return None if found is None else Reached(found.id, found.key)

"""Rejections: reports that could not be understood, kept aside as they came."""

from datetime import datetime

import strawberry

from graph.context import Info
from graph.cursors import Cursors, Key, Listing
from graph.errors import BadInputError
from graph.inputs import After, First, given
from graph.node import Kind, Node, global_id
from graph.pages import fetched
from graph.paging import Connection, page_of
from graph.selection import selected_of_nodes
from projections import directory


@strawberry.type(description="A report that could not be understood, kept aside as it came.")
class Rejection(Node):
    received_at: datetime = strawberry.field(description="When it was received.")
    dialect: str = strawberry.field(description="The format that it came in.")
    field: str | None = strawberry.field(description="The field at fault; null where it is the whole.")
    message: str = strawberry.field(description="What is wrong with it.")
    body: str = strawberry.field(description="The report as it came; bytes that are not UTF-8 are replaced.")


MAX_BODIES = 50  # of one page: each may be as large as an event


async def rejections(info: Info, first: First = 50, after: After = strawberry.UNSET) -> Connection[Rejection]:
    """For operators."""
    info.context.require_operator("rejectedEvents")
    bodies = "body" in selected_of_nodes(info)
    if bodies and first > MAX_BODIES:
        raise BadInputError(
            f"first is {first:,}, and a page with bodies has {MAX_BODIES} at most (MAX_BODIES): read page by page, or without body.",
            field=("first",),
        )
    snapshot = await info.context.snapshot()
    cursors = Cursors(info.context.services.seal, Listing(b"", "rejections", b"", ""))
    page = page_of(cursors, first=first, after=given(after))
    start = None
    if page.start is not None:
        received_at, digest = page.start
        start = (received_at, digest)
    rows = await fetched(info, page, lambda: directory.rejections(snapshot, page.limit, start, bodies=bodies))

    async def count() -> int:
        return await directory.count_rejections(snapshot)

    return Connection[Rejection].of(rows, page, cursors, key=_key, node=_rejection, count=count)


async def rejection_by_name(info: Info, name: bytes) -> Rejection | None:
    """The rejection with that global name; null for all but operators."""
    if not info.context.viewer.operates:
        return None
    row = await directory.rejection(await info.context.snapshot(), name)
    return None if row is None else _rejection(row)


def _key(row: directory.Rejection) -> Key:
    return (row.received_at, row.digest)


def _rejection(row: directory.Rejection) -> Rejection:
    return Rejection(
        id=global_id(Kind.REJECTION, row.digest),
        received_at=row.received_at,
        dialect=row.dialect,
        field=row.field,
        message=row.message,
        body=row.body.decode(errors="replace"),
    )

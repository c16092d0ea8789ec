"""The accounts that have been heard of."""

import strawberry

from graph.account import Account, account
from graph.context import Info
from graph.cursors import Cursors, Listing
from graph.inputs import After, First, given
from graph.pages import fetched
from graph.paging import Connection, page_of
from graph.reach import Reached
from projections import directory


async def accounts(info: Info, first: First = 50, after: After = strawberry.UNSET) -> Connection[Account]:
    """By key; for operators."""
    info.context.require_operator("accounts")
    snapshot = await info.context.snapshot()
    cursors = Cursors(info.context.services.seal, Listing(b"", "accounts", b"", ""))
    page = page_of(cursors, first=first, after=given(after))
    start = None if page.start is None else page.start[0]
    rows = await fetched(info, page, lambda: directory.accounts(snapshot, page.limit, start))

    async def count() -> int:
        return await directory.count_accounts(snapshot)

    return Connection[Account].of(
        rows, page, cursors, key=lambda row: (row.key,), node=lambda row: account(Reached(row.id, row.key)), count=count
    )

"""Lists of read models: what a cursor is bound to."""

from uuid import UUID

from graph.cursors import Listing, fingerprint
from projections.snapshot import Snapshot


async def listing_of(snapshot: Snapshot, account_id: UUID, kind: str, *query: object) -> Listing:
    """The list that `query` decides. As of a place in the log it is another one than today, or as of any other place."""
    past = ()
    if snapshot.as_of is not None:
        state = await snapshot.state()
        past = (state.position, state.complete_through)
    return Listing(account_id.bytes, kind, fingerprint(*query, *past), str(await snapshot.generation()))

"""How far figures can be trusted: it stands beside them."""

from datetime import datetime

import strawberry

from graph.context import Context
from graph.scalars import BigInt, Position
from projections.router_usage import Totals
from projections.snapshot import Snapshot


@strawberry.type(description="How far the figures beside it can be trusted.")
class DataState:
    position: Position = strawberry.field(description="The place in the log up to which these figures include every event.")
    complete_through: datetime = strawberry.field(
        description='Every event recorded before this instant is included. It is the "now" of every figure beside it.'
    )
    unpriced_requests: BigInt = strawberry.field(description="Requests that are counted but have no price: their fee is unknown, not zero.")
    estimated_requests: BigInt = strawberry.field(description="Requests whose token counts were estimated by their reporter.")
    unknown_token_requests: BigInt = strawberry.field(description="Requests without a token count: they are not in the token totals.")


COUNTS = frozenset({"unpricedRequests", "estimatedRequests", "unknownTokenRequests"})


async def data_state(context: Context, snapshot: Snapshot, totals: Totals) -> DataState:
    """The state of the snapshot, for figures with those totals."""
    state = await snapshot.state()
    return DataState(
        position=context.sealed(state.position),
        complete_through=state.complete_through,
        unpriced_requests=totals.unpriced,
        estimated_requests=totals.estimated,
        unknown_token_requests=totals.unknown_tokens,
    )

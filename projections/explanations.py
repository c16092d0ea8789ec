"""How fees came about: the lines of requests with the prices that they took, which the log had when the requests were rated."""

from collections.abc import Sequence

from domain.events import Quantity, RequestCompleted, microseconds
from domain.prices import Price, PriceBook
from domain.rating import Explained, explain
from projections.history_pages import Request
from projections.router_usage import Line
from projections.snapshot import Snapshot


async def explained(snapshot: Snapshot, requests: Sequence[Request]) -> list[Explained]:
    """Of each, in their order; lines are in the order that people see, input first."""
    models = sorted({each.model for each in requests})
    latest = max((each.rated_at for each in requests), default=0)
    book = PriceBook(Price(*row) for row in await snapshot.rows(PRICES, {"models": models, "latest": latest}))
    return [explain(book, _reported(each), each.rated_at) for each in requests]


def _reported(request: Request) -> RequestCompleted:
    """As much of it as rating looks at."""
    return RequestCompleted(
        "",
        request.source,
        request.event_id,
        microseconds(request.occurred_at),
        request.model,
        provider=request.provider,
        service_tier=request.service_tier,
        channel=request.channel,
        input=_quantities(request.input),
        output=_quantities(request.output),
    )


def _quantities(lines: Sequence[Line] | None) -> tuple[Quantity, ...] | None:
    return None if lines is None else tuple((line.category, line.unit, line.count) for line in lines)


PRICES = "SELECT * FROM {prices} WHERE model = ANY(%(models)s::text[]) AND position < %(latest)s ORDER BY position"

"""What a client is told where a range has more of something than an answer may be made of."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain import calendar
from graph.errors import RangeTooLargeError
from projections.bill_charges import TooManyChargesError
from projections.bill_lines import TooManyLinesError
from projections.deployment_lives import TooManyDeploymentsError
from projections.deployment_past import TooManyEventsError
from projections.router_latencies import TooManyLatenciesError
from projections.what_if import TooManyRequestsError


@contextmanager
def range_errors(*, buckets: str = "interval") -> Iterator[None]:
    """Raises RangeTooLargeError, which names the argument at fault: `buckets` where there would be too many of those."""
    fields = {
        calendar.RangeTooLargeError: buckets,
        TooManyDeploymentsError: "range",
        TooManyEventsError: "asOf",
        TooManyLinesError: "groupBy",
        TooManyRequestsError: "range",
        TooManyChargesError: "range",
        TooManyLatenciesError: "range",
    }
    try:
        yield
    except tuple(fields) as error:
        raise RangeTooLargeError(f"{error}.", field=(fields[type(error)],)) from None

"""What a client is told where a range has more deployments, or more buckets, than an answer may be made of."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain import calendar
from graph.errors import RangeTooLargeError
from projections.deployment_lives import TooManyDeploymentsError


@contextmanager
def deployment_errors() -> Iterator[None]:
    """Raises RangeTooLargeError."""
    try:
        yield
    except calendar.RangeTooLargeError as error:
        raise RangeTooLargeError(f"{error}.", field=("interval",)) from None
    except TooManyDeploymentsError as error:
        raise RangeTooLargeError(f"{error}.", field=("range",)) from None

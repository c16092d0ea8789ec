"""What several fields take: ranges of time, bounds, directions."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import strawberry

from graph.errors import BadInputError
from graph.scalars import BigInt
from projections import router_usage
from projections.history_matching import Bounds

UTC = ZoneInfo("UTC")
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

Given = TypeVar("Given")


def given(value: Given | None) -> Given | None:
    """`value`, or null where it was left out: to leave out a filter and to give null for it means the same."""
    return None if value is strawberry.UNSET else value


@strawberry.enum(description="Which way an order goes. What is unknown comes last, either way.")
class Direction(Enum):
    ASC = strawberry.enum_value("asc", description="Smallest, earliest or first by name at the top.")
    DESC = strawberry.enum_value("desc", description="Largest, latest or last by name at the top.")


@strawberry.enum(description="The way in which a request was served.")
class Channel(Enum):
    ROUTER = strawberry.enum_value("router", description="Through the router: serverless, paid by token.")
    DEPLOYMENT = strawberry.enum_value("deployment", description="By a deployment of the account's own: paid by GPU time.")


@strawberry.input(description="The half-open interval [from, to): what happens at `from` is in it, what happens at `to` is not.")
class TimeRange:
    from_: datetime = strawberry.field(name="from", description="Where it begins, 1970 or later.")
    to: datetime = strawberry.field(description="Where it ends, up to the year 2200; after `from`.")

    def checked(self, *path: str) -> router_usage.Range:
        """The range. Raises BadInputError that names the field at fault, below `path`."""
        for name, instant in (("from", self.from_), ("to", self.to)):
            if not EARLIEST <= instant <= LATEST:
                raise BadInputError(f"{'.'.join((*path, name))} must lie in the years 1970 to 2200.", field=(*path, name))
        if self.from_ >= self.to:
            where = ".".join(path)
            raise BadInputError(f"{where}.from must be before {where}.to: the range is [from, to).", field=(*path, "from"))
        return router_usage.Range(self.from_, self.to)


@strawberry.input(description="Whole numbers between two bounds, both included. What is unknown lies in no bounds.")
class BigIntRange:
    min: BigInt | None = strawberry.field(default=strawberry.UNSET, description="The smallest; open where absent.")
    max: BigInt | None = strawberry.field(default=strawberry.UNSET, description="The largest; open where absent.")


@strawberry.input(description="Numbers between two bounds, both included. What is unknown lies in no bounds.")
class FloatRange:
    min: float | None = strawberry.field(default=strawberry.UNSET, description="The smallest; open where absent.")
    max: float | None = strawberry.field(default=strawberry.UNSET, description="The largest; open where absent.")


@strawberry.input(description="Exact amounts between two bounds, both included. What is unknown lies in no bounds.")
class DecimalRange:
    min: Decimal | None = strawberry.field(default=strawberry.UNSET, description="The smallest; open where absent.")
    max: Decimal | None = strawberry.field(default=strawberry.UNSET, description="The largest; open where absent.")


def bounds(range: BigIntRange | FloatRange | DecimalRange | None) -> Bounds | None:
    """The bounds that were given; null where there are none."""
    range = given(range)
    return None if range is None else Bounds(given(range.min), given(range.max))


First = Annotated[int, strawberry.argument(description="How many: the size of the page, from 0 to 1,000 (MAX_PAGE_SIZE).")]
After = Annotated[
    str | None, strawberry.argument(description="The cursor that the page begins after; the beginning of the list where absent.")
]
Range = Annotated[TimeRange, strawberry.argument(description="The time that is asked about, [from, to).")]
Zone = Annotated[ZoneInfo, strawberry.argument(description="The time zone whose clock and calendar the buckets follow.")]

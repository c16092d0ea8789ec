"""What questions about router usage can be asked by: intervals, dimensions, measures, filters."""

from enum import Enum

import strawberry

from graph.inputs import Direction, given
from projections import router_usage


@strawberry.enum(description="The width of a bucket. Days, weeks and months are those of the time zone.")
class Interval(Enum):
    QUARTER_HOUR = strawberry.enum_value("quarter_hour", description="Fifteen minutes.")
    HOUR = strawberry.enum_value("hour", description="An hour of the time zone's clock; the two hours of a fall-back are distinct.")
    DAY = strawberry.enum_value("day", description="A local day, from its first instant: 23 to 25 hours.")
    WEEK = strawberry.enum_value("week", description="An ISO week, from Monday.")
    MONTH = strawberry.enum_value("month", description="A calendar month.")


@strawberry.enum(description="What buckets can be grouped by.")
class RouterDimension(Enum):
    MODEL = strawberry.enum_value("model", description="The model that was asked for.")
    API_KEY = strawberry.enum_value("api_key", description="The API key that the request was made with.")
    PROVIDER = strawberry.enum_value("provider", description="Who served the request.")


@strawberry.enum(description="What a peak can be the peak of.")
class RouterMeasure(Enum):
    REQUESTS = strawberry.enum_value("requests", description="The number of requests.")
    TOTAL_TOKENS = strawberry.enum_value("total_tokens", description="The number of tokens, in and out.")
    TOTAL_FEE = strawberry.enum_value("total_fee", description="The fee, as far as it is known.")
    ERROR_COUNT = strawberry.enum_value("error_count", description="The number of requests that failed.")
    AVERAGE_LATENCY = strawberry.enum_value("average_latency", description="The mean latency of the requests that have one.")


@strawberry.enum(description="What buckets can be ordered by. Equals are ordered by time, then by group.")
class RouterOrderField(Enum):
    TIME = strawberry.enum_value("time", description="The start of the bucket.")
    REQUESTS = strawberry.enum_value("requests", description="The number of requests.")
    TOTAL_TOKENS = strawberry.enum_value("total_tokens", description="The number of tokens, in and out.")
    TOTAL_FEE = strawberry.enum_value("total_fee", description="The fee, as far as it is known.")
    ERROR_COUNT = strawberry.enum_value("error_count", description="The number of requests that failed.")
    AVERAGE_LATENCY = strawberry.enum_value("average_latency", description="The mean latency of the requests that have one.")


@strawberry.input(description="The order of buckets.")
class RouterOrder:
    field: RouterOrderField = strawberry.field(description="What they are ordered by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which requests count. A list that is absent does not filter; an empty one selects nothing.")
class RouterFilter:
    models: list[str] | None = strawberry.field(default=strawberry.UNSET, description="Only requests to these models.")
    providers: list[str | None] | None = strawberry.field(
        default=strawberry.UNSET, description="Only requests served by these providers; a null selects requests without one."
    )
    api_keys: list[strawberry.ID | None] | None = strawberry.field(
        default=strawberry.UNSET, description="Only requests made with the API keys of these ids; a null selects requests without one."
    )


def router_filter(filter: RouterFilter | None) -> router_usage.RouterFilter:
    """The filter as the read models take it."""
    filter = given(filter)
    if filter is None:
        return router_usage.RouterFilter()
    return router_usage.RouterFilter(given(filter.models), given(filter.providers), given(filter.api_keys))

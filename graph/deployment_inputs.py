"""What questions about deployments can be asked by: filters and orders."""

from enum import Enum

import strawberry

from domain import phases
from graph.deployment import TYPES, DeploymentStatus, DeploymentType
from graph.inputs import Direction, given
from projections import deployment_usage

KINDS = {type: kind for kind, type in TYPES.items()}


@strawberry.enum(description="What the table of deployments can be ordered by. Equals are ordered by key.")
class DeploymentOrderField(Enum):
    NAME = strawberry.enum_value("name", description="The name, by the code points of its letters: capitals come first.")
    REQUESTS = strawberry.enum_value("requests", description="The number of requests.")
    TOKENS = strawberry.enum_value("tokens", description="The number of tokens, in and out.")
    DURATION = strawberry.enum_value("duration", description="How long it ran in the range.")
    GPU_HOURS = strawberry.enum_value("gpu_hours", description="The GPU hours that were allocated in the range.")
    FEE = strawberry.enum_value("fee", description="The fee, as far as it is known.")
    CREATED_AT = strawberry.enum_value("created_at", description="When it was created.")


@strawberry.input(description="The order of the table of deployments.")
class DeploymentOrder:
    field: DeploymentOrderField = strawberry.field(description="What it is ordered by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(
    description="Which deployments count. They match every filter that is given. A list that is absent does not filter; an empty one"
    " selects nothing."
)
class DeploymentFilter:
    types: list[DeploymentType] | None = strawberry.field(default=strawberry.UNSET, description="Only those of these types.")
    models: list[str] | None = strawberry.field(default=strawberry.UNSET, description="Only those that serve or make these models.")
    statuses: list[DeploymentStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="Only those that have one of these statuses now, whatever the range."
    )
    name_contains: str | None = strawberry.field(
        default=strawberry.UNSET, description="Only those with this in their name, in capitals or not."
    )


def deployment_filter(filter: DeploymentFilter | None) -> deployment_usage.DeploymentFilter:
    """The filter as the read models take it."""
    filter = given(filter)
    if filter is None:
        return deployment_usage.DeploymentFilter()
    types, statuses = given(filter.types), given(filter.statuses)
    return deployment_usage.DeploymentFilter(
        kinds=None if types is None else [KINDS[each] for each in types],
        models=given(filter.models),
        statuses=None if statuses is None else [phases.Status[each.name] for each in statuses],
        name_contains=given(filter.name_contains),
    )

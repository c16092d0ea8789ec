"""Every type of event, by the topic that is stored with it."""

from domain.corrections import RequestCorrected, RequestVoided
from domain.deployment_events import (
    DeploymentCreated,
    DeploymentFailed,
    DeploymentScaled,
    DeploymentStarted,
    DeploymentStopped,
    DeploymentSucceeded,
)
from domain.events import RequestCompleted, UsageEvent
from domain.price_events import GpuPriceSet, PriceSet, RatingRenewed

EVENT_TYPES: dict[str, type[UsageEvent]] = {
    each.TOPIC: each
    for each in (
        RequestCompleted,
        RequestCorrected,
        RequestVoided,
        DeploymentCreated,
        DeploymentStarted,
        DeploymentScaled,
        DeploymentStopped,
        DeploymentSucceeded,
        DeploymentFailed,
        PriceSet,
        GpuPriceSet,
        RatingRenewed,
    )
}

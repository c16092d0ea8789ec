"""Steps in the life of deployments and fine-tunings become events of the domain."""

from decimal import Decimal

from domain.deployment_events import (
    DeploymentCreated,
    DeploymentEvent,
    DeploymentFailed,
    DeploymentScaled,
    DeploymentStarted,
    DeploymentStopped,
    DeploymentSucceeded,
)
from ingest.checks import message, micro_gpus
from ingest.reports import (
    DeploymentCreatedReport,
    DeploymentFailedReport,
    DeploymentReport,
    DeploymentScaledReport,
    DeploymentStartedReport,
    DeploymentStoppedReport,
)


def deployment_event(report: DeploymentReport, account: str, occurred_at: int, original: bytes | None) -> DeploymentEvent:
    """What happened to a deployment. Raises UnacceptableError."""
    named = (account, report.source, report.id, occurred_at, report.data.deployment)
    match report:
        case DeploymentCreatedReport(data=data):
            described = {"name": data.name or None, "kind": data.kind or "deployment", "model": data.model or None}
            gpus, gpu_type = _allocated(data.gpus), data.gpu_type or None
            return DeploymentCreated(*named, gpus=gpus, gpu_type=gpu_type, original=original, **described)
        case DeploymentStartedReport(data=data):
            return DeploymentStarted(*named, gpus=_allocated(data.gpus), original=original)
        case DeploymentScaledReport(data=data):
            return DeploymentScaled(*named, gpus=micro_gpus(data.gpus, least=0), original=original)
        case DeploymentStoppedReport():
            return DeploymentStopped(*named, original=original)
        case DeploymentFailedReport(data=data):
            return DeploymentFailed(*named, error_message=message(data.error_message), original=original)
        case _:
            return DeploymentSucceeded(*named, original=original)


def _allocated(gpus: Decimal | None) -> int | None:
    return None if gpus is None else micro_gpus(gpus, least=1)

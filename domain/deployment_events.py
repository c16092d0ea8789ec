"""The life of a deployment or a fine-tuning, as it is told: one lifecycle for both.

Each event is a stream of its own, named by its source and id alone: told again with another time, it is a conflict and not another event.
"""

from typing import ClassVar

from domain.events import UsageEvent
from domain.names import event_originator_id

MICRO = 1_000_000  # micro-GPUs in a GPU: allocations are whole numbers of them


class DeploymentEvent(UsageEvent, frozen=True, array_like=True, gc=False):
    """What happened to a deployment. Which fields are told depends on the type; null is not told."""

    RANK: ClassVar[int] = 0  # Orders events of one instant.

    deployment: str  # its key within the account
    gpus: int | None = None  # micro-GPUs
    name: str | None = None
    kind: str | None = None  # deployment or fine_tuning
    model: str | None = None
    gpu_type: str | None = None
    error_message: str | None = None
    original: bytes | None = None  # the report as it came, where it said more than these fields hold

    @property
    def originator_id(self) -> bytes:
        """The 16 bytes of the stream that this event is."""
        return event_originator_id(self.account, self.source, self.id)


class DeploymentCreated(DeploymentEvent, frozen=True, array_like=True, gc=False):
    """It exists; nothing runs."""

    TOPIC: ClassVar[str] = "deployment.created"
    RANK: ClassVar[int] = 1


class DeploymentStarted(DeploymentEvent, frozen=True, array_like=True, gc=False):
    """GPUs are allocated from this instant on."""

    TOPIC: ClassVar[str] = "deployment.started"
    RANK: ClassVar[int] = 2


class DeploymentScaled(DeploymentEvent, frozen=True, array_like=True, gc=False):
    """The allocation changes, perhaps to nothing."""

    TOPIC: ClassVar[str] = "deployment.scaled"
    RANK: ClassVar[int] = 3


class DeploymentStopped(DeploymentEvent, frozen=True, array_like=True, gc=False):
    """The allocation ends; it may start again."""

    TOPIC: ClassVar[str] = "deployment.stopped"
    RANK: ClassVar[int] = 4


class DeploymentSucceeded(DeploymentEvent, frozen=True, array_like=True, gc=False):
    """It ends for good, as it should."""

    TOPIC: ClassVar[str] = "deployment.succeeded"
    RANK: ClassVar[int] = 5


class DeploymentFailed(DeploymentEvent, frozen=True, array_like=True, gc=False):
    """It ends for good, and not as it should."""

    TOPIC: ClassVar[str] = "deployment.failed"
    RANK: ClassVar[int] = 6

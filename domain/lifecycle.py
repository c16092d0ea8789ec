"""A life out of its events: what a deployment or a fine-tuning is, what it did when, and which reports contradict that.

The order of arrival changes nothing: events are read in the order in which they happened, those of one instant by their rank (created,
started, scaled, stopped, succeeded, failed), then by source and id. No event is refused: one that cannot have been so is listed.
"""

from collections.abc import Iterable
from typing import NamedTuple

from domain.deployment_events import (
    DeploymentCreated,
    DeploymentEvent,
    DeploymentFailed,
    DeploymentScaled,
    DeploymentStarted,
    DeploymentStopped,
    DeploymentSucceeded,
)
from domain.phases import Phase, Status

DEPLOYMENT = "deployment"
FINE_TUNING = "fine_tuning"


class Contradiction(NamedTuple):
    """An event that cannot have been so, and how it is read."""

    source: str
    id: str
    occurred_at: int  # microseconds since 1970
    type: str
    sentence: str


class Life(NamedTuple):
    """Everything that was told of one deployment. Instants are microseconds since 1970; null is never told."""

    name: str | None
    kind: str  # DEPLOYMENT or FINE_TUNING
    model: str | None
    gpu_type: str | None
    gpus: int | None  # micro-GPUs that its creation tells
    created_at: int | None
    started_at: int | None  # first
    ended_at: int | None  # succeeded or failed
    phases: tuple[Phase, ...]
    contradictions: tuple[Contradiction, ...]


def fold(events: Iterable[DeploymentEvent]) -> Life:
    """The life behind the events of one deployment, each given once."""
    ordered = sorted(events, key=lambda event: (event.occurred_at, event.RANK, event.source, event.id))
    created = next((event for event in ordered if isinstance(event, DeploymentCreated)), None)
    reading = _Reading(created)
    for event in ordered:
        reading.read(event)
    return Life(
        name=created.name if created else None,
        kind=(created.kind if created else None) or DEPLOYMENT,
        model=created.model if created else None,
        gpu_type=created.gpu_type if created else None,
        gpus=created.gpus if created else None,
        created_at=created.occurred_at if created else None,
        started_at=reading.started_at,
        ended_at=reading.ended_at,
        phases=_phases(reading.turns),
        contradictions=tuple(reading.contradictions),
    )


_Turn = tuple[int, Status, int | None]
"""From this instant on, this status and this allocation."""


class _Reading:
    """Where a life has got to, event by event. Each reader returns the sentence of a contradiction, or null."""

    def __init__(self, created: DeploymentCreated | None) -> None:
        self.created = created
        self.told = created.gpus if created else None  # A creation describes, whenever it is dated: also a start before it.
        self.status: Status | None = None
        self.started_at: int | None = None
        self.ended_at: int | None = None
        self.turns: list[_Turn] = []
        self.contradictions: list[Contradiction] = []

    def read(self, event: DeploymentEvent) -> None:
        sentence = self._sentence(event)
        if sentence is not None:
            self.contradictions.append(Contradiction(event.source, event.id, event.occurred_at, event.TOPIC, sentence))

    def _sentence(self, event: DeploymentEvent) -> str | None:
        if isinstance(event, DeploymentCreated):
            return self._created(event)
        if self.ended_at is not None:
            return f"It is told of after the deployment had {self.status}, which is for good: it is ignored."
        match event:
            case DeploymentStarted():
                return self._started(event)
            case DeploymentScaled():
                return self._scaled(event)
            case DeploymentStopped():
                return self._stopped(event)
            case _:
                return self._ended(event)

    def _created(self, event: DeploymentCreated) -> str | None:
        if event is not self.created:
            return "The deployment was created before: that creation stands, and this one is ignored."
        if event.gpus is not None:
            self.told = event.gpus
        if self.status is None:
            self._turn(event, Status.PENDING, 0)
            return None
        return "It is dated after other events of the deployment: it describes it, and they stand."

    def _started(self, event: DeploymentStarted) -> str | None:
        if self.status == Status.RUNNING:
            if event.gpus is None:
                return "The deployment ran already: it is ignored."
            self._allocate(event, event.gpus)
            return "The deployment ran already: it is read as a scaling."
        if self.started_at is None:
            self.started_at = event.occurred_at
        self._allocate(event, self.told if event.gpus is None else event.gpus)
        if self.told is None:
            return "It tells no number of GPUs, nor did anything before it: the duration counts, GPU time and fee are unknown."
        return None

    def _scaled(self, event: DeploymentScaled) -> str | None:
        if self.status != Status.RUNNING:
            return "The deployment did not run: it is ignored."
        if event.gpus is None:
            return "It tells no number of GPUs: it is ignored."
        self._allocate(event, event.gpus)
        return None

    def _stopped(self, event: DeploymentStopped) -> str | None:
        if self.status != Status.RUNNING:
            return "The deployment did not run: it is ignored."
        self._turn(event, Status.STOPPED, 0)
        return None

    def _ended(self, event: DeploymentEvent) -> None:
        assert isinstance(event, DeploymentSucceeded | DeploymentFailed)
        self.ended_at = event.occurred_at
        self._turn(event, Status.SUCCEEDED if isinstance(event, DeploymentSucceeded) else Status.FAILED, 0)

    def _allocate(self, event: DeploymentEvent, gpus: int | None) -> None:
        self.told = gpus
        self._turn(event, Status.RUNNING, gpus)

    def _turn(self, event: DeploymentEvent, status: Status, gpus: int | None) -> None:
        self.status = status
        self.turns.append((event.occurred_at, status, gpus))


def _phases(turns: list[_Turn]) -> tuple[Phase, ...]:
    """Stretches between turns. Of the turns of one instant the last holds; one that changes nothing is none."""
    last_of_instant = {start: (status, gpus) for start, status, gpus in turns}
    kept: list[_Turn] = []
    for start, (status, gpus) in last_of_instant.items():
        if not kept or kept[-1][1:] != (status, gpus):
            kept.append((start, status, gpus))
    ends = [start for start, _, _ in kept[1:]]
    return tuple(Phase(start, end, status, gpus) for (start, status, gpus), end in zip(kept, [*ends, None], strict=False))

"""The same for deployments: lives out of their events, and quarter-hours, hours and days of the requests that they served."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.deployment_events import DeploymentEvent
from domain.events import EPOCH, RequestCompleted
from domain.lifecycle import fold
from domain.names import account_id

GRAINS = (900, 3600, 86_400)
Row = tuple[Any, ...]
Name = tuple[UUID, str]


class Deployments:
    """What was told of each, and when its buckets were last changed."""

    def __init__(self) -> None:
        self.told: defaultdict[Name, list[tuple[int, DeploymentEvent]]] = defaultdict(list)
        self.touched: defaultdict[Row, int] = defaultdict(int)

    def take(self, position: int, event: DeploymentEvent) -> None:
        """The next event of a life."""
        self.told[account_id(event.account), event.deployment].append((position, event))

    def touch(self, position: int, request: RequestCompleted) -> None:
        """Note that a request has come or gone."""
        for bucket in buckets_of(request):
            self.touched[bucket] = max(self.touched[bucket], position)

    def rows(self, standing: Iterable[RequestCompleted]) -> dict[str, list[Row]]:
        """The rows of every table. `standing` are the requests that count."""
        tables: dict[str, list[Row]] = {"deployments": [], "deployment_events": [], "deployment_phases": []}
        for name, told in self.told.items():
            life = fold(event for _, event in told)
            position, known_from = max(position for position, _ in told), min(event.occurred_at for _, event in told)
            described = (life.name, life.kind, life.model, life.gpu_type, life.gpus, life.created_at, life.started_at, life.ended_at)
            tables["deployments"].append((*name, position, known_from, *described))
            tables["deployment_phases"] += [(*name, phase.start, phase.end, phase.status.value, phase.gpus) for phase in life.phases]
            sentences = {(each.source, each.id): each.sentence for each in life.contradictions}
            tables["deployment_events"] += [
                (*name, position, event.occurred_at, event.RANK, event.source, event.id, event.gpus, event.name, event.kind, event.model,
                 event.gpu_type, sentences.get((event.source, event.id)))
                for position, event in told
            ]  # fmt: skip
        return tables | {"deployment_buckets": self._buckets(standing)}

    def _buckets(self, standing: Iterable[RequestCompleted]) -> list[Row]:
        sums: defaultdict[Row, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for request in standing:
            sides = [side for side in (request.input, request.output) if side is not None]
            tokens = sum(quantity for side in sides for _, unit, quantity in side if unit == "token")
            one = (1, tokens, request.usage_source == "estimated", not sides)
            for bucket in buckets_of(request):
                sums[bucket] = [a + b for a, b in zip(sums[bucket], one, strict=True)]
        return [(*bucket, requests, Decimal(tokens), *others, self.touched[bucket]) for bucket, (requests, tokens, *others) in sums.items()]


def buckets_of(request: RequestCompleted) -> Iterator[Row]:
    """Those of a request that a deployment served."""
    if request.channel == "deployment" and request.deployment is not None:
        for grain in GRAINS:
            start = EPOCH + (request.time - EPOCH) // timedelta(seconds=grain) * timedelta(seconds=grain)
            yield account_id(request.account), grain, start, request.deployment

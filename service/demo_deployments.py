"""What the sample account runs on GPUs of its own: deployments that grow, rest, fail and end, and fine-tunings."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import Any

from domain.notation import instant
from service.demo_requests import DAYS, SEED, Model, Told, busy, cloudevent, outcome

SOURCE = "sample/control-plane"
Step = tuple[float, str, float | None]
"""How many days into the sample, what happened, and to how many GPUs."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment or a fine-tuning, what happens to it, and how much it is asked."""

    key: str
    name: str
    model: Model
    gpu_type: str
    gpus: float
    steps: tuple[Step, ...]
    kind: str = "deployment"
    requests_per_day: int = 0
    works_in_the_daytime: bool = False
    error: str | None = None  # why it failed


DEPLOYMENTS = (
    Deployment(
        "chat-prod",
        "Chat, production",
        Model("llama-3.1-8b", None, None, "LLM", "chat", 0, 1800, 210, 8.0),
        "L4",
        1,
        (
            (1.375, "created", None),
            (1.39, "started", None),
            (30.33, "scaled", 2),
            (47.8, "scaled", 1),
            (66.33, "scaled", 2),
            (76.33, "scaled", 3),
            (78.8, "scaled", 1),
            (86.33, "scaled", 2),
        ),
        requests_per_day=60,
    ),
    Deployment(
        "embeddings",
        "Search embeddings",
        Model("bge-m3", None, None, "Embedding", "embedding", 0, 350, 0, 0.0),
        "L4",
        0.5,
        ((12.4, "created", None), (12.41, "started", None), (70.75, "stopped", None), (76.3, "started", 1)),
        requests_per_day=40,
    ),
    Deployment(
        "code-assist",
        "Coding assistant",
        Model("qwen-2.5-coder-32b", None, None, "LLM", "completion", 0, 3400, 160, 7.0),
        "A100",
        1,
        ((36.35, "created", None),),
        requests_per_day=30,
        works_in_the_daytime=True,
    ),
    Deployment(
        "assistant-v1",
        "Assistant, first version",
        Model("mistral-7b", None, None, "LLM", "chat", 0, 900, 180, 10.0),
        "L4",
        1,
        (
            (0.3, "created", None),
            (0.32, "started", None),
            (20.7, "stopped", None),
            (24.3, "started", None),
            (58.7, "stopped", None),
            (58.71, "succeeded", None),
        ),
        requests_per_day=20,
    ),
    Deployment(
        "summaries",
        "Summaries of tickets",
        Model("qwen-2.5-14b", None, None, "LLM", "chat", 0, 5200, 260, 8.0),
        "A100",
        0.5,
        ((52.4, "created", None), (52.42, "started", None), (74.7, "stopped", None)),
        requests_per_day=20,
    ),
    Deployment(
        "captions",
        "Image captions, trial",
        Model("pixtral-12b", None, None, "LLM", "chat", 0, 0, 0, 0.0),
        "L4",
        1,
        ((79.4, "created", None), (79.42, "started", None), (79.47, "failed", None)),
        error="CUDA out of memory: the model does not fit on 1 GPU",
    ),
    Deployment(
        "voice",
        "Voice answers",
        Model("whisper-large-v3", None, None, "ASR", "transcription", 0, 0, 0, 0.0),
        "L4",
        1,
        ((89.6, "created", None),),
    ),
    Deployment(
        "support-tuning",
        "Support answers, tuned",
        Model("llama-3.1-8b", None, None, "LLM", "chat", 0, 0, 0, 0.0),
        "H100",
        4,
        ((24.54, "created", None), (24.55, "started", None), (24.94, "succeeded", None)),
        kind="fine_tuning",
    ),
    Deployment(
        "support-tuning-2",
        "Support answers, tuned again",
        Model("llama-3.1-8b", None, None, "LLM", "chat", 0, 0, 0, 0.0),
        "H100",
        4,
        ((44.5, "created", None), (44.51, "started", None), (44.87, "succeeded", None)),
        kind="fine_tuning",
    ),
    Deployment(
        "tone-tuning",
        "Tone of voice",
        Model("llama-3.1-8b", None, None, "LLM", "chat", 0, 0, 0, 0.0),
        "H100",
        4,
        ((68.5, "created", None), (68.51, "started", None), (68.83, "succeeded", None)),
        kind="fine_tuning",
    ),
    Deployment(
        "code-tuning",
        "Our code, first attempt",
        Model("qwen-2.5-coder-32b", None, None, "LLM", "completion", 0, 0, 0, 0.0),
        "H100",
        8,
        ((72.44, "created", None), (72.45, "started", None), (72.53, "failed", None)),
        kind="fine_tuning",
        error="The loss became infinite at step 1,200",
    ),
    Deployment(
        "code-tuning-2",
        "Our code",
        Model("qwen-2.5-coder-32b", None, None, "LLM", "completion", 0, 0, 0, 0.0),
        "H100",
        8,
        ((73.4, "created", None), (73.41, "started", None), (73.73, "succeeded", None)),
        kind="fine_tuning",
    ),
)
DAYTIME = (8, 19)  # hours, on weekdays


def deployments(first: datetime) -> Iterator[Told]:
    """Their lives and requests in the time that begins with the day `first`, in the order of their time."""
    yield from merge(*(merge(_life(each, first), _requests(each, first), key=itemgetter(0)) for each in DEPLOYMENTS), key=itemgetter(0))


def _steps(deployment: Deployment, first: datetime) -> Iterator[tuple[datetime, str, float | None]]:
    for days, what, gpus in deployment.steps:
        yield first + timedelta(minutes=round(days * 24 * 60)), what, gpus
    if deployment.works_in_the_daytime:
        created = first + timedelta(days=deployment.steps[0][0])
        for day in range(DAYS):
            start, end = (first + timedelta(days=day, hours=hour) for hour in DAYTIME)
            if start > created and start.weekday() < 5:
                yield start, "started", None
                yield end, "stopped", None


def _life(deployment: Deployment, first: datetime) -> Iterator[Told]:
    for number, (time, what, gpus) in enumerate(_steps(deployment, first)):
        data: dict[str, Any] = {"deployment": deployment.key}
        if what == "created":
            described = {"name": deployment.name, "kind": deployment.kind, "model": deployment.model.name}
            data |= {**described, "gpu_type": deployment.gpu_type, "gpus": deployment.gpus}
        elif gpus is not None:
            data["gpus"] = gpus
        elif what == "failed":
            data["error_message"] = deployment.error
        id = f"{deployment.key}-{first:%Y%m%d}-{number:03}"
        event = {"specversion": "1.0", "type": f"deployment.{what}", "source": SOURCE, "id": id, "time": instant(time), "data": data}
        yield time, event


def _requests(deployment: Deployment, first: datetime) -> Iterator[Told]:
    """While it runs."""
    chance = random.Random(f"{SEED} {deployment.key}")  # noqa: S311 - sample data
    changes = [(time, what in ("started", "scaled")) for time, what, _ in _steps(deployment, first)]
    number = 0
    for day in range(DAYS):
        for time in busy(chance, first, day, deployment.requests_per_day):
            number += 1
            data = {"channel": "deployment", "deployment": deployment.key, **outcome(chance, deployment.model, time, day)}
            if next((runs for changed, runs in reversed(changes) if changed <= time), False):
                yield time, cloudevent(f"sample/{deployment.key}", number, time, data)

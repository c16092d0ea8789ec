"""The lives of 7,064 GPU pods, folded: every figure that independent sums say comes out."""

import gzip
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from benchmarks.traces import data, totals
from domain.deployment_events import MICRO, DeploymentEvent
from domain.event_types import EVENT_TYPES
from domain.events import microseconds
from domain.gpu_prices import UNPRICED
from domain.gpu_time import gpu_hours, gpu_seconds, gpu_time
from domain.gpu_usage import GpuSeries, gpu_usage
from domain.lifecycle import Life, fold
from domain.phases import Status, status_at
from tests.real_input.present import needed

needed("traces", data())

FAR = microseconds(datetime(2100, 1, 1, tzinfo=UTC))


def parse(line: bytes) -> DeploymentEvent:
    event = json.loads(line, parse_float=Decimal)
    data = event["data"]
    micro_gpus = data["gpus"] * MICRO if "gpus" in data else None
    assert micro_gpus is None or micro_gpus == int(micro_gpus)
    cls = EVENT_TYPES[event["type"]]
    assert issubclass(cls, DeploymentEvent)
    return cls(
        account=event["subject"],
        source=event["source"],
        id=event["id"],
        occurred_at=instant(event["time"]),
        deployment=data["deployment"],
        gpus=None if micro_gpus is None else int(micro_gpus),
        **{name: data[name] for name in ("name", "kind", "model", "gpu_type") if name in data},
    )


def instant(text: str) -> int:
    return microseconds(datetime.fromisoformat(text))


@pytest.fixture(scope="module")
def events() -> dict[str, list[DeploymentEvent]]:
    found = defaultdict(list)
    with gzip.open(data() / "deployments" / "openb.ndjson.gz") as file:
        for event in map(parse, file):
            found[event.deployment].append(event)
    return found


@pytest.fixture(scope="module")
def lives(events: dict[str, list[DeploymentEvent]]) -> list[Life]:
    return [fold(each) for each in events.values()]


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return totals("openb")


def test_lives_end_as_the_source_has_them(events, lives, expected):
    now = instant(expected["ranges"]["trace"]["to"])
    statuses = Counter(status_at(life.phases, now) for life in lives)
    assert (len(lives), sum(map(len, events.values()))) == (expected["deployments"], expected["events"])
    assert statuses == {
        Status.PENDING: expected["never_started"],
        Status.RUNNING: expected["running_at_the_end"],
        Status.STOPPED: expected["stopped"],
        Status.SUCCEEDED: expected["succeeded"],
        Status.FAILED: expected["failed"],
    }
    assert sum(life.gpus is not None and life.gpus % MICRO != 0 for life in lives) == expected["with_fractional_gpus"]
    assert [life.contradictions for life in lives if life.contradictions] == []


@pytest.mark.parametrize("name", ["trace", "150 days", "clipped"])
def test_gpu_time_of_a_range_is_that_of_the_source(name, lives, expected):
    figures = expected["ranges"][name]
    start, end = instant(figures["from"]), instant(figures["to"])
    time = sum(gpu_time(life.phases, start, end, FAR) for life in lives)
    assert (gpu_seconds(time), gpu_hours(time)) == (Decimal(figures["gpu_seconds"]), Decimal(figures["gpu_hours"]))
    # Its GPU types are unknown, so all of it is unpriced.
    used = [gpu_usage(life.phases, UNPRICED, start, end, FAR) for life in lives]
    assert sum(each.unpriced for each in used) == sum(each.gpu_time for each in used) == time


def test_gpu_time_of_each_day_is_that_of_the_source(lives, expected):
    # Given the trace's last second as now
    now = instant(expected["ranges"]["trace"]["to"])
    days = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in expected["days"]]
    edges = [microseconds(day) for day in [*days, days[-1] + timedelta(days=1)]]
    series = GpuSeries(edges, now)
    for life in lives:
        series.add(life.phases, UNPRICED)
    found = [bucket.gpu_time for bucket in series.buckets()]
    assert [(gpu_seconds(each), gpu_hours(each)) for each in found] == [
        (Decimal(day["gpu_seconds"]), Decimal(day["gpu_hours"])) for day in expected["days"].values()
    ]
    assert [sum(gpu_time(life.phases, start, end, now) for life in lives) for start, end in pairwise(edges)] == found
    assert gpu_seconds(sum(found)) == Decimal(expected["ranges"]["trace"]["gpu_seconds"])


def test_the_order_of_arrival_changes_no_life(events, lives):
    random = Random(7)
    assert [fold(random.sample(each, len(each))) for each in events.values()] == lives

"""The life of deployments as it is told: what is kept, what is refused of it, and what makes two events the same."""

from typing import Any

import msgspec
import pytest

from domain import limits
from domain.deployment_events import DeploymentCreated, DeploymentEvent
from domain.event_types import EVENT_TYPES
from domain.events import microseconds
from ledger.shapes import DIGEST, to_state
from tests.events import at
from tests.ingest.sending import logged, post
from tests.ingest.test_checks import refusal
from tests.told import GATEWAY, heard, told

TYPES = [type for type in EVENT_TYPES if type.startswith("deployment.")]
WITH_GPUS = ("deployment.created", "deployment.started", "deployment.scaled")


def life(type: str, **data: Any) -> DeploymentEvent:
    event = heard(told(type, **data))
    assert isinstance(event, DeploymentEvent)
    return event


def refused(event: dict[str, Any]) -> tuple[str | None, str]:
    return refusal(msgspec.json.encode(event), GATEWAY)


# ---------------------------------------------------------------- what is kept
def test_every_field_of_a_creation_is_kept():
    named = ("acme", "control-plane", "1", microseconds(at("14:03:07.12")))
    assert life("deployment.created", kind="fine_tuning") == DeploymentCreated(
        *named, "gpu-1", 2_000_000, "Chat", "fine_tuning", "llama", "H100"
    )


def test_what_a_creation_does_not_tell_is_unknown_and_its_kind_a_deployment():
    for unsaid in ({}, dict.fromkeys(("name", "kind", "model", "gpu_type", "gpus")), {"name": "", "model": "", "gpu_type": ""}):
        without = tuple(name for name in ("name", "kind", "model", "gpu_type", "gpus") if name not in unsaid)
        event = life("deployment.created", without=without, **unsaid)
        assert (event.name, event.kind, event.model, event.gpu_type, event.gpus) == (None, "deployment", None, None, None)


@pytest.mark.parametrize("type", TYPES)
def test_each_event_says_of_which_deployment_and_is_of_its_own_type(type):
    event = life(type)
    assert (event.TOPIC, event.deployment, event.account) == (type, "gpu-1", "acme")


def test_a_failure_says_why():
    assert life("deployment.failed").error_message == "Out of memory"
    assert life("deployment.failed", error_message="").error_message is None
    cut = life("deployment.failed", error_message="x" * 9000).error_message
    assert cut is not None
    assert (len(cut.encode()), cut.endswith(limits.CUT_MARK)) == (limits.MAX_ERROR_MESSAGE_BYTES, True)


@pytest.mark.parametrize("type", WITH_GPUS)
@pytest.mark.parametrize(("gpus", "micro"), [(1, 1_000_000), (0.5, 500_000), (1e-6, 1), (999_999.999999, 999_999_999_999), (10**6, 10**12)])
def test_gpus_are_kept_in_millionths(type, gpus, micro):
    assert life(type, gpus=gpus).gpus == micro


def test_a_deployment_can_be_scaled_to_nothing():
    assert life("deployment.scaled", gpus=0).gpus == 0


@pytest.mark.parametrize("type", TYPES)
def test_what_we_do_not_know_is_kept_and_changes_nothing(type):
    sent = told(type, region="eu", envelope={"traceparent": "00-4bf9"})
    event = life(type, region="eu")
    assert msgspec.json.decode(getattr(heard(sent), "original", b"")) == sent
    assert msgspec.structs.replace(event, original=None) == life(type)


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"deployment": ""}, "expected str of length >= 1"),
        ({"deployment": None}, "expected str, got null"),
        ({"deployment": 7}, "expected str, got int"),
        ({"deployment": "x" * 1025}, "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        ({"deployment": "a\0b"}, "holds a NUL character: leave it out"),
    ],
)
def test_each_event_has_to_say_of_which_deployment(type, data, reason):
    assert refused(told(type, **data)) == ("data.deployment", reason)
    assert refused(told(type, without=("deployment",))) == ("data.deployment", "is required")


@pytest.mark.parametrize("type", WITH_GPUS)
@pytest.mark.parametrize(
    ("gpus", "reason"),
    [
        (1_000_000.000001, "is not a number up to 1,000,000 (MAX_GPUS)"),
        ("Infinity", "is not a number up to 1,000,000 (MAX_GPUS)"),
        ("NaN", "is not a number up to 1,000,000 (MAX_GPUS)"),
        (1e-7, "1E-7 has more than six digits behind the point"),
        ("0.1234560000000000000000000000000000001", "0.1234560000000000000000000000000000001 has more than six digits behind the point"),
        (1.0000001, "1.0000001 has more than six digits behind the point"),
    ],
)
def test_gpus_are_a_number_within_its_bounds(type, gpus, reason):
    assert refused(told(type, gpus=gpus)) == ("data.gpus", reason)


@pytest.mark.parametrize(
    ("type", "gpus", "reason"),
    [
        ("deployment.created", 0, "0 is too few: give a number above 0"),
        ("deployment.started", 0, "0 is too few: give a number above 0"),
        ("deployment.started", -1, "-1 is too few: give a number above 0"),
        ("deployment.scaled", -0.5, "-0.5 is too few: give a number 0 or more"),
        ("deployment.scaled", None, "expected decimal, got null"),
    ],
)
def test_gpus_are_above_0_where_they_are_allocated(type, gpus, reason):
    assert refused(told(type, gpus=gpus)) == ("data.gpus", reason)


def test_scaling_says_to_how_many():
    assert refused(told("deployment.scaled", without=("gpus",))) == ("data.gpus", "is required")


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({"kind": "notebook"}, "data.kind", "invalid enum value 'notebook'"),
        ({"name": "x" * 1025}, "data.name", "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        ({"gpu_type": 100}, "data.gpu_type", "expected str | null, got int"),
    ],
)
def test_what_a_creation_describes_is_checked(data, field, reason):
    assert refused(told("deployment.created", **data)) == (field, reason)


# ---------------------------------------------------------------- once
@pytest.mark.parametrize(
    ("type", "first", "again"),
    [
        ("deployment.created", {"kind": None}, {"kind": "deployment"}),
        ("deployment.created", {"name": ""}, {"name": None}),
        ("deployment.started", {"gpus": 2}, {"gpus": 2.0}),
        ("deployment.started", {"gpus": 0.5}, {"gpus": "0.50"}),
        ("deployment.stopped", {}, {"region": "eu"}),
    ],
)
def test_another_notation_is_not_another_event(type, first, again):
    assert to_state(life(type, **first))[DIGEST] == to_state(life(type, **again))[DIGEST]


async def test_once_an_event_told_again_is_a_duplicate_and_its_name_with_another_time_or_type_a_conflict(client, ledger):
    started = told("deployment.started")
    others = [told("deployment.started", envelope={"time": "2026-04-21T15:00:00Z"}), told("deployment.stopped")]
    sent = [msgspec.json.encode(each) for each in (started, started, *others)]
    receipt = (await post(client, sent)).json()
    assert (receipt["recorded"], receipt["duplicates"], [each["index"] for each in receipt["conflicts"]]) == (1, 1, [2, 3])
    assert [event.TOPIC for event in logged(ledger)] == ["deployment.started"]

"""An event stored by any version of the code is read as what it said, and is known when it is sent again."""

import msgspec
import pytest

from domain.event_types import EVENT_TYPES
from domain.events import RequestCompleted, UsageEvent
from domain.names import request_originator_id
from ledger.application import Outcome
from ledger.shapes import FIELDS, READERS, same_content, to_state
from tests.events import at
from tests.ledger.stored import STORED, Stored, insert

FIRST, SECOND, SMALL = (each.event for each in STORED[:3])
TODAYS_DIGEST = 8  # the first append that has it
OLDER_NAMES = STORED[:1]  # whose identifier was made another way


def fields_of(stored: Stored) -> list[object]:
    return msgspec.msgpack.decode(bytes.fromhex(stored.state)[FIELDS:])


def test_bytes_of_every_shape_of_every_type_are_kept():
    kept = {(each.topic, bytes.fromhex(each.state)[0]) for each in STORED}
    wanted = {(topic, shape) for topic, event_type in EVENT_TYPES.items() for shape in range(1, event_type.SHAPE + 1)}
    assert kept >= wanted, f"add its bytes to stored_events.ndjson: {sorted(wanted - kept)}"
    assert all(bytes.fromhex(each.state)[0] == each.shape for each in STORED)


@pytest.mark.parametrize("topic", EVENT_TYPES)
def test_bytes_with_every_field_of_today_are_kept(topic: str):
    known = len(msgspec.structs.fields(EVENT_TYPES[topic]))
    kept = max(len(fields_of(each)) for each in STORED if each.topic == topic and each.shape == EVENT_TYPES[topic].SHAPE)
    assert kept == known, f"{topic} has a field more: add its bytes to stored_events.ndjson, and leave the others as they are"


def test_the_first_bytes_say_what_they_said():
    assert RequestCompleted("acme", "s", "1", 1776759000000000, "m") == SMALL
    assert isinstance(SECOND, RequestCompleted)
    assert SECOND.time == at("08:05:00.000007")
    assert (SECOND.input, SECOND.output) == ((("cached", "token", 1024), ("prompt", "token", 310)), (("completion", "token", 50),))
    assert (SECOND.ttft_ns, SECOND.latency_ns, SECOND.gateway_latency_ns) == (212_500_000, 1_840_000_000, 4_100_000)
    assert (SECOND.status_code, SECOND.error_message, SECOND.original) == (502, "späte Antwort", b'{"seed": 7}')
    assert (SECOND.service_tier, SECOND.deployment, SECOND.usage_source, SECOND.reported_cost) == ("flex", "gpu-1", "reported", "0.00125")


@pytest.mark.parametrize("stored", STORED, ids=lambda each: each.says)
def test_bytes_that_lack_fields_at_their_end_say_the_same(stored: Stored):
    """As a version writes them that knows fewer fields: none but nulls are left out."""
    fields = fields_of(stored)
    while fields[-1] is None:
        fields.pop()
        assert READERS[stored.topic](bytes.fromhex(stored.state)[:FIELDS] + msgspec.msgpack.encode(fields)) == stored.event


def test_once_whatever_wrote_it_an_event_that_is_sent_again_is_a_duplicate_and_with_another_content_a_conflict(ledger, database_url):
    insert(database_url)
    known = STORED[len(OLDER_NAMES) :]
    assert {*ledger.record([each.event for each in known]).outcomes} == {Outcome.DUPLICATE}
    other = [_another(each.event) for each in known]
    recording = ledger.record(other)
    assert {*recording.outcomes} == {Outcome.CONFLICT}
    assert [each.standing for each in recording.conflicts] == [bytes.fromhex(each.state) for each in known]


def test_identifiers_of_all_but_the_very_first_are_made_in_todays_way():
    for each in STORED[len(OLDER_NAMES) :]:
        assert (each.event.originator_id.hex(), each.event.originator_version) == (each.originator_id, each.originator_version)
    (first,) = OLDER_NAMES
    assert first.originator_id != request_originator_id(FIRST.account, FIRST.source, FIRST.id, FIRST.occurred_at).hex()


def test_todays_code_writes_content_that_the_newest_bytes_hold():
    for each in STORED:
        assert same_content(to_state(each.event), bytes.fromhex(each.state)) == (each.append >= TODAYS_DIGEST)


def _another(event: UsageEvent) -> UsageEvent:
    """The same name with another content."""
    text = next(name for name in ("model", "reason", "deployment", "gpu_type") if hasattr(event, name))
    if hasattr(event, "sheet"):
        text = "unit"
    return msgspec.structs.replace(event, **{text: "another"})

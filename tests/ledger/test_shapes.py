"""What was stored can be read for ever: bytes that older versions wrote are kept here, and more are added when a shape changes."""

from typing import ClassVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.event_types import EVENT_TYPES
from domain.events import RequestCompleted, Upcast, UsageEvent
from ledger.shapes import DIGEST, READERS, UsageEventMapper, _reader, same_content, to_state
from tests.events import at, instants, request_completed, requests

FULL = request_completed(
    at("14:03:07.12"), id="req_8f2", request_id="r-1", request_type="chat", model_version="2024-08-06", technology="LLM",
    service_tier="flex", deployment="gpu-1", input=(("cached", "token", 1024), ("prompt", "token", 310)), ttft_ns=212_500_000,
    gateway_latency_ns=4_100_000, error_message="späte Antwort", usage_source="estimated", reported_cost="0.00125", original=b'{"seed": 7}',
)  # fmt: skip
SMALL = RequestCompleted(account="acme", source="s", id="1", occurred_at=1, model="m")
CONTENT = {  # behind the shape and the digest
    "all that can be told": (
        FULL,
        (
            "dc0019a461636d65ab726f757465722f65752d31a77265715f386632cf00064ff8dfe5b180a6"
            "6770742d346fa3722d31a463686174aa323032342d30382d3036a66f70656e6169a34c4c4da4666c6578a6726f75746572a56770752d31"
            "a56b65792d37a67465616d2d619293a6636163686564a5746f6b656ecd040093a670726f6d7074a5746f6b656ecd01369193aa636f6d70"
            "6c6574696f6ea5746f6b656e05ce0caa7e20ce6dac2c00ce003e8fa0ccc8ae7370c3a4746520416e74776f7274a9657374696d61746564"
            "a7302e3030313235c40b7b2273656564223a20377d"
        ),
    ),
    "only what is required": (
        SMALL,
        "dc0019a461636d65a173a13101a16dc0c0c0c0c0c0a6726f75746572c0c0c0c0c0c0c0c0c0c0a87265706f72746564c0c0",
    ),
}
DIGESTS = {  # today's, and the one that the first versions wrote
    "all that can be told": ("cd9f39b97c3a910871af58e10eb7fba6", "d2606cf127107316db9ccdcc61672eaf"),
    "only what is required": ("2df44dd2b74fdf4fcc61595c3772d7ba", "37231ec57f1b3c65574a818f89a09bef"),
}


@pytest.mark.parametrize("name", CONTENT)
def test_old_bytes_are_read_as_what_they_said(name):
    event, content = CONTENT[name]
    for digest in DIGESTS[name]:
        assert READERS[event.TOPIC](bytes.fromhex("01" + digest + content)) == event


@pytest.mark.parametrize("name", CONTENT)
def test_todays_shape_is_written_in_these_bytes(name):
    event, content = CONTENT[name]
    assert to_state(event).hex() == "01" + DIGESTS[name][0] + content


@settings(max_examples=100)
@given(event=requests(instants), original=st.none() | st.binary())
def test_every_event_is_read_as_it_was_written(event, original):
    event = msgspec.structs.replace(event, original=original)
    assert READERS[event.TOPIC](to_state(event)) == event
    assert to_state(event)[DIGEST] == to_state(msgspec.structs.replace(event, original=None))[DIGEST]


def test_the_library_reads_and_writes_the_same():
    mapper = UsageEventMapper(transcoder=None)  # pyright: ignore[reportArgumentType] - it is never asked
    stored = mapper.to_stored_event(FULL)
    assert (stored.originator_id, stored.originator_version) == (UUID(bytes=FULL.originator_id), 1)
    assert (stored.topic, stored.state) == ("request.completed", to_state(FULL))
    assert mapper.to_domain_event(stored) == FULL


class First(UsageEvent, frozen=True, array_like=True, gc=False):
    """As it was once: a duration in seconds."""

    TOPIC: ClassVar[str] = "lamp.lit"
    seconds: int


class Second(UsageEvent, frozen=True, array_like=True, gc=False):
    """Then in milliseconds."""

    TOPIC: ClassVar[str] = "lamp.lit"
    SHAPE: ClassVar[int] = 2
    milliseconds: int


class Third(UsageEvent, frozen=True, array_like=True, gc=False):
    """And now with a colour, which was always white before."""

    TOPIC: ClassVar[str] = "lamp.lit"
    SHAPE: ClassVar[int] = 3
    UPCASTS: ClassVar[dict[int, Upcast]] = {
        1: lambda fields: [*fields[:4], fields[4] * 1000],
        2: lambda fields: [*fields[:4], "white", fields[4]],
    }
    colour: str
    milliseconds: int


def test_older_shapes_are_brought_up_one_by_one():
    read = _reader(Third)
    name = {"account": "acme", "source": "s", "id": "1", "occurred_at": 7}
    expected = Third(**name, colour="white", milliseconds=3000)
    assert read(to_state(First(**name, seconds=3))) == expected
    assert read(to_state(Second(**name, milliseconds=3000))) == expected
    assert read(to_state(expected)) == expected


def test_once_a_field_that_is_added_later_does_not_make_another_content():
    class WithField(RequestCompleted, frozen=True, array_like=True, gc=False):
        """Tomorrow's."""

        region: str | None = None

    tomorrow = WithField(**msgspec.structs.asdict(FULL))
    assert same_content(to_state(FULL), to_state(tomorrow))
    assert not same_content(to_state(FULL), to_state(msgspec.structs.replace(tomorrow, region="eu")))
    # And bytes that were written without it are read with null
    assert _reader(WithField)(to_state(FULL)) == tomorrow


def test_once_the_same_fields_in_another_type_are_another_content():
    class Extinguished(First, frozen=True, array_like=True, gc=False):
        TOPIC: ClassVar[str] = "lamp.extinguished"

    fields = {"account": "acme", "source": "s", "id": "1", "occurred_at": 7, "seconds": 3}
    assert not same_content(to_state(First(**fields)), to_state(Extinguished(**fields)))


def test_every_event_type_has_a_reader_and_a_topic_of_its_own():
    assert set(READERS) == set(EVENT_TYPES) == {event_type.TOPIC for event_type in EVENT_TYPES.values()}

"""How an event is stored: one byte for the number of its shape, sixteen for the digest of its content, then its fields as MessagePack.

The digest covers the type and what we understood, after defaults, so that a retry is known for what it is whatever has changed in its
notation. Nulls at the end are left out: a report sent again after a field was added, which it knows nothing of, is still the same. It is
compared between events of one name only, whose reporter could deceive nobody but himself, so a fast one will do: XXH3. The first were
BLAKE2, which took 1.7 of the 12 µs of an event. Whose a name is, and what the log holds, is hashed with BLAKE2 as ever.
Bytes of every shape that was ever written are kept in tests/ledger/stored_events.ndjson, with what they come to in the read models.
"""

from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper, StoredEvent
from xxhash import xxh3_128_digest

from domain.event_types import EVENT_TYPES
from domain.events import UsageEvent

DIGEST = slice(1, 17)
FIELDS = 17
ARRAY_16, NULL = 0xDC, b"\xc0"  # of MessagePack

SHAPE_BYTES = [bytes((shape,)) for shape in range(256)]

_encode = msgspec.msgpack.Encoder().encode


def to_state(event: UsageEvent) -> bytes:
    """The bytes that are stored."""
    fields = content = _encode(event)
    if getattr(event, "original", None) is not None:
        content = _encode(msgspec.structs.replace(event, original=None))  # unknown fields do not make another content
    head = 3 if content[0] == ARRAY_16 else 1  # says how many fields there are
    return SHAPE_BYTES[event.SHAPE] + xxh3_128_digest(content[head:].rstrip(NULL), _seed(event.TOPIC)) + fields


@cache
def _seed(topic: str) -> int:
    return int.from_bytes(blake2b(topic.encode(), digest_size=8).digest())


def same_content(state: bytes, other: bytes) -> bool:
    """Whether two stored events of one name say the same."""
    return state[DIGEST] == other[DIGEST]


def reshaped(state: bytes, topic: str) -> bytes:
    """A stored event as it would be stored today. Also one of today's shape: the first ones have another digest."""
    return to_state(READERS[topic](state))


def _reader(event_type: type[UsageEvent]) -> Callable[[bytes], UsageEvent]:
    decode = msgspec.msgpack.Decoder(event_type).decode

    def read(state: bytes) -> UsageEvent:
        if state[0] == event_type.SHAPE:
            return decode(state[FIELDS:])  # to copy what is this short takes half as long as to look at it from afar
        fields: list[Any] = msgspec.msgpack.decode(memoryview(state)[FIELDS:])
        for shape in range(state[0], event_type.SHAPE):
            fields = event_type.UPCASTS[shape](fields)
        return msgspec.convert(fields, event_type)

    return read


READERS: dict[str, Callable[[bytes], UsageEvent]] = {topic: _reader(each) for topic, each in EVENT_TYPES.items()}


class UsageEventMapper(Mapper[UUID]):
    """The same for the library, which handles events one by one."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """The event with its stream and place."""
        return StoredEvent(
            originator_id=UUID(bytes=domain_event.originator_id),
            originator_version=domain_event.originator_version,
            topic=domain_event.TOPIC,
            state=to_state(domain_event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The event, brought to its present shape."""
        return READERS[stored_event.topic](stored_event.state)

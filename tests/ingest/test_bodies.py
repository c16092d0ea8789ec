"""Bounded: bodies within their limits, whole or refused, and taken apart into single reports."""

import gzip
import tracemalloc
from collections.abc import AsyncIterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from domain import limits
from ingest import bodies
from ingest.bodies import BodyError

MIB = 1024 * 1024
BATCH = "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"


def zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def refusal(action) -> tuple[int, str]:
    with pytest.raises(BodyError) as refused:
        action()
    return refused.value.status, str(refused.value)


async def test_a_body_is_read_up_to_its_limit():
    half = bytes(limits.MAX_BODY_BYTES // 2)
    assert await bodies.read(chunks(half, b"", half)) == half + half
    with pytest.raises(BodyError, match=r"larger than 33554432 bytes as sent \(MAX_BODY_BYTES\)") as refused:
        await bodies.read(chunks(half, half, b"x"))
    assert refused.value.status == 413


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_a_plain_body_is_what_it_is(encoding):
    assert bodies.expanded(b"plain", encoding) == b"plain"


@given(content=st.binary(max_size=2000))
@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstd)])
def test_a_packed_body_comes_out_whole(encoding, pack, content):
    assert bodies.expanded(pack(content), encoding) == content
    assert bodies.expanded(pack(content) + pack(b"more"), encoding) == content + b"more"


@given(content=st.binary(min_size=50, max_size=50), repeats=st.integers(1, 20_000), data=st.data())
@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstd)])
def test_nothing_lost_a_body_that_was_cut_is_refused(encoding, pack, content, repeats, data):
    whole = pack(content * repeats)
    cut = data.draw(st.integers(1, len(whole) - 1))
    status, reason = refusal(lambda: bodies.expanded(whole[:cut], encoding))
    assert status == 400
    assert reason.startswith(f"the body is not whole {encoding}: ")


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstd)])
@pytest.mark.parametrize("damage", [lambda whole: whole + b"garbage", lambda whole: whole[:10] + b"???" + whole[13:], lambda _: b"garbage"])
def test_a_damaged_body_is_refused(encoding, pack, damage):
    status, reason = refusal(lambda: bodies.expanded(damage(pack(bytes(range(256)) * 40)), encoding))
    assert (status, reason.partition(": ")[0]) == (400, f"the body is not whole {encoding}")


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", lambda content: gzip.compress(content, 1)), ("zstd", zstd)])
def test_a_body_expands_up_to_its_limit(encoding, pack):
    limit = limits.MAX_EXPANDED_BODY_BYTES
    assert len(bodies.expanded(pack(bytes(limit)), encoding)) == limit
    bomb = pack(bytes(limit // 4)) * 8
    assert len(bomb) < 3 * MIB
    expected = (413, "the body is larger than 268435456 bytes expanded (MAX_EXPANDED_BODY_BYTES): send smaller batches")
    assert refusal(lambda: bodies.expanded(pack(bytes(limit)) + pack(b"x"), encoding)) == expected
    assert refusal(lambda: bodies.expanded(bomb, encoding)) == expected


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_an_unknown_encoding_is_refused(encoding):
    assert refusal(lambda: bodies.expanded(b"", encoding)) == (
        415,
        f"the content encoding {encoding!r} is not known: use gzip, zstd or none",
    )


@pytest.mark.parametrize(
    ("media_type", "content", "reports"),
    [
        ("application/cloudevents+json", b'{"id":"1"}', [b'{"id":"1"}']),
        ("application/cloudevents+json", b"[]", [b"[]"]),  # no event, and refused as such
        ("application/cloudevents+json", b"", [b""]),
        (BATCH, b' [ {"id":"1"} , 7,"x",[[]] ]\n', [b'{"id":"1"}', b"7", b'"x"', b"[[]]"]),
        (BATCH, b"[]", []),
        # An item that is not JSON is refused by itself
        (
            BATCH,
            b' [{"id":"1"}, NaN ,{"id":NaN,"x":[1,{"y":","}]},\n{"id":"\\ud800"}]\n',
            [
                b'{"id":"1"}',
                b"NaN",
                b'{"id":NaN,"x":[1,{"y":","}]}',
                b'{"id":"\\ud800"}',
            ],
        ),
        (BATCH, b'["\xff","\\"]",1,]', [b'"\xff"', b'"\\"]"', b"1", b""]),
        (NDJSON, b'{"id":"1"}\n{"id":"2"}\r\n\n  \n {"id":"3"}', [b'{"id":"1"}', b'{"id":"2"}', b'{"id":"3"}']),
        (NDJSON, b"", []),
        ("application/json", b'{"id":"1"}', [b'{"id":"1"}']),
        ("application/json", b'\n [{"id":"1"},{"id":"2"}]', [b'{"id":"1"}', b'{"id":"2"}']),
    ],
)
def test_a_body_is_taken_apart_by_its_media_type(media_type, content, reports):
    assert bodies.reports(content, media_type) == reports


@pytest.mark.parametrize("content", [b"", b"{}", b"7", b"[", b"[NaN", b"[1] 2", b"NaN [1]", b"[NaN}", b"[" * 100_000, b'["\xff"]x'])
def test_a_batch_that_is_no_array_is_refused(content):
    status, reason = refusal(lambda: bodies.reports(content, BATCH))
    assert status == 400
    assert reason.startswith("the body is not a JSON array of events: ")


def test_an_unknown_media_type_is_refused():
    status, reason = refusal(lambda: bodies.reports(b"{}", "text/csv"))
    assert status == 415
    assert reason.startswith(
        "the content type 'text/csv' is not known: use application/cloudevents+json, application/cloudevents-batch+json"
    )


@pytest.mark.parametrize(("media_type", "join"), [(BATCH, lambda items: b"[" + b",".join(items) + b"]"), (NDJSON, b"\n".join)])
def test_a_batch_has_a_limit(media_type, join):
    assert len(bodies.reports(join([b"{}"] * limits.MAX_EVENTS_PER_BATCH), media_type)) == limits.MAX_EVENTS_PER_BATCH
    assert refusal(lambda: bodies.reports(join([b"{}"] * (limits.MAX_EVENTS_PER_BATCH + 1)), media_type)) == (
        413,
        "there are more than 10000 events in the batch (MAX_EVENTS_PER_BATCH): send them in parts",
    )


@pytest.mark.parametrize(
    ("media_type", "content"), [(BATCH, b"[" + b"1," * (8 * MIB) + b"1]"), (NDJSON, b"1\n" * (8 * MIB)), (NDJSON, b"\n" * (8 * MIB))]
)
def test_bounded_a_batch_of_very_many_tiny_items_takes_no_memory_beyond_its_own(media_type, content):
    tracemalloc.start()
    try:
        status, _ = refusal(lambda: bodies.reports(content, media_type))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert status == 413
    assert most < 2 * len(content)


@pytest.mark.parametrize("end", [b"", b"\\", b"]"])
def test_bounded_a_text_without_an_end_is_looked_at_once(end):
    """To look at it again from each of its characters would take hours."""
    status, _ = refusal(lambda: bodies.reports(b'["' + b'\\"' * 500_000 + end, BATCH))
    assert status == 400

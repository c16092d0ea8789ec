"""Files of events: whatever their shape, each event comes out once, on one line, and no fault of one takes another along."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.event_files import BATCH, BATCH_BYTES, UnreadableFileError, batches
from tests.events import line, report

ONE, TWO, THREE = (report(id=f"e{number}") for number in (1, 2, 3))


def events(path: Path) -> list[Any]:
    """What each event says, or its bytes where it is not JSON."""
    found = [event for batch in batches(path) for event in batch.events]
    assert not any(b"\n" in event for event in found)
    return [understood(event) for event in found]


def understood(event: bytes) -> Any:
    try:
        return json.loads(event)
    except ValueError:
        return event


def file(folder: Path, content: str | bytes) -> Path:
    path = folder / "events"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


SHAPES = {
    "one a line": "\n".join(map(json.dumps, (ONE, TWO, THREE))),
    "with a line break at the end": "\n".join(map(json.dumps, (ONE, TWO, THREE))) + "\n",
    "with blank lines": "\n \n" + "\n\n".join(map(json.dumps, (ONE, TWO, THREE))) + "\n\n",
    "with the line breaks of Windows": "\r\n".join(map(json.dumps, (ONE, TWO, THREE))) + "\r\n",
    "with a byte order mark": "\ufeff" + "\n".join(map(json.dumps, (ONE, TWO, THREE))),
    "an array": json.dumps([ONE, TWO, THREE]),
    "an array over several lines": json.dumps([ONE, TWO, THREE], indent=2),
    "an array with a byte order mark": "\ufeff\n" + json.dumps([ONE, TWO, THREE], indent="\t").replace("\n", "\r\n"),
    "each over several lines": "\n".join(json.dumps(event, indent=2) for event in (ONE, TWO, THREE)),
    "in any of these ways": "\n".join((json.dumps(ONE, indent=4), json.dumps(TWO), json.dumps(THREE, indent=1))),
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_every_shape_gives_the_same_events(content: str, tmp_path: Path):
    assert events(file(tmp_path, content)) == [ONE, TWO, THREE]
    assert events(file(tmp_path, gzip.compress(content.encode()))) == [ONE, TWO, THREE]


def test_one_event_over_several_lines_is_one(tmp_path: Path):
    assert events(file(tmp_path, json.dumps(ONE, indent=2))) == [ONE]


@pytest.mark.parametrize("content", ["", "\n \n", "[]", "\ufeff"])
def test_a_file_without_events_has_none(content: str, tmp_path: Path):
    assert events(file(tmp_path, content)) == []


@pytest.mark.parametrize("broken", ["garbage", "{", '{"specversion": "1.0"', '{"specversion": "1.', "}", '{"a": 1} {"b": 2}', "\x00"])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_nothing_lost_a_broken_line_takes_no_other_along(broken: str, place: int, tmp_path: Path):
    lines: list[Any] = [ONE, TWO, THREE]
    lines.insert(place, broken.encode())
    content = "\n".join(each.decode() if isinstance(each, bytes) else json.dumps(each) for each in lines)
    assert events(file(tmp_path, content)) == lines


def test_an_object_that_never_ends_is_given_up_after_as_much_as_an_event_may_have(tmp_path: Path):
    filler = f'"{"x" * 1000}": 1,'
    found = events(file(tmp_path, "\n".join(("{", *[filler] * 2_000, line().decode()))))
    assert found[0] == b"{"
    assert found[-1] == report()
    assert len(found) == 2_002


texts = st.text(max_size=20)
documents = st.recursive(st.integers() | texts | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@given(st.lists(st.tuples(st.dictionaries(texts, documents, max_size=4), st.sampled_from([None, 0, 2])), max_size=6))
def test_any_objects_come_out_as_they_went_in(tmp_path_factory: pytest.TempPathFactory, objects: list[tuple[dict[str, Any], int | None]]):
    content = "\n".join(json.dumps(each, indent=indent) for each, indent in objects)
    assert events(file(tmp_path_factory.mktemp("files"), content)) == [each for each, _ in objects]


def test_a_batch_has_no_more_than_a_body_can_hold(tmp_path: Path):
    path = file(tmp_path, b"\n".join([line(id=str(i)) for i in range(BATCH * 2 + 3)]))
    assert [(batch.first, len(batch.events)) for batch in batches(path)] == [(1, BATCH), (BATCH + 1, BATCH), (2 * BATCH + 1, 3)]
    large = json.dumps({"data": "x" * (BATCH_BYTES // 3)})
    path = file(tmp_path, "\n".join([large] * 5))
    assert [(batch.first, len(batch.events)) for batch in batches(path)] == [(1, 2), (3, 2), (5, 1)]


def test_how_much_is_read_is_told_of_the_file_as_it_lies_there(tmp_path: Path):
    path = file(tmp_path, gzip.compress(b"\n".join([line(id=str(i)) for i in range(BATCH + 1)])))
    *_, last = batches(path)
    assert last.bytes_read == path.stat().st_size


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        list(batches(path))
    return str(caught.value).removeprefix(f"{path}: ")


def test_what_cannot_be_read_is_told(tmp_path: Path):
    assert refusal(tmp_path / "nothing") == "No such file or directory"
    assert refusal(tmp_path) == "Is a directory"
    assert refusal(file(tmp_path, '[{"specversion": "1.0"}')) == "Input data was truncated"
    assert refusal(file(tmp_path, "[" * 100_000)) == "maximum recursion depth exceeded while deserializing an object"
    packed = gzip.compress(bytes(range(256)) * 1_000)
    assert refusal(file(tmp_path, packed[:-20])) == "Compressed file ended before the end-of-stream marker was reached"
    assert refusal(file(tmp_path, packed[:20] + b"\xff" * 100)).startswith("Error -3 while decompressing data")


def test_what_was_whole_before_the_fault_comes_out(tmp_path: Path):
    packed = gzip.compress(b"\n".join([line(id=str(i)) for i in range(BATCH * 3)]))
    found = batches(file(tmp_path, packed[:-20]))
    assert len(next(found).events) == BATCH
    with pytest.raises(UnreadableFileError):
        list(found)

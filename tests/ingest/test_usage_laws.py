"""Adds up, nothing lost, once: what holds for every usage block of every format."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import RequestCompleted
from domain.limits import MAX_CATEGORIES_PER_SIDE, MAX_QUANTITY
from ingest.outcomes import UnacceptableError
from ingest.usage_blocks import FORMATS
from ledger.shapes import DIGEST, to_state
from tests.events import ABSENT, line, parsed, report
from tests.ingest.provider_blocks import PROVIDERS, Block, Side, told

WEIRD = st.sampled_from([
    None, True, -1, 0, 1, 7, 2**53, 2**53 + 1, 2**64, 10**400, 0.5, 1.0, -0.0, 1e308, "", "7", "standard", "\0", "\ud800", [], {}, [{}],
]).map(deepcopy)  # fmt: skip


def categories(side: Side) -> list[dict[str, Any]]:
    return [{"category": category, "quantity": count} for category, count in side.items() if count]


def with_block(block: Any, format: str | None = None, **data: Any) -> bytes:
    return line(data={"input": ABSENT, "usage": block, "usage_format": format} | data)


def outcome(block: Any, format: str | None) -> RequestCompleted | UnacceptableError:
    """What becomes of a block, also of what no JSON should have, such as lone surrogates."""
    told = report() | {"data": {"model": "m", "usage": block, "usage_format": format}}
    try:
        return parsed(json.dumps(told).encode())
    except UnacceptableError as error:
        return error


@settings(max_examples=400)
@given(told())
def test_a_block_comes_to_the_disjoint_categories_that_were_used(given: tuple[str, Side, Side, Block]):
    format, input, output, block = given
    event = parsed(with_block(block, format))
    for found, used in ((event.input, input), (event.output, output)):
        assert found == tuple(sorted((category, "token", count) for category, count in used.items() if count))


@settings(max_examples=200)
@given(told())
def test_a_block_and_its_categories_are_the_same_content(given: tuple[str, Side, Side, Block]):
    format, input, output, block = given
    explicit = line(data={"input": categories(input), "output": categories(output)})
    assert to_state(parsed(with_block(block, format)))[DIGEST] == to_state(parsed(explicit))[DIGEST]


@settings(max_examples=200)
@given(told())
def test_a_format_is_inferred_as_it_is_or_not_at_all(given: tuple[str, Side, Side, Block]):
    format, _, _, block = given
    named, inferred = parsed(with_block(block, format)), outcome(block, None)
    if isinstance(inferred, UnacceptableError):
        assert inferred.field == "data.usage_format"
    else:
        assert format == "cohere.tokens" or (inferred.input, inferred.output) == (named.input, named.output)


@st.composite
def changed_blocks(draw: st.DrawFn) -> tuple[str | None, Any]:
    """A block in which some values are others, or are missing; under its own format, another one or none."""
    format, _, _, root = draw(told())
    for _ in range(draw(st.integers(1, 4))):
        place: Any = root
        while keys := list(place) if isinstance(place, dict) else list(range(len(place))):
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], (dict, list)) and draw(st.booleans()):
                place = place[key]
                continue
            if draw(st.booleans()):
                del place[key]
            else:
                place[key] = draw(WEIRD | st.integers(-2, 2_000_000))
            break
    return draw(st.sampled_from((format, format, None, *FORMATS))), root


@settings(max_examples=600)
@given(changed_blocks())
def test_whatever_a_block_says_it_is_read_or_refused_by_name(given: tuple[str | None, Any]):
    format, block = given
    event = outcome(block, format)
    if isinstance(event, UnacceptableError):
        assert event.field is None or event.field.startswith("data.usage")
        return
    for side in (event.input, event.output):
        assert side is None or len(side) <= MAX_CATEGORIES_PER_SIDE
        assert all(0 < quantity <= MAX_QUANTITY for _, _, quantity in side or ())
    if format == "openai.chat" and event.input is not None and block.get("prompt_tokens") is not None:
        assert sum(quantity for _, _, quantity in event.input) == block["prompt_tokens"]


@settings(max_examples=200)
@given(
    st.recursive(
        WEIRD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("usage", "input_tokens", "x")), inner)
    ),
    st.sampled_from((None, "", "nobody's", *FORMATS)),
)
def test_any_json_is_read_or_refused(block: Any, format: str | None):
    found = outcome(block, format)
    assert isinstance(found, RequestCompleted) or str(found)


@pytest.mark.parametrize("format", PROVIDERS)
def test_what_is_not_told_is_unknown_and_not_0(format: str):
    event = parsed(with_block({}, format))
    assert (event.input, event.output) == (None, None)

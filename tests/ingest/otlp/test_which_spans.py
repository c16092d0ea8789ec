"""Once: a request counts once, whatever is around it, and whatever else tells of it."""

import pytest

from ingest.otlp.dialect import JSON, PROTOBUF
from tests.ingest.otlp.spans import TRACE, body, events, ids, span

USAGE = {"gen_ai.usage.input_tokens": 300}
ONLY_INPUT = {"gen_ai.usage.output_tokens": None}
NO_USAGE = {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None}


@pytest.mark.parametrize(
    ("told", "is_request"),
    [
        ({}, True),
        ({**NO_USAGE}, True),
        ({"gen_ai.operation.name": "embeddings"}, True),
        ({"gen_ai.operation.name": "invoke_agent"}, False),
        ({"gen_ai.operation.name": "create_agent"}, False),
        ({"gen_ai.operation.name": "invoke_workflow"}, False),
        ({"gen_ai.operation.name": "execute_tool"}, False),
        ({"gen_ai.operation.name": "retrieval"}, False),
        ({"gen_ai.operation.name": "search_memory", **NO_USAGE}, False),
        ({"gen_ai.operation.name": None}, True),  # before operations had names
        ({"gen_ai.operation.name": None, **NO_USAGE}, False),
        ({"gen_ai.operation.name": None, **NO_USAGE, "gen_ai.usage.completion_tokens": 1}, True),
        ({"gen_ai.operation.name": None, "gen_ai.provider.name": None}, False),
        ({"gen_ai.operation.name": None, "gen_ai.agent.name": "an agent that adds up"}, False),
        ({"gen_ai.operation.name": None, "llm.request.type": "chat", **NO_USAGE}, True),
    ],
)
@pytest.mark.parametrize("media_type", [PROTOBUF, JSON])
def test_requests_to_models_are_told_from_what_is_around_them(told, is_request, media_type):
    assert len(events(body(span(told)), media_type)) == is_request


def test_other_spans_are_taken_and_nothing_becomes_of_them():
    other = span(attributes=[], name="GET /")
    assert events(body(other, span(number=7), other)) == events(body(span(number=7)))


@pytest.mark.parametrize(
    ("outer", "inner", "counted"),
    [
        ({"gen_ai.response.id": "r"}, {"gen_ai.response.id": "r"}, [2]),
        ({"gen_ai.response.id": "r", **USAGE}, {"gen_ai.response.id": "r", **NO_USAGE}, [1]),  # only the outer one tells tokens
        ({"gen_ai.response.id": "r", **NO_USAGE}, {"gen_ai.response.id": "r", **USAGE}, [2]),
        ({"gen_ai.response.id": "r", **NO_USAGE}, {"gen_ai.response.id": "r", **NO_USAGE}, [2]),
        ({"gen_ai.response.id": "", **USAGE}, {"gen_ai.response.id": "", "gen_ai.usage.input_tokens": 301}, [1, 2]),  # empty is no id
        (ONLY_INPUT, ONLY_INPUT, [2]),
        (ONLY_INPUT, {}, [1, 2]),
        ({"gen_ai.response.id": "r"}, {"gen_ai.response.id": "s"}, [1, 2]),
        ({}, {"gen_ai.response.id": "s"}, [2]),  # no id, the same counts
        ({}, {}, [2]),
        ({}, {"gen_ai.usage.input_tokens": 301}, [1, 2]),
        (NO_USAGE, NO_USAGE, [1, 2]),
        ({"gen_ai.operation.name": "invoke_agent"}, {}, [2]),
    ],
)
@pytest.mark.parametrize("media_type", [PROTOBUF, JSON])
def test_once_of_spans_within_each_other_that_tell_one_request_the_innermost_counts(outer, inner, counted, media_type):
    pair = [span(outer, number=1), span(inner, number=2, parent=1)]
    assert ids(events(body(*pair), media_type)) == counted
    assert sorted(ids(events(body(*reversed(pair)), media_type))) == counted


def test_once_through_other_spans_of_genai_and_several_layers():
    agent = {"gen_ai.operation.name": "invoke_agent", **NO_USAGE}
    layers = [span(number=1), span(agent, number=2, parent=1), span(number=3, parent=2), span(number=4, parent=3)]
    assert ids(events(body(*layers))) == [4]


def test_once_of_several_layers_the_innermost_that_tells_tokens_counts():
    same = {"gen_ai.response.id": "r"}
    layers = [span(same, number=1), span(same, number=2, parent=1), span({**same, **NO_USAGE}, number=3, parent=2)]
    assert ids(events(body(*layers))) == [2]


def test_spans_beside_each_other_or_of_another_trace_are_requests_of_their_own():
    same = {"gen_ai.response.id": "a stub's only one"}
    beside = [span(same, number=2, parent=1), span(same, number=3, parent=1)]
    elsewhere = span(same, number=4, parent=2, trace_id=bytes(reversed(TRACE)))
    assert ids(events(body(*beside, elsewhere))) == [2, 3, 4]


def test_nothing_lost_spans_in_a_circle_all_count():
    circle = [span(number=1, parent=2), span(number=2, parent=1), span(number=3, parent=3)]
    assert ids(events(body(*circle))) == [1, 2, 3]


def test_bounded_only_so_many_spans_above_are_looked_at():
    tower = [span(number=number, parent=number - 1) for number in range(1, 200)]
    assert 199 in ids(events(body(*tower)))

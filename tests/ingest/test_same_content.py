"""Once: what makes two reports of one name the same, and what makes them a conflict."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.outcomes import Sender
from ledger.shapes import DIGEST, to_state
from tests.events import ABSENT, ACME, line, parsed


def digest(reported: bytes, sender: Sender = ACME) -> bytes:
    return to_state(parsed(reported, sender))[DIGEST]


def data(**fields: Any) -> dict[str, Any]:
    return {"data": fields}


PROMPT = {"category": "prompt", "quantity": 310}
CACHED = {"category": "cached", "quantity": 1024}


@pytest.mark.parametrize(
    ("first", "again"),
    [
        # defaults
        (data(channel=ABSENT), data(channel="router")),
        (data(channel=None, usage_source=None), data(usage_source="reported")),
        (data(input=[PROMPT]), data(input=[PROMPT | {"unit": "token"}])),
        # unknown, however it is said
        (data(provider=ABSENT), data(provider=None)),
        (data(provider=ABSENT), data(provider="")),
        (data(input=ABSENT), data(input=None)),
        (data(api_key=None), data(api_key=ABSENT)),
        (data(api_key={"id": "k"}), data(api_key={"id": "k", "name": None})),
        # order
        (data(input=[PROMPT, CACHED]), data(input=[CACHED, PROMPT])),
        # times
        ({"time": "2026-04-21T14:03:07.12Z"}, {"time": "2026-04-21T14:03:07.120000Z"}),
        ({"time": "2026-04-21T14:03:07Z"}, {"time": "2026-04-21T16:03:07+02:00"}),
        ({"time": "2026-04-21T14:03:07.1234561Z"}, {"time": "2026-04-21T14:03:07.1234569Z"}),
        # the account
        ({"subject": "acme"}, {"subject": ABSENT}),
        # numbers
        (data(latency_ms=1840), data(latency_ms=1840.0)),
        (data(reported_cost="0.10"), data(reported_cost=".1")),
        (data(reported_cost="100"), data(reported_cost="1E2")),
        (data(reported_cost="100"), data(reported_cost="+100.000")),
        (data(reported_cost="0"), data(reported_cost="-0.00")),
        (data(reported_cost="0"), data(reported_cost="0e-30")),
        # texts past the limit are told apart up to it
        (data(error_message="x" * 9000), data(error_message="x" * 9000)),
        # what we do not know
        ({"traceparent": "00-4bf9"}, {"traceparent": "00-aaaa"}),
        ({"traceparent": "00-4bf9"}, {}),
        (data(seed=7), data()),
        ({"datacontenttype": "application/json"}, {}),
    ],
)
def test_another_notation_is_not_another_content(first, again):
    assert digest(line(**first)) == digest(line(**again))


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ({"time": "2026-04-21T14:03:07.000001Z"}, {"time": "2026-04-21T14:03:07.000002Z"}),
        (data(model="gpt-4o"), data(model="gpt-4O")),
        (data(input=ABSENT), data(input=[])),  # unknown is not none
        (data(input=[]), data(input=[{"category": "prompt", "quantity": 0}])),
        (data(input=[PROMPT]), data(input=[PROMPT | {"quantity": 311}])),
        (data(input=[PROMPT]), data(input=[PROMPT | {"unit": "image"}])),
        (data(input=[PROMPT], output=None), data(input=None, output=[PROMPT])),
        (data(latency_ms=None), data(latency_ms=0)),
        (data(latency_ms=1840), data(latency_ms=1840.000001)),
        (data(status_code=200), data(status_code=201)),
        (data(api_key={"id": "k", "name": "a"}), data(api_key={"id": "k", "name": "b"})),
        (data(usage_source="reported"), data(usage_source="estimated")),
        (data(reported_cost="0"), data(reported_cost=None)),
        (data(reported_cost="0.1"), data(reported_cost="0.01")),
        (data(provider="router"), data(technology="router")),
    ],
)
def test_another_content_is_another_content(first, other):
    assert digest(line(**first)) != digest(line(**other))


def test_the_accounts_of_two_senders_are_two_contents():
    assert digest(line(subject=ABSENT), Sender("acme")) != digest(line(subject=ABSENT), Sender("other"))


unknown_texts = st.characters(codec="utf-8", exclude_characters="\0")  # a NUL is refused, wherever it is
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | st.text(unknown_texts, max_size=5), lambda inner: st.lists(inner, max_size=3)
)


@settings(max_examples=100)
@given(
    chance=st.randoms(use_true_random=False), extra=st.dictionaries(st.text(unknown_texts, min_size=8, max_size=9), json_values, max_size=2)
)
def test_order_of_fields_white_space_escapes_and_unknown_fields_are_notation(chance, extra):
    report = json.loads(line(data={"input": [PROMPT, CACHED], "provider": "äöü", "latency_ms": 12.5, "api_key": {"id": "k", "name": "n"}}))
    other = shuffled(chance, report)
    other["data"] |= extra
    chance.shuffle(other["data"]["input"])
    text = json.dumps(other, indent=chance.choice((None, 3)), ensure_ascii=chance.random() < 0.5)
    assert digest(text.encode()) == digest(json.dumps(report).encode())


def shuffled(chance: random.Random, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = list(value.items())
    chance.shuffle(items)
    return {name: shuffled(chance, item) for name, item in items}

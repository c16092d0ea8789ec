"""Reports of every type, as they are sent: builders with sensible defaults, and strategies that reach the corners."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from domain import limits
from domain.access import Scope
from domain.events import UsageEvent
from domain.notation import instant
from ingest.cloudevents import parse
from ingest.outcomes import Sender
from tests.events import ABSENT, DAY, FOR_EVER, instants, texts

TIME = f"{DAY}T14:03:07.120Z"
OF = {"source": "router/eu-1", "id": "req_8f2", "time": TIME}
GATEWAY = Sender("acme", "a gateway")
BILLING = Sender("acme", "finance", frozenset({Scope.BILLING}))
OPERATOR = Sender(None, "an operator", frozenset({Scope.OPERATE}))

DATA: dict[str, dict[str, Any]] = {
    "request.corrected": {"of": OF, "version": 1, "reason": "counted twice", "model": "gpt-4o-mini"},
    "request.voided": {"of": OF, "version": 1, "reason": "a test"},
    "deployment.created": {
        "deployment": "gpu-1", "name": "Chat", "kind": "deployment", "model": "llama", "gpu_type": "H100", "gpus": 2,
    },
    "deployment.started": {"deployment": "gpu-1", "gpus": 2},
    "deployment.scaled": {"deployment": "gpu-1", "gpus": 0.5},
    "deployment.stopped": {"deployment": "gpu-1"},
    "deployment.succeeded": {"deployment": "gpu-1"},
    "deployment.failed": {"deployment": "gpu-1", "error_message": "Out of memory"},
    "price.set": {
        "model": "gpt-4o", "direction": "input", "category": "prompt", "unit_price": "0.0000025", "effective_from": "2026-04-01T00:00:00Z",
    },
    "gpu_price.set": {"gpu_type": "H100", "unit_price": "2.99", "effective_from": "2026-04-01T00:00:00Z"},
    "rating.renewed": {"range": {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}, "reason": "prices came late"},
}  # fmt: skip
OF_THE_PLATFORM = ("price.set", "gpu_price.set", "rating.renewed")


def told(type: str, *, without: tuple[str, ...] = (), envelope: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """A CloudEvent of that type. `data` is merged into the default one, which is without the fields of `without`."""
    fields = {name: value for name, value in DATA[type].items() if name not in without} | data
    event = {"specversion": "1.0", "type": type, "source": "control-plane", "id": "1", "time": TIME, "data": fields} | (envelope or {})
    return {name: value for name, value in event.items() if value is not ABSENT}


def sender_of(type: str) -> Sender:
    """Somebody who may tell events of that type."""
    if type in OF_THE_PLATFORM:
        return OPERATOR
    return BILLING if type in ("request.corrected", "request.voided") else GATEWAY


def heard(event: dict[str, Any], sender: Sender | None = None) -> UsageEvent:
    """The event behind a report."""
    return parse(msgspec.json.encode(event), sender or sender_of(event["type"]), FOR_EVER)


maybe_texts = st.none() | st.just("") | texts
times = instants.map(instant)
sides = st.none() | st.lists(
    st.fixed_dictionaries({"category": texts, "quantity": st.integers(0, limits.MAX_QUANTITY)}, optional={"unit": texts}),
    max_size=4,
    unique_by=lambda each: each["category"],
)
milliseconds = st.none() | st.integers(0, 10**9) | st.integers(0, 2**51).map(lambda nanoseconds: nanoseconds / 1_000_000)
money = st.decimals(0, 10**9, places=12).map(str) | st.sampled_from(("0", "1e-30", "+100.000", ".5"))
gpus = st.integers(1, limits.MAX_GPUS * 10**6).map(lambda micro: micro / 10**6) | st.integers(1, limits.MAX_GPUS)
counts = st.integers(0, limits.MAX_QUANTITY)
of = st.fixed_dictionaries({"source": texts, "id": texts, "time": times})
changed = st.fixed_dictionaries(
    {"of": of, "version": st.integers(1, limits.MAX_VERSION), "reason": texts, "status_code": st.none() | st.integers(200, 599)},
    optional={
        "model": texts,
        **dict.fromkeys(("request_id", "request_type", "model_version", "provider", "technology", "service_tier"), maybe_texts),
        "deployment": texts,
        "api_key": st.none() | st.fixed_dictionaries({"id": texts}, optional={"name": maybe_texts}),
        "input": sides,
        "output": sides,
        **dict.fromkeys(("ttft_ms", "latency_ms", "gateway_latency_ms"), milliseconds),
        "error_message": st.none() | texts | st.just("é" * 9_999),
        "usage_source": st.none() | st.sampled_from(("reported", "estimated", "none")),
        "reported_cost": st.none() | money,
    },
)
deployment = st.fixed_dictionaries({"deployment": texts})
allocation = st.fixed_dictionaries({"deployment": texts}, optional={"gpus": st.none() | gpus})
price = {"unit_price": money, "effective_from": times}
period = st.tuples(instants, instants).filter(lambda ends: ends[0] < ends[1])
DATA_OF: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "request.corrected": changed,
    "request.voided": st.fixed_dictionaries({"of": of, "version": st.integers(1, limits.MAX_VERSION), "reason": texts}),
    "deployment.created": st.fixed_dictionaries(
        {"deployment": texts},
        optional={
            "name": maybe_texts,
            "kind": st.none() | st.sampled_from(("deployment", "fine_tuning")),
            "model": maybe_texts,
            "gpu_type": maybe_texts,
            "gpus": st.none() | gpus,
        },
    ),
    "deployment.started": allocation,
    "deployment.scaled": st.fixed_dictionaries({"deployment": texts, "gpus": st.just(0) | gpus}),
    "deployment.stopped": deployment,
    "deployment.succeeded": deployment,
    "deployment.failed": st.fixed_dictionaries({"deployment": texts}, optional={"error_message": st.none() | texts}),
    "price.set": st.fixed_dictionaries(
        {"model": texts, "direction": st.sampled_from(("input", "output")), "category": texts, **price},
        optional={
            "unit": texts,
            "provider": maybe_texts,
            "above_prompt_tokens": st.none() | counts,
            "service_tier": maybe_texts,
            "sheet": maybe_texts,
        },
    ),
    "gpu_price.set": st.fixed_dictionaries({"gpu_type": texts, **price}),
    "rating.renewed": st.fixed_dictionaries(
        {"range": period.map(lambda ends: {"from": instant(ends[0]), "to": instant(ends[1])}), "reason": texts},
        optional={"models": st.none() | st.lists(texts, max_size=4)},
    ),
}


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """Any good report that is not one of a request completed."""
    type = draw(st.sampled_from([*DATA_OF]))
    subject = draw(st.none() | texts) if type == "rating.renewed" else ABSENT
    envelope = {"source": draw(texts), "id": draw(texts), "time": draw(times), "subject": subject}
    return told(type, envelope=envelope) | {"data": draw(DATA_OF[type])}

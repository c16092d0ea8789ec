"""Usage events for tests: builders with sensible defaults, and strategies that reach the corners."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import count
from typing import Any

import msgspec
from hypothesis import strategies as st

from domain import limits
from domain.corrections import RequestCorrected, RequestVoided
from domain.events import Quantity, RequestCompleted, microseconds
from domain.price_events import PLATFORM, PriceSet, RatingRenewed
from ingest.cloudevents import parse
from ingest.outcomes import Sender

DAY = "2026-04-21"
FOR_EVER = microseconds(datetime(2100, 1, 1, tzinfo=UTC))  # no `time` of a test is too late
_numbers = count(1)


def at(clock: str, day: str = DAY) -> datetime:
    """The instant of that clock in UTC, such as "09:00" or "09:00:00.25"."""
    return datetime.fromisoformat(f"{day}T{clock}+00:00")


def request_completed(time: datetime | None = None, *, id: str | None = None, account: str = "acme", **fields: Any) -> RequestCompleted:
    """A successful request with 10 + 5 tokens, under a name of its own."""
    defaults: dict[str, Any] = {
        "source": "router/eu-1",
        "model": "gpt-4o",
        "provider": "openai",
        "api_key": "key-7",
        "api_key_name": "team-a",
        "input": (("prompt", "token", 10),),
        "output": (("completion", "token", 5),),
        "latency_ns": 1_840_000_000,
        "status_code": 200,
    }
    moment = microseconds(time or at("09:00"))
    return RequestCompleted(account=account, id=id or f"req_{next(_numbers)}", occurred_at=moment, **(defaults | fields))


def price_set(
    model: str = "gpt-4o", category: str = "prompt", unit_price: str = "0.0000025", effective_from: datetime | None = None, **fields: Any
) -> PriceSet:
    """A price of a token, in force since 2000 unless said, under a name of its own."""
    outputs = ("completion", "reasoning")
    defaults: dict[str, Any] = {
        "direction": "output" if category in outputs else "input",
        "unit": "token",
        "source": "prices",
        "id": f"price_{next(_numbers)}",
        "occurred_at": microseconds(at("00:00")),
    }
    since = microseconds(effective_from or datetime(2000, 1, 1, tzinfo=UTC))
    told = defaults | fields
    return PriceSet(PLATFORM, model=model, category=category, unit_price=unit_price, effective_from=since, **told)


PRICES = (  # of some of what requests use: enough to have fees, and requests without
    price_set("gpt-4o", "prompt", "0.0000025"),
    price_set("gpt-4o", "completion", "0.00001"),
    price_set("Llama", "prompt", "0.3", provider="openai"),
    price_set("Llama", "image", "0", direction="output", unit="image"),
    price_set("Llama", "completion", "1.25", above_prompt_tokens=1000),
)


def corrected(request: RequestCompleted, version: int = 1, *, id: str | None = None, **changes: Any) -> RequestCorrected:
    """A correction of that version of a request."""
    of = (request.source, request.id, request.occurred_at)
    named = (request.account, "finance", id or f"correction_{next(_numbers)}", microseconds(at("23:00")))
    return RequestCorrected(*named, *of, version, "it was wrong", dict(sorted(changes.items())))


def voided(request: RequestCompleted, version: int = 1, *, id: str | None = None) -> RequestVoided:
    """A voiding of that version of a request."""
    of = (request.source, request.id, request.occurred_at)
    return RequestVoided(request.account, "finance", id or f"voiding_{next(_numbers)}", microseconds(at("23:00")), *of, version, "a test")


def renewed(start: datetime, end: datetime, account: str | None = None, models: tuple[str, ...] | None = None) -> RatingRenewed:
    """The wish to rate a range again."""
    named = (PLATFORM, "operator", f"renewal_{next(_numbers)}", microseconds(at("23:30")))
    return RatingRenewed(*named, microseconds(start), microseconds(end), "prices were late", account, models)


def report(**fields: Any) -> dict[str, Any]:
    """A CloudEvent as a gateway sends it. `data` is merged into the default one; a field of ABSENT is left out."""
    data = {"model": "gpt-4o", "input": [{"category": "prompt", "quantity": 310}]} | fields.pop("data", {})
    envelope = {"specversion": "1.0", "type": "request.completed", "source": "router/eu-1", "id": "req_8f2", "time": f"{DAY}T14:03:07.120Z"}
    event = envelope | {"data": {name: value for name, value in data.items() if value is not ABSENT}} | fields
    return {name: value for name, value in event.items() if value is not ABSENT}


ABSENT = object()
ACME = Sender("acme")


def line(**fields: Any) -> bytes:
    """A report as JSON."""
    return msgspec.json.encode(report(**fields))


def parsed(reported: bytes | dict[str, Any], sender: Sender = ACME) -> RequestCompleted:
    """The event behind a report, as JSON or before."""
    event = parse(reported if isinstance(reported, bytes) else msgspec.json.encode(reported), sender, FOR_EVER)
    assert isinstance(event, RequestCompleted)
    return event


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
counts = st.integers(0, 2000) | st.sampled_from((limits.MAX_QUANTITY - 1, limits.MAX_QUANTITY))
units = st.sampled_from(("token", "token", "token", "image", "millisecond"))


def quantities(categories: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Quantity, ...] | None]:
    """One side of a request, as an event holds it: ordered, disjoint, perhaps unknown."""
    kinds = st.dictionaries(st.tuples(categories, units), counts, max_size=3)
    return st.none() | kinds.map(lambda side: tuple(sorted((*kind, quantity) for kind, quantity in side.items())))


durations = st.none() | st.integers(0, 3_600_000_000_000) | st.just(10**16)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive here


def around(start: datetime, span: timedelta) -> st.SearchStrategy[datetime]:
    """Instants within `span` of `start`, often on or just beside a quarter-hour."""
    quarters = st.integers(0, span // timedelta(minutes=15) - 1)
    beside = st.sampled_from((0, 0, 1, 899_999_999)) | st.integers(0, 899_999_999)
    return st.builds(lambda quarter, offset: start + quarter * timedelta(minutes=15) + timedelta(microseconds=offset), quarters, beside)


COSTS = (None, "0", "0.00125")
EVER_TAKEN = (*COSTS, "9" * 64, f"0.{'0' * 61}1")  # the last ones are taken no more, and may be in logs of before


@st.composite
def requests(
    draw: st.DrawFn, times: st.SearchStrategy[datetime], accounts: tuple[str, ...] = ("acme",), costs: tuple[str | None, ...] = COSTS
) -> RequestCompleted:
    """Any request within `times`, of few names and dimensions, so that they meet again."""
    key = draw(st.sampled_from((None, "key-1", "key-2")))
    channel = draw(st.sampled_from(("router", "router", "router", "deployment")))
    return RequestCompleted(
        account=draw(st.sampled_from(accounts)),
        source=draw(st.sampled_from(("router/eu-1", "router/us-1"))),
        id=f"req_{draw(st.integers(0, 25))}",
        occurred_at=microseconds(draw(times)),
        model=draw(st.sampled_from(("gpt-4o", "Llama", "änderung"))),
        request_id=draw(st.sampled_from((None, "r"))),
        provider=draw(st.sampled_from((None, "openai", "azure"))),
        channel=channel,
        deployment="gpu-1" if channel == "deployment" else None,
        api_key=key,
        api_key_name=draw(st.sampled_from((None, "team-a", "team-b"))) if key else None,
        input=draw(quantities(st.sampled_from(("prompt", "cached", "zeta")))),
        output=draw(quantities(st.sampled_from(("completion", "image")))),
        ttft_ns=draw(durations),
        latency_ns=draw(durations),
        status_code=draw(st.sampled_from((None, 200, 399, 404, 500))),
        error_message=draw(st.sampled_from((None, None, "Timed out"))),
        usage_source=draw(st.sampled_from(("reported", "estimated", "none"))),
        service_tier=draw(st.sampled_from((None, None, "priority"))),
        reported_cost=draw(st.sampled_from(costs)),
    )


def prices(times: st.SearchStrategy[datetime]) -> st.SearchStrategy[PriceSet]:
    """Any price of what `requests` are made of."""
    kinds = (("input", "prompt"), ("input", "cached"), ("input", "zeta"), ("output", "completion"), ("output", "image"))

    def of(kind: tuple[str, str], **told: Any) -> PriceSet:
        return price_set(direction=kind[0], category=kind[1], **told)

    return st.builds(
        of,
        st.sampled_from(kinds),
        model=st.sampled_from(("gpt-4o", "Llama", "änderung")),
        provider=st.sampled_from((None, None, "openai")),
        unit=units,
        unit_price=st.sampled_from(("0", "0.0000025", "0.000000000000000000000000000003", "999999999999", "1.5")),
        effective_from=times | st.just(datetime(2000, 1, 1, tzinfo=UTC)),
        above_prompt_tokens=st.sampled_from((None, None, 0, 1000)),
        service_tier=st.sampled_from((None, None, "priority")),
        sheet=st.sampled_from((None, None, "list")),
    )


@st.composite
def changes_of(draw: st.DrawFn, request: RequestCompleted) -> RequestCorrected | RequestVoided:
    """A correction or voiding of one of the first versions of `request`; names meet again."""
    version, id = draw(st.integers(1, 3)), f"change_{draw(st.integers(0, 8))}"
    if draw(st.integers(0, 3)) == 0:
        return voided(request, version, id=id)
    changes = {
        "model": st.sampled_from(("gpt-4o", "Llama")),
        "input": quantities(st.sampled_from(("prompt", "cached"))),
        "provider": st.sampled_from((None, "azure")),
        "status_code": st.sampled_from((None, 200, 500)),
        "api_key": st.sampled_from((None, "key-2")),
        "channel": st.sampled_from(("router", "deployment")),
        "deployment": st.sampled_from((None, "gpu-2")),
        "latency_ns": durations,
    }
    chosen = draw(st.lists(st.sampled_from(sorted(changes)), min_size=1, max_size=3, unique=True))
    return corrected(request, version, id=id, **{name: draw(changes[name]) for name in chosen})


def added_up(amounts: Iterable[str | Decimal | None]) -> Decimal:
    """The sum of what is known of them, exactly."""
    with localcontext(prec=1_000):
        return sum((Decimal(amount) for amount in amounts if amount is not None), Decimal(0))

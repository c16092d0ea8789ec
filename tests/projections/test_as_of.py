"""As of: whatever came later, an answer as of a position is the one that a log has which ends there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.calendar import Interval
from domain.events import UsageEvent, microseconds
from domain.names import account_id
from domain.phases import Status
from domain.prices import Price
from ledger.application import Ledger
from projections import router_usage
from projections.as_of import as_of, recorded_before
from projections.bill_lines import BillDimension
from projections.deployment_requests import served_by_deployment
from projections.deployment_usage import DeploymentFilter
from projections.router_facts import Dimension, Range, RouterFilter
from projections.runner import Runner
from projections.snapshot import Snapshot, Snapshots
from tests.domain import lives
from tests.events import around, at, changes_of, corrected, price_set, prices, renewed, request_completed, requests
from tests.projections.past import Question, answers, cut, dated, idle_until
from tests.projections.read_models import caught_up, start_over

ACME = account_id("acme")
START, SPAN = at("20:00"), timedelta(hours=6)  # over midnight
times = around(START, SPAN)
# Not shrunk: every example is two logs, projected, and some two hundred questions.
ON_POSTGRES = settings(max_examples=15, phases=(Phase.explicit, Phase.reuse, Phase.generate))
ACCOUNTS = ("acme", "acme", "other")
renewals = st.builds(renewed, st.just(at("20:00")), st.just(at("23:30")), st.sampled_from((None, "acme")))
gpu_prices = st.builds(lives.price, st.sampled_from(("0", "1.99", "12.3456789")), times.map(microseconds))


@dataclass(frozen=True)
class Course:
    """Batches, when each is recorded, how many events are projected at a time, and the place in the log that is asked about."""

    batches: list[list[UsageEvent]]
    recorded: list[datetime]
    sizes: list[int]
    position: int


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Requests and lives of several accounts, repeated and late; changes before and after what they change; prices, and rating again."""
    reported = draw(st.lists(requests(times, accounts=ACCOUNTS), min_size=1, max_size=25))
    served = [
        msgspec.structs.replace(each, deployment=draw(st.sampled_from(("gpu-1", "gpu-2", "gpu-3")))) if each.deployment else each
        for each in reported
    ]
    again = draw(st.lists(st.sampled_from(served), max_size=4))
    moved = [msgspec.structs.replace(each, occurred_at=each.occurred_at + draw(st.sampled_from((0, 10**9)))) for each in again]
    changes = [draw(changes_of(each)) for each in draw(st.lists(st.sampled_from(served), max_size=10))]
    told = [
        msgspec.structs.replace(event, deployment=key)
        for key in ("gpu-1", "gpu-2")
        for event in draw(lives.events(times.map(microseconds)))
    ]
    platform = [*draw(st.lists(prices(times), max_size=6)), *draw(st.lists(renewals, max_size=3)), *draw(st.lists(gpu_prices, max_size=3))]
    mixed: list[UsageEvent] = draw(st.permutations([*served, *moved, *changes, *told, *platform]))
    cuts = sorted(draw(st.lists(st.integers(0, len(mixed)), max_size=5)))
    batches = [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]
    recorded = sorted(draw(times) for _ in batches)
    return Course(batches, recorded, [draw(st.integers(1, 15)) for _ in batches], draw(st.integers(0, len(mixed))))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Anything that may be asked, of any part of that time."""
    first, last = sorted((draw(times), draw(times)))
    if first == last or draw(st.booleans()):
        first, last = START - timedelta(days=1), START + timedelta(days=2)
    return Question(
        ACME,
        Range(first, last),
        RouterFilter(
            models=draw(st.none() | st.lists(st.sampled_from(("gpt-4o", "Llama")), max_size=2)),
            providers=draw(st.none() | st.lists(st.sampled_from((None, "openai", "azure")), max_size=2)),
            api_keys=draw(st.none() | st.lists(st.sampled_from((None, "key-1", "key-2")), max_size=2)),
        ),
        draw(st.sampled_from((Interval.QUARTER_HOUR, Interval.HOUR, Interval.DAY))),
        draw(st.sampled_from(("UTC", "Asia/Kathmandu", "America/New_York")).map(ZoneInfo)),
        draw(st.frozensets(st.sampled_from((Dimension.MODEL, Dimension.PROVIDER, Dimension.API_KEY)))),
        draw(st.frozensets(st.sampled_from(sorted(BillDimension, key=lambda each: each.name)))),
        DeploymentFilter(statuses=[Status.RUNNING, Status.STOPPED], kinds=draw(st.none() | st.just(["deployment"]))),
        [Price.of(0, each) for each in draw(st.lists(prices(times), max_size=2))],
    )


@asynccontextmanager
async def looking(snapshots: Snapshots) -> AsyncIterator[Snapshot]:
    snapshot = snapshots.open()
    try:
        yield snapshot
    finally:
        await snapshot.close()


def recorded(ledger: Ledger, database_url: str, course: Course) -> int:
    """Follow the course, and tell where the log ends."""
    start_over(database_url)
    position = 0
    for batch, instant, size in zip(course.batches, course.recorded, course.sizes, strict=True):
        recording = ledger.record(batch)
        if recording.position > position:
            dated(database_url, instant)
            position = recording.position
        caught_up(Runner(database_url, batch=size))
    return position


@pytest.mark.postgres
@ON_POSTGRES
@given(course=courses(), of=questions())
async def test_as_of_a_position_the_answers_are_those_of_a_log_that_ends_there(ledger, database_url, snapshots, course, of):
    position = min(course.position, recorded(ledger, database_url, course))
    async with looking(snapshots) as snapshot:
        then = await answers(await as_of(snapshot, position), of)
    cut(database_url, position)
    caught_up(Runner(database_url))
    async with looking(snapshots) as snapshot:
        assert_same(then, await answers(snapshot, of))


@ON_POSTGRES
@given(course=courses(), asked=st.tuples(questions(), times))
async def test_what_was_recorded_before_an_instant_answers_as_a_log_that_ends_there_and_is_idle(
    ledger, database_url, snapshots, course, asked
):
    of, instant = asked
    recorded(ledger, database_url, course)
    async with looking(snapshots) as snapshot:
        instant = min(instant, (await snapshot.state()).complete_through)
        past = await recorded_before(snapshot, instant)
        then = await answers(past, of)
    cut(database_url, (await past.state()).position)
    caught_up(Runner(database_url))
    idle_until(database_url, instant)
    async with looking(snapshots) as snapshot:
        assert_same(then, await answers(snapshot, of))


async def test_a_correction_that_came_before_its_request_holds_since_the_request_came(ledger, database_url, snapshots):
    start_over(database_url)
    # Given a correction that makes a request of a deployment one of the router, then others, then the request
    request = request_completed(at("21:00"), channel="deployment", deployment="gpu-1")
    for each in (corrected(request, channel="router"), request_completed(at("21:01")), request):
        ledger.record([each])
        caught_up(Runner(database_url))
    # Then it counts as of the last position, and as of none before
    day = Range(at("00:00"), at("00:00") + timedelta(days=1))
    async with looking(snapshots) as snapshot:
        for position, count in enumerate((0, 0, 1, 2)):
            past = await as_of(snapshot, position)
            assert (await router_usage.totals(past, ACME, day, RouterFilter())).requests == count
            assert await served_by_deployment(past, ACME, day) == {}


async def test_rating_again_twice_leaves_every_fee_that_there_was(ledger, database_url, snapshots, runner):
    start_over(database_url)
    ledger.record([price_set("gpt-4o", "prompt", "1"), request_completed(at("21:00"), output=())])
    for unit_price in ("2", "3"):
        ledger.record([price_set("gpt-4o", "prompt", unit_price), renewed(at("20:00"), at("22:00"))])
    caught_up(runner)
    day = Range(at("00:00"), at("00:00") + timedelta(days=1))
    async with looking(snapshots) as snapshot:
        fees = [(await router_usage.totals(await as_of(snapshot, each), ACME, day, RouterFilter())).known_fee for each in range(1, 7)]
    assert fees == [0, 10, 10, 20, 20, 30]


def assert_same(then: dict[str, object], expected: dict[str, object]) -> None:
    differing = [name for name, answer in expected.items() if then[name] != answer]
    assert not differing, [(name, then[name], expected[name]) for name in differing[:3]]

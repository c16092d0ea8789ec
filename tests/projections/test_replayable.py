"""Replayable: following along gives the rows that a rebuild gives, and both give what the log says, to the last digit."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import limits
from domain.deployment_events import DeploymentEvent
from domain.events import UsageEvent
from projections import usage
from projections.runner import Runner
from tests.domain import lives
from tests.events import EVER_TAKEN, around, at, changes_of, corrected, price_set, prices, renewed, request_completed, requests
from tests.projections.fold import Rows, fold
from tests.projections.read_models import caught_up, log_of, rows_of, start_over

ON_POSTGRES = settings(max_examples=20)
times = around(at("22:00"), timedelta(hours=4))  # over midnight
histories = st.lists(requests(times, accounts=("acme", "other"), costs=EVER_TAKEN), max_size=40)


renewals = st.tuples(st.sampled_from((None, "acme")), st.sampled_from((None, ("Llama", "gpt-4o"))))


class CrashError(Exception):
    """Raised in the middle of a batch."""


gpu_prices = st.builds(lives.price, st.sampled_from(("0", "2.49", "0.000000000001")), lives.instants, st.sampled_from(("H100", "L4")))


@st.composite
def lifecycles(draw: st.DrawFn) -> list[DeploymentEvent]:
    """Of a few deployments of two accounts; now and then an event bears a name that a request may bear, too."""
    told: list[DeploymentEvent] = []
    for account, deployment in (("acme", "gpu-1"), ("acme", "gpu-2"), ("other", "gpu-1")):
        for event in draw(lives.events(lives.instants)):
            name = draw(st.none() | st.integers(0, 25))
            named = {} if name is None else {"source": "router/eu-1", "id": f"req_{name}"}
            told.append(msgspec.structs.replace(event, account=account, deployment=deployment, **named))
    return told


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[list[UsageEvent]], list[tuple[int, int | None]]]:
    """Batches as they are recorded, and after each how projecting goes: in batches of a size, and after how many it crashes, if it does."""
    events = draw(histories)
    again = draw(st.lists(st.sampled_from(events), max_size=10)) if events else []
    moved = [msgspec.structs.replace(each, occurred_at=each.occurred_at + draw(st.sampled_from((0, 1, 10**9)))) for each in again]
    set_prices = draw(st.lists(prices(times), max_size=8))
    changes = [draw(changes_of(each)) for each in draw(st.lists(st.sampled_from(events), max_size=8))] if events else []
    again_rated = [renewed(at("22:00"), at("23:30"), *chosen) for chosen in draw(st.lists(renewals, max_size=2))]
    told = [*draw(lifecycles()), *draw(st.lists(gpu_prices, max_size=3))]
    mixed: list[UsageEvent] = draw(st.permutations([*events, *moved, *set_prices, *changes, *again_rated, *told]))
    cuts = sorted(draw(st.lists(st.integers(0, len(mixed)), max_size=4)))
    batches = [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]
    going = st.tuples(st.integers(1, 15), st.none() | st.integers(0, 3))
    return batches, [draw(going) for _ in batches]


def follow_until_crash(database_url: str, batch: int, crash_after: int | None) -> None:
    """A runner of its own, whose transaction fails after its rows were written."""

    def apply(*arguments, **options):
        nonlocal crash_after
        usage_apply(*arguments, **options)
        if crash_after == 0:
            raise CrashError
        crash_after = None if crash_after is None else crash_after - 1

    usage_apply = usage.apply
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usage, "apply", apply)
        with suppress(CrashError):
            caught_up(Runner(database_url, batch=batch))


@pytest.mark.postgres
@ON_POSTGRES
@given(course=courses(), rebuild_batch=st.integers(1, 60))
def test_replayable_for_any_batches_and_crashes_the_rows_are_what_the_log_says(ledger, database_url, course, rebuild_batch):
    start_over(database_url)
    for batch, (size, crash_after) in zip(*course, strict=True):
        ledger.record(batch)
        follow_until_crash(database_url, size, crash_after)
    live = caught_up(Runner(database_url))
    expected = fold(log_of(database_url))
    assert_same(rows_of(database_url), expected)
    rebuilt = Runner(database_url, batch=rebuild_batch).rebuild()
    assert (rebuilt.number, rebuilt.position) == (live.number + 1, live.position)
    assert_same(rows_of(database_url), expected)


def assert_same(rows: Rows, expected: Rows) -> None:
    for table, own in expected.items():
        assert rows[table] == own, table


def figures(rows: Rows) -> Rows:
    """The rows without the places in the log, in an order of their own."""
    places = {
        "history": (3, 4, 5), "router_buckets": (15,), "router_model_buckets": (15,),
        "api_keys": (5,), "deployments": (2,), "deployment_events": (2,), "deployment_buckets": (8,),
    }  # fmt: skip
    without = {
        table: [tuple(value for i, value in enumerate(row) if i not in places.get(table, ())) for row in rows[table]] for table in rows
    }
    return {table: sorted(own, key=repr) for table, own in without.items()}


@ON_POSTGRES
@given(events=histories, told=lifecycles(), data=st.data())
def test_replayable_where_nothing_conflicts_the_order_of_arrival_changes_no_figure(ledger, database_url, events, told, data):
    distinct = list({(event.account, event.source, event.id): event for event in (*events, *told)}.values())
    found: list[Rows] = []
    for order in (distinct, data.draw(st.permutations(distinct))):
        start_over(database_url)
        ledger.record(order)
        caught_up(Runner(database_url, batch=7))
        found.append(figures(rows_of(database_url)))
    assert found[0] == found[1]


def test_a_late_report_lands_in_the_hour_it_happened(ledger, database_url, runner):
    # Given an hour that is over and projected
    ledger.record([request_completed(at("09:00")), request_completed(at("10:00"))])
    caught_up(runner)
    # When a request of that hour is reported late
    ledger.record([request_completed(at("09:59"))])
    caught_up(runner)
    # Then it counts in the hour it happened
    assert requests_by_start(rows_of(database_url), 3600) == {"09:00": 2, "10:00": 1}
    assert requests_by_start(rows_of(database_url), 900) == {"09:00": 1, "09:45": 1, "10:00": 1}


def requests_by_start(rows: Rows, grain: int) -> dict[str, int]:
    return {f"{start:%H:%M}": requests for _, width, start, _, requests, *_ in rows["router_buckets"] if width == grain}


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_once_a_name_that_comes_back_with_another_time_is_a_conflict_and_does_not_count(ledger, database_url, batch):
    first, later, earlier, other = (
        request_completed(at(clock), id="1", account=account)
        for clock, account in (("09:00", "acme"), ("10:00", "acme"), ("08:00", "acme"), ("10:00", "other"))
    )
    assert {outcome.value for outcome in ledger.record([first, later, earlier, other]).outcomes} == {"recorded"}
    caught_up(Runner(database_url, batch=batch))
    rows = rows_of(database_url)
    assert [position for _, position, *_ in rows["name_conflicts"]] == [2, 3]
    assert requests_by_start(rows, 3600) == {"09:00": 1, "10:00": 1}
    assert rows == fold(log_of(database_url))


def test_an_api_key_bears_the_name_of_its_latest_request_whatever_arrived_last(ledger, database_url, runner):
    named: Sequence[tuple[str, str | None]] = [("09:00", "old"), ("11:00", "new"), ("10:00", "middle"), ("12:00", None)]
    for clock, name in named:
        ledger.record([request_completed(at(clock), api_key="key-7", api_key_name=name)])
        caught_up(runner)
    ((_, key, name, *_),) = rows_of(database_url)["api_keys"]
    assert (key, name) == ("key-7", "new")


def test_a_batch_of_nothing_but_conflicts_moves_the_position(ledger, database_url, runner):
    ledger.record([request_completed(at("09:00"), id="1")])
    caught_up(runner)
    ledger.record([request_completed(at("10:00"), id="1"), request_completed(at("11:00"), id="1")])
    assert caught_up(runner).position == 3
    assert len(rows_of(database_url)["history"]) == 1


def test_bounded_a_request_corrected_a_thousand_times_in_one_batch_holds_nobody_up(ledger, database_url, runner):
    request = request_completed(at("09:00"), id="1")
    changes = [corrected(request, version, input=(("prompt", "token", version),)) for version in range(1, limits.MAX_VERSION)]
    ledger.record([price_set(), *reversed(changes), request, request_completed(at("09:00"), account="other")])
    caught_up(runner)
    rows = rows_of(database_url)
    assert rows == fold(log_of(database_url))
    assert {version for _, _, _, _, _, _, version, *_ in rows["history"]} == {1, limits.MAX_VERSION}

"""Told: whatever changes an account's router usage is told with its commit, and is seen by who looks. What changes nothing of it is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.events import UsageEvent
from domain.names import account_id
from ledger.application import CELL, Ledger
from ledger.listening import Listener
from projections import router_usage
from projections.generations import Generation
from projections.router_facts import Range, RouterFilter
from projections.router_mark import Mark, mark
from projections.runner import Runner
from projections.snapshot import Snapshots
from projections.usage_news import CHANNEL, MAX_ACCOUNTS_TOLD, Moved, UsageNews
from tests.events import around, at, changes_of, corrected, price_set, renewed, request_completed, requests, voided
from tests.projections.read_models import start_over

ACCOUNTS = ("acme", "other")
START, SPAN = at("09:00"), timedelta(hours=3)
times = around(START, SPAN)
ON_POSTGRES = settings(max_examples=20, phases=(Phase.explicit, Phase.reuse, Phase.generate))


class Told:
    """What is told on the channel, commit by commit."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def next(self) -> list[Moved]:
        """What was told since it was asked last. A connection gets what is committed before its own statement."""
        self._connection.execute("SELECT")
        return [msgspec.json.decode(each.payload, type=Moved) for each in self._connection.notifies(timeout=0)]


@pytest.fixture
def told(database_url: str) -> Iterator[Told]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield Told(connection)


@contextmanager
def projecting(runner: Runner) -> Iterator[Any]:
    """Lets the read models include all that is recorded, whenever it is called."""
    with runner.connect() as connection:
        live = [runner.ensure_live(connection)]

        def project() -> Generation:
            live[0] = runner.catch_up(connection, live[0])
            return live[0]

        yield project


@st.composite
def courses(draw: st.DrawFn) -> list[list[UsageEvent]]:
    """Batches: requests, what is corrected and voided of them, before and after them, prices and ratings again."""
    reported = draw(st.lists(requests(times, accounts=ACCOUNTS), min_size=1, max_size=15))
    changes = [draw(changes_of(each)) for each in draw(st.lists(st.sampled_from(reported), max_size=8))]
    platform = [price_set("gpt-4o", "prompt", "0.5"), renewed(START, START + SPAN), renewed(START, START + SPAN, "acme")]
    mixed: list[UsageEvent] = draw(st.permutations([*reported, *changes, *platform]))
    cuts = sorted(draw(st.lists(st.integers(0, len(mixed)), max_size=6)))
    return [batch for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True) if (batch := mixed[start:end])]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Range, RouterFilter]:
    """A range that may cut quarter-hours, and a filter."""
    start, end = sorted((draw(times), draw(times)))
    range = Range(start, end) if start < end and draw(st.booleans()) else Range(START - SPAN, START + 2 * SPAN)
    models = draw(st.none() | st.lists(st.sampled_from(("gpt-4o", "Llama", "änderung")), max_size=2))
    return range, RouterFilter(models=models, providers=draw(st.none() | st.just([None, "azure"])))


async def usage(snapshots: Snapshots, account: str, range: Range, filter: RouterFilter) -> tuple[Mark, Any]:
    """The mark, and all that it stands for; how much of it is dated after now runs with time alone."""
    snapshot, id = snapshots.open(), account_id(account)
    try:
        totals = replace(await router_usage.totals(snapshot, id, range, filter), ahead=0)
        return await mark(snapshot, id, range, filter), (totals, await router_usage.breakdown(snapshot, id, range, filter))
    finally:
        await snapshot.close()


@given(course=courses(), question=questions())
@ON_POSTGRES
async def test_told_whatever_changes_usage_is_told_of_its_account_and_moves_the_mark(
    ledger: Ledger, runner: Runner, snapshots: Snapshots, told: Told, database_url: str, *, course: Any, question: Any
):
    start_over(database_url)
    with projecting(runner) as project:
        project()
        before = {account: await usage(snapshots, account, *question) for account in ACCOUNTS}
        told.next()
        for batch in course:
            ledger.record(batch)
            live = project()
            news = told.next()
            assert [each.position for each in news][-1:] in ([], [live.position])
            for account in ACCOUNTS:
                after = await usage(snapshots, account, *question)
                if after[1] != before[account][1]:
                    assert after[0] != before[account][0]
                    assert any(each.accounts is None or account_id(account) in [*each.accounts] for each in news)
                before[account] = after


async def test_only_those_are_named_whose_router_usage_may_have_changed(ledger: Ledger, runner: Runner, told: Told):
    acme, other = account_id("acme"), account_id("other")
    first = request_completed(at("09:00"))
    with projecting(runner) as project:
        project()
        told.next()
        named: list[tuple[UsageEvent, list[Any] | None]] = [
            (first, [acme]),
            (request_completed(at("09:00"), account="other"), [other]),
            (request_completed(at("09:00"), account="other", channel="deployment", deployment="gpu-1"), []),
            (corrected(first, model="claude"), [acme]),
            (voided(first, 2), [acme]),
            (price_set("gpt-4o", "prompt", "0.5"), []),
            (renewed(at("09:00"), at("10:00")), None),
        ]
        for event, accounts in named:
            ledger.record([event])
            live = project()
            [news] = told.next()
            assert (news.cell, news.position) == (CELL, live.position)
            assert (news.accounts if news.accounts is None else [*news.accounts]) == accounts


async def test_that_time_goes_by_is_told_of_nobody(runner: Runner, told: Told):
    with runner.connect() as connection:
        runner.tick(connection, runner.ensure_live(connection))
    assert [each.accounts for each in told.next()] == [[]]


async def test_bounded_accounts_in_one_payload_beyond_which_it_is_anybody_s(ledger: Ledger, runner: Runner, told: Told):
    for number, named in ((MAX_ACCOUNTS_TOLD, True), (MAX_ACCOUNTS_TOLD + 1, False)):
        with projecting(runner) as project:
            project()
            told.next()
            ledger.record([request_completed(at("09:00"), account=f"account-{i}") for i in range(number)])
            project()
            [news] = told.next()
            assert (news.accounts is not None) is named


async def test_what_is_built_beside_the_live_read_models_is_no_news(ledger: Ledger, runner: Runner, told: Told):
    with projecting(runner) as project:
        ledger.record([request_completed(at("09:00"))])
        project()
    told.next()
    runner.rebuild()
    assert told.next() == []


def test_hints_reach_those_they_concern_and_a_gap_reaches_all():
    news = UsageNews(listener := Listener("postgresql://nobody"))
    acme, other = account_id("acme"), account_id("other")
    with news.about(acme) as of_acme, news.about(other) as of_other:

        def woken(payload: str | None) -> tuple[bool, bool]:
            of_acme.clear()
            of_other.clear()
            listener._channels[CHANNEL](payload)
            return of_acme._there, of_other._there

        assert woken(Moved(CELL, 5, [acme]).payload()) == (True, False)
        assert woken(Moved(CELL, 6, ()).payload()) == (False, False)
        assert news.reached.position == 6
        assert woken(Moved("another", 9, None).payload()) == (False, False)
        assert news.reached.position == 6
        assert woken(Moved(CELL, 7, None).payload()) == (True, True)
        assert woken(None) == (True, True)
        assert news.reached.position == 0

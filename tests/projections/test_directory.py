"""What lies beside the log: accounts, reports kept aside, conflicts of both kinds, and how far the read models are."""

from datetime import timedelta

import pytest

from domain.names import account_id
from domain.notation import cloudevent
from ledger import accounts, aside
from ledger.application import CELL
from ledger.shapes import DIGEST, to_state
from projections import directory
from projections.directory import ReadModelState
from projections.usage import READ_MODELS
from tests.events import at, request_completed
from tests.projections.read_models import caught_up

ACME = account_id("acme")


def keep(ledger, rejected=(), conflicting=()) -> None:
    with ledger.connection() as connection:
        aside.keep(connection, rejected, conflicting)


async def test_accounts_are_listed_by_key(ledger, snapshot):
    keys = ["zeta", "Acme", "acme", "ä", "acme 2"]
    with ledger.connection() as connection:
        accounts.ensure(connection, keys, CELL)
    assert await directory.count_accounts(snapshot) == 5
    in_order = sorted(keys, key=str.encode)
    assert [account.key for account in await directory.accounts(snapshot, 10)] == in_order
    found: list[str] = []
    while page := await directory.accounts(snapshot, 2, found[-1] if found else None):
        found += [account.key for account in page]
    assert found == in_order
    acme = await directory.account(snapshot, ACME)
    assert acme is not None
    assert (acme.id, acme.key) == (ACME, "acme")
    assert await directory.account(snapshot, account_id("unheard of")) is None


async def test_nothing_lost_refused_reports_are_read_back_whole_newest_first(ledger, snapshot):
    bodies = [b"{", b"\xff\x00", b"x" * 3_000_000]
    for body in bodies:
        keep(ledger, [aside.Rejected("acme", "application/json", "data.model", "is required", body)])
    keep(ledger, [aside.Rejected("acme", "application/json", None, "once more", bodies[0])])  # known already
    assert await directory.count_rejections(snapshot) == 3
    found: list[directory.Rejection] = []
    while page := await directory.rejections(snapshot, 2, (found[-1].received_at, found[-1].digest) if found else None):
        found += page
    assert [rejection.body for rejection in found] == bodies[::-1]
    assert {(each.account, each.dialect, each.field, each.message) for each in found} == {
        ("acme", "application/json", "data.model", "is required")
    }
    assert await directory.rejection(snapshot, found[1].digest) == found[1]
    assert await directory.rejection(snapshot, b"unheard of") is None


@pytest.mark.postgres
async def test_once_conflicts_found_on_arrival_and_those_found_when_projected_are_listed_together(ledger, runner, snapshot):
    first, changed = request_completed(at("09:00"), id="1"), request_completed(at("09:00"), id="1", model="o3")
    moved = [request_completed(at("09:00") + timedelta(hours=hours), id="1") for hours in (1, 2, 3)]
    stranger = request_completed(at("10:00"), id="1", account="other")
    (conflict,) = ledger.record([first, changed]).conflicts
    keep(ledger, (), [aside.Conflicting(ACME, first.originator_id, first.TOPIC, conflict.standing, first.TOPIC, conflict.refused)])
    ledger.record([stranger, *moved])
    caught_up(runner)
    assert await directory.count_conflicts(snapshot, ACME) == 4
    assert await directory.count_conflicts(snapshot, account_id("other")) == 0
    found: list[directory.ConflictingReport] = []
    while True:
        after = (found[-1].received_at, found[-1].originator_id, found[-1].digest) if found else None
        page = await directory.conflicts(snapshot, ACME, 1, after)
        if not page:
            break
        found += page
    assert found == await directory.conflicts(snapshot, ACME, 10)
    assert [each.received_at for each in found] == sorted((each.received_at for each in found), reverse=True)
    assert {(each.source, each.event_id) for each in found} == {("router/eu-1", "1")}
    assert all(each.standing == cloudevent(first) for each in found)
    refused = [changed, *moved]
    assert sorted(each.digest for each in found) == sorted(to_state(event)[DIGEST] for event in refused)
    assert sorted(each.refused["time"] for each in found) == sorted(cloudevent(event)["time"] for event in refused)


async def test_read_models_say_how_far_behind_they_are(ledger, runner, snapshots):
    ledger.record([request_completed(), request_completed()])
    caught_up(runner)
    ledger.record([request_completed()])
    snapshot = snapshots.open()
    names = sorted(READ_MODELS)
    assert await directory.read_models(snapshot) == (3, [ReadModelState(name, 2, 1, None) for name in names])
    await snapshot.close()

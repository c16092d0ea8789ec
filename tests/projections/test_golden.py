"""Old bytes give the figures that they gave: a log of every type and shape, projected, is compared row by row with what was found right."""

from uuid import UUID

import pytest

from ledger.application import Outcome
from projections.runner import Runner
from tests.ledger.stored import STORED, insert
from tests.projections.fold import fold
from tests.projections.golden import golden, parsed, rows_as_text
from tests.projections.read_models import caught_up, log_of, rows_of

FIRST = STORED[0]


@pytest.mark.postgres
@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_replayable_events_of_every_shape_give_the_golden_read_models(database_url, batch):
    insert(database_url)
    caught_up(Runner(database_url, batch=batch))
    assert_golden(database_url)
    Runner(database_url, batch=7).rebuild()
    assert_golden(database_url)


def test_the_golden_read_models_are_what_a_plain_fold_of_the_log_gives(database_url):
    insert(database_url)
    caught_up(Runner(database_url))
    renamed = {UUID(bytes=FIRST.event.originator_id): UUID(FIRST.originator_id)}  # which was made another way then
    folded = fold(log_of(database_url))
    expected = {
        table: [tuple(renamed.get(value, value) if isinstance(value, UUID) else value for value in row) for row in rows]
        for table, rows in folded.items()
    }
    assert rows_of(database_url) == expected


def test_once_old_events_that_are_sent_again_change_no_figure(ledger, database_url):
    insert(database_url)
    outcomes = ledger.record([each.event for each in STORED]).outcomes
    # The very first had another identifier: it is recorded again, and then found to bear a name that is taken
    assert outcomes == [Outcome.RECORDED] + [Outcome.DUPLICATE] * (len(STORED) - 1)
    caught_up(Runner(database_url))
    rows = parsed(rows_as_text(database_url))
    expected = golden()
    conflicts, before = rows.pop("name_conflicts"), expected.pop("name_conflicts")
    assert [each["position"] for each in conflicts if each not in before] == [len(STORED) + 1]
    assert rows == expected


def assert_golden(database_url: str) -> None:
    rows, expected = parsed(rows_as_text(database_url)), golden()
    assert rows.keys() == expected.keys()
    for table, own in expected.items():
        assert rows[table] == own, f"{table}: if this is meant, see tests/projections/golden.py"

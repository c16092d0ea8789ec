"""Tables that are filled without keys have the rows and the keys of those that were kept up all along, whatever names are repeated."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections import filling, repeated_names
from projections.generations import Generation
from projections.runner import Runner
from tests.events import at, corrected, request_completed
from tests.projections.fold import fold
from tests.projections.read_models import caught_up, log_of, rows_of, start_over, watched
from tests.projections.test_replayable import assert_same, courses
from tests.projections.test_runner import day_of_requests

ON_POSTGRES = settings(max_examples=15)
NOTHING_KNOWN = "DELETE FROM {name_conflicts}"
ALL_SUSPECTED = """
    INSERT INTO {name_conflicts} SELECT account_id, position, id, 1, id, 1 FROM {history} ON CONFLICT DO NOTHING"""
INDEXES = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'cell_0' AND tablename ~ %s"


def mislead(database_url: str, live: Generation, hint: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(live.tables("cell_0").sql(hint))


def indexes(database_url: str, generation: int) -> set[str]:
    """As statements, without the number of the generation."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(INDEXES, [f"_{generation}$"]).fetchall()
    return {statement.replace(f"_{generation}", "") for _, statement in found}


@ON_POSTGRES
@given(course=courses(), hint=st.sampled_from((NOTHING_KNOWN, ALL_SUSPECTED)), known=st.sampled_from((0, 2, 100_000)))
def test_replayable_whatever_is_thought_beforehand_of_the_names_that_are_repeated(ledger, database_url, course, hint, known):
    start_over(database_url)
    for batch in course[0]:
        ledger.record(batch)
    expected = fold(log_of(database_url))
    live = caught_up(Runner(database_url))
    mislead(database_url, live, hint)
    with pytest.MonkeyPatch.context() as patch:
        for module in (filling, repeated_names):
            patch.setattr(module, "MAX_REPEATED", known)
        rebuilt = Runner(database_url, batch=7).rebuild()
    assert_same(rows_of(database_url), expected)
    assert indexes(database_url, rebuilt.number) == indexes(database_url, live.number)


def test_names_that_turn_out_to_be_repeated_are_counted_once_and_in_the_second_attempt(ledger, database_url):
    # Given a name in the first and in the last batch, and read models that do not say so
    first, again = request_completed(at("09:00"), id="same"), request_completed(at("10:00"), id="same")
    ledger.record([first, *day_of_requests(20), again])
    mislead(database_url, caught_up(Runner(database_url)), NOTHING_KNOWN)
    # When they are built anew
    told: list[int] = []
    Runner(database_url, batch=11).rebuild(lambda done, _total: told.append(done))
    # Then the tables are filled twice, and what came first stands
    assert told == [0, 11, 0, 11, 22]
    assert [position for _, position, *_ in rows_of(database_url)["name_conflicts"]] == [22]
    assert rows_of(database_url) == fold(log_of(database_url))


def test_the_key_of_requests_is_made_by_the_first_change_that_looks_one_up_and_that_of_names_at_the_end(ledger, database_url):
    request = request_completed(at("09:00"))
    ledger.record([request, *day_of_requests(9), corrected(request, 1, model="other"), *day_of_requests(9)])
    new = caught_up(Runner(database_url)).number + 1
    seen: list[set[str]] = []
    watched(Runner(database_url, batch=10), lambda: seen.append({"history", "event_names"} & keyed(database_url, new))).rebuild()
    assert seen == [set(), {"history"}]
    assert {"history", "event_names"} <= keyed(database_url, new)
    assert rows_of(database_url) == fold(log_of(database_url))


def keyed(database_url: str, generation: int) -> set[str]:
    with psycopg.connect(database_url) as connection:
        return {table.removesuffix(f"_{generation}") for table, _ in connection.execute(INDEXES, [f"_{generation}$"])}

"""Durable and whole: what is appended while it is being made is in the log as if it had been made before, or not at all."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.application import Ledger, Outcome
from ledger.entries import Entries
from tests.events import request_completed
from tests.ingest.sending import log_held
from tests.ledger.log import outcomes, read
from tests.ledger.lossy_proxy import LossyProxy


def parts_of(*sizes: int) -> list[Entries]:
    return [Entries.of(request_completed() for _ in range(size)) for size in sizes]


@given(sizes=st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=4), min_size=1, max_size=3))
def test_the_log_is_whole_however_it_was_cut_into_parts(ledger, database_url, sizes):
    for each in sizes:
        before, parts = read(database_url), parts_of(*each)
        recording = ledger.append_as_made(iter(parts))
        assert recording is not None
        assert outcomes(recording) == {Outcome.RECORDED: sum(each)}
        log = read(database_url)
        assert recording.position == log.head[0] == len(before.rows) + sum(each)
        assert log.rows == before.rows + [row for part in parts for row in part.rows]
        log.assert_whole()


def test_while_another_writer_has_the_log_nothing_waits_and_nothing_is_recorded(ledger, database_url):
    with log_held(database_url):
        assert ledger.append_as_made(iter(parts_of(2, 2))) is None
    assert read(database_url).events == []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_name_that_is_taken_takes_all_of_it_back(ledger, database_url, place):
    known, *parts = parts_of(1, 2, 2)
    ledger.append(known)
    parts.insert(place, known)
    assert ledger.append_as_made(iter(parts)) is None
    assert len(read(database_url).events) == 1
    # Then all of it can be appended in the other way
    whole = Entries()
    for part in parts:
        whole.extend(part)
    assert outcomes(ledger.append(whole)) == {Outcome.RECORDED: 4, Outcome.DUPLICATE: 1}
    read(database_url).assert_whole()


def test_a_name_that_is_there_twice_takes_all_of_it_back(ledger, database_url):
    (twice,) = parts_of(1)
    assert ledger.append_as_made(iter([twice, *parts_of(2), twice])) is None
    assert read(database_url).events == []


def test_whoever_has_sent_what_is_known_is_looked_up_first_until_all_is_new(ledger, database_url):
    (known,) = parts_of(2)
    ledger.append(known)
    ledger.append(known)
    left = iter(parts_of(1))
    assert ledger.append_as_made(left) is None
    assert len([*left]) == 1  # nothing was tried
    ledger.append(*parts_of(1))
    assert ledger.append_as_made(iter(parts_of(1))) is not None
    read(database_url).assert_whole()


def test_what_is_raised_in_the_making_is_raised_and_nothing_is_recorded(ledger, database_url):
    def broken() -> Iterator[Entries]:
        yield from parts_of(2)
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        ledger.append_as_made(broken())
    assert read(database_url).events == []
    assert ledger.append_as_made(iter(parts_of(1))) is not None


@pytest.mark.postgres
def test_where_the_connection_is_lost_it_has_to_be_appended_in_the_other_way(database_url):
    with LossyProxy(database_url) as proxy, closing(Ledger(proxy.url)) as ledger:
        ledger.record([])
        parts = parts_of(2, 2)
        proxy.lose_answers_to_commit()
        assert ledger.append_as_made(iter(parts)) is None
        for part in parts:
            assert outcomes(ledger.append(part)) == {Outcome.DUPLICATE: 2}
    read(database_url).assert_whole()

"""A life out of its events: every defined reading by example, and what holds for any events in any order."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.lifecycle import fold
from domain.phases import (
    Phase,
    Status,
    counts_as_fine_tuning,
    is_running,
    phase_at,
    running_time,
    status_at,
    stopped_at,
)
from tests.domain.lives import events, few_instants, told

GPU = 1_000_000


def life_of(*what: tuple) -> list[tuple]:
    """The phases of a life, as plain tuples with whole GPUs."""
    return [(start, end, str(status), gpus and gpus / GPU) for start, end, status, gpus in fold(told(*each) for each in what).phases]


def contradictions(*what: tuple) -> list[tuple[str, int, str]]:
    found = fold(told(*each) for each in what).contradictions
    return [(each.type.removeprefix("deployment."), each.occurred_at, each.sentence) for each in found]


def test_a_whole_life():
    what = [("created", 1, 2), ("started", 3), ("scaled", 5, 4), ("stopped", 7), ("started", 8), ("succeeded", 9)]
    assert life_of(*what) == [
        (1, 3, "pending", 0), (3, 5, "running", 2), (5, 7, "running", 4),
        (7, 8, "stopped", 0), (8, 9, "running", 4), (9, None, "succeeded", 0),
    ]  # fmt: skip
    assert contradictions(*what) == []
    life = fold(told(*each) for each in what)
    assert (life.created_at, life.started_at, life.ended_at) == (1, 3, 9)


def test_its_creation_describes_it():
    life = fold([told("created", 1, 0.46, name="Chat", kind="fine_tuning", model="llama", gpu_type="H100"), told("started", 3)])
    assert (life.name, life.kind, life.model, life.gpu_type, life.gpus) == ("Chat", "fine_tuning", "llama", "H100", 460_000)
    assert (life.created_at, life.started_at, life.ended_at) == (1, 3, None)


def test_what_was_never_told_is_null_and_the_kind_is_deployment():
    life = fold([told("started", 3, 1), told("failed", 5)])
    assert (life.name, life.kind, life.model, life.gpu_type, life.gpus) == (None, "deployment", None, None, None)
    assert (life.created_at, life.started_at, life.ended_at) == (None, 3, 5)
    assert life.contradictions == ()
    assert fold([told("created", 1)]).kind == "deployment"


def test_nothing_told_is_no_life_yet():
    life = fold([])
    assert (life.phases, life.contradictions, life.kind) == ((), (), "deployment")
    assert status_at(life.phases, 5) == Status.PENDING


def test_the_first_creation_stands_and_a_second_is_contradictory():
    life = fold([told("created", 2, 8, name="second", kind="fine_tuning"), told("created", 1, 1, name="first"), told("started", 3)])
    assert (life.name, life.kind, life.created_at, life.phases[-1].gpus) == ("first", "deployment", 1, GPU)
    assert [(each.type, each.occurred_at) for each in life.contradictions] == [("deployment.created", 2)]


def test_of_two_creations_at_once_the_one_with_the_lesser_name_stands():
    for order in (1, -1):
        two = [told("created", 1, name=name, id=name) for name in ("a", "b")][::order]
        assert fold(two).name == "a"


def test_a_contradiction_names_its_event():
    (found,) = fold([told("stopped", 7, source="eu", id="s-1")]).contradictions
    assert found == ("eu", "s-1", 7, "deployment.stopped", "The deployment did not run: it is ignored.")


def test_a_start_while_it_runs_is_read_as_a_scaling_and_contradictory():
    what = [("started", 1, 1), ("started", 3, 4), ("stopped", 5)]
    assert life_of(*what) == [(1, 3, "running", 1), (3, 5, "running", 4), (5, None, "stopped", 0)]
    assert contradictions(*what) == [("started", 3, "The deployment ran already: it is read as a scaling.")]


def test_a_start_while_it_runs_without_a_number_is_ignored_and_contradictory():
    what = [("started", 1, 1), ("started", 3)]
    assert life_of(*what) == [(1, None, "running", 1)]
    assert contradictions(*what) == [("started", 3, "The deployment ran already: it is ignored.")]


@pytest.mark.parametrize("what", ["scaled", "stopped"])
@pytest.mark.parametrize("before", [(), (("created", 1, 1),), (("started", 1, 1), ("stopped", 2))])
def test_scaled_or_stopped_while_it_does_not_run_is_ignored_and_contradictory(what, before):
    assert life_of(*before, (what, 5, 3)) == life_of(*before)
    assert contradictions(*before, (what, 5, 3)) == [(what, 5, "The deployment did not run: it is ignored.")]


def test_a_scaling_that_is_ignored_tells_the_next_start_nothing():
    assert life_of(("created", 1, 1), ("scaled", 2, 8), ("started", 3))[-1] == (3, None, "running", 1)


@pytest.mark.parametrize("end", ["succeeded", "failed"])
@pytest.mark.parametrize("after", ["started", "scaled", "stopped", "succeeded", "failed"])
def test_what_comes_after_the_end_is_ignored_and_contradictory(end, after):
    before = [("started", 1, 1), (end, 2)]
    assert life_of(*before, (after, 3, 1)) == life_of(*before) == [(1, 2, "running", 1), (2, None, end, 0)]
    assert contradictions(*before, (after, 3, 1)) == [
        (after, 3, f"It is told of after the deployment had {end}, which is for good: it is ignored.")
    ]


@pytest.mark.parametrize("end", ["succeeded", "failed"])
@pytest.mark.parametrize("before", [(), (("created", 1, 1),), (("started", 1, 1), ("stopped", 2))])
def test_it_may_end_without_running(end, before):
    assert life_of(*before, (end, 5))[-1] == (5, None, end, 0)
    assert contradictions(*before, (end, 5)) == []


@pytest.mark.parametrize("first", [("started", 1, 2), ("failed", 1), ("succeeded", 1)])
def test_a_creation_dated_after_other_events_describes_and_is_contradictory(first):
    life = fold([told(*first), told("created", 3, 4, name="Chat")])
    assert (life.name, life.created_at) == ("Chat", 3)
    assert life_of(first, ("created", 3, 4)) == life_of(first)
    assert contradictions(first, ("created", 3, 4)) == [
        ("created", 3, "It is dated after other events of the deployment: it describes it, and they stand.")
    ]


def test_a_creation_after_what_was_ignored_comes_in_time():
    what = [("stopped", 1), ("created", 3, 4)]
    assert life_of(*what) == [(3, None, "pending", 0)]
    assert [each[:2] for each in contradictions(*what)] == [("stopped", 1)]


def test_a_start_takes_the_number_of_a_creation_that_is_dated_after_it():
    assert life_of(("started", 1), ("created", 3, 4)) == [(1, None, "running", 4)]


def test_a_start_without_a_number_takes_the_one_told_last():
    assert life_of(("created", 1, 2), ("started", 2, 3), ("stopped", 3), ("started", 4))[-1] == (4, None, "running", 3)
    assert life_of(("created", 1, 2), ("started", 2), ("scaled", 3, 5), ("stopped", 4), ("started", 5))[-1] == (5, None, "running", 5)
    assert life_of(("started", 1, 2), ("stopped", 2), ("created", 3, 4), ("started", 5))[-1] == (5, None, "running", 4)


def test_a_start_that_nobody_told_a_number_for_runs_with_an_unknown_one():
    what = [("created", 1), ("started", 3), ("scaled", 5, 1), ("stopped", 6), ("started", 7)]
    assert life_of(*what) == [
        (1, 3, "pending", 0), (3, 5, "running", None), (5, 6, "running", 1), (6, 7, "stopped", 0), (7, None, "running", 1),
    ]  # fmt: skip
    assert contradictions(*what) == [
        ("started", 3, "It tells no number of GPUs, nor did anything before it: the duration counts, GPU time and fee are unknown.")
    ]


def test_a_scaling_without_a_number_is_ignored_and_contradictory():
    assert life_of(("started", 1, 1), ("scaled", 3)) == [(1, None, "running", 1)]
    assert contradictions(("started", 1, 1), ("scaled", 3)) == [("scaled", 3, "It tells no number of GPUs: it is ignored.")]


def test_scaled_to_nothing_it_still_runs():
    life = fold([told("started", 1, 1), told("scaled", 3, 0), told("scaled", 5, 2)])
    assert [(each.status, each.gpus) for each in life.phases] == [("running", GPU), ("running", 0), ("running", 2 * GPU)]
    assert is_running(life.phases, 4)
    assert running_time(life.phases, 0, 9, 9) == 8


def test_events_of_one_instant_leave_no_empty_phase():
    assert life_of(("created", 1, 2), ("started", 1), ("scaled", 1, 4), ("stopped", 5)) == [(1, 5, "running", 4), (5, None, "stopped", 0)]
    # What began and ended at once is a fact all the same.
    life = fold([told("started", 5, 1), told("succeeded", 5)])
    assert (life.phases, life.started_at, life.ended_at) == ((Phase(5, None, Status.SUCCEEDED, 0),), 5, 5)


def test_a_stop_and_a_start_of_one_instant_are_read_by_rank_the_start_first():
    what = [("started", 1, 1), ("stopped", 5), ("started", 5)]
    assert life_of(*what) == [(1, 5, "running", 1), (5, None, "stopped", 0)]
    assert [each[:2] for each in contradictions(*what)] == [("started", 5)]


def test_a_scaling_that_changes_nothing_begins_no_phase():
    assert life_of(("started", 1, 2), ("scaled", 3, 2), ("scaled", 5, 4), ("scaled", 5, 2)) == [(1, None, "running", 2)]


def test_what_is_dated_after_now_has_not_happened_yet():
    phases = fold([told("created", 1, 1), told("started", 3), told("stopped", 5), told("started", 6), told("failed", 8)]).phases
    statuses = [str(status_at(phases, now)) for now in range(10)]
    assert statuses == ["pending"] * 3 + ["running"] * 2 + ["stopped"] + ["running"] * 2 + ["failed"] * 2
    assert [stopped_at(phases, now) for now in (0, 2, 4, 5, 7, 9)] == [None, None, None, 5, None, 8]
    assert phase_at(phases, 0) is None
    assert [running_time(phases, 0, 99, now) for now in (0, 3, 4, 5, 6, 7, 8, 99)] == [0, 0, 1, 2, 2, 3, 4, 4]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ((("created", 1, 1),), False),  # it never ran
        ((("started", 1, 1),), True),
        ((("started", 1, 1), ("succeeded", 9)), False),  # over before the range
        ((("started", 1, 1), ("succeeded", 10)), True),
        ((("started", 1, 1), ("stopped", 5), ("succeeded", 15)), True),  # succeeded in it
        ((("succeeded", 10),), True),
        ((("succeeded", 20),), False),
        ((("started", 19, 1),), True),
        ((("created", 1, 1), ("started", 20)), False),
        ((("started", 11, 1), ("failed", 19)), False),
        ((("started", 11, 1), ("failed", 20)), True),  # failed only after it
        ((("started", 11, 1), ("stopped", 12)), True),
        ((("started", 11), ("stopped", 12)), True),  # with a number that nobody told
        ((("started", 11, 0), ("stopped", 12)), True),
    ],
)
def test_a_fine_tuning_counts_where_it_ran_or_succeeded_and_had_not_failed(what, expected):
    assert counts_as_fine_tuning(fold(told(*each) for each in what).phases, 10, 20, now=99) is expected


def test_a_fine_tuning_counts_as_of_now():
    phases = fold([told("started", 12, 1), told("failed", 15)]).phases
    assert [counts_as_fine_tuning(phases, 10, 20, now) for now in (11, 12, 14, 15)] == [False, True, True, False]


def test_an_empty_range_has_no_fine_tuning():
    assert not counts_as_fine_tuning(fold([told("started", 1, 1)]).phases, 10, 10, now=99)


@given(told_of=events(few_instants), data=st.data())
def test_the_order_of_arrival_changes_nothing(told_of, data):
    assert fold(data.draw(st.permutations(told_of))) == fold(told_of)


@given(told_of=events(few_instants))
def test_phases_follow_one_another_without_gap_or_overlap(told_of):
    phases = fold(told_of).phases
    assert all(before.end == after.start for before, after in pairwise(phases))
    assert all(each.end is None or each.start < each.end for each in phases)
    assert all(before[2:] != after[2:] for before, after in pairwise(phases))
    assert not phases or phases[-1].end is None
    assert all(each.gpus == 0 for each in phases if each.status != Status.RUNNING)
    assert all(each.status not in {Status.SUCCEEDED, Status.FAILED} for each in phases[:-1])


@settings(max_examples=300)
@given(told_of=events(few_instants), now=st.integers(-1, 9))
def test_the_status_is_what_the_events_so_far_come_to(told_of, now):
    assert (status_at(fold(told_of).phases, now), is_running(fold(told_of).phases, now)) == plainly(told_of, now)


def plainly(told_of, now):
    """The status at `now`, by walking through the events that have happened."""
    status = "pending"
    for event in sorted(told_of, key=lambda event: (event.occurred_at, event.RANK, event.source, event.id)):
        what = event.TOPIC.removeprefix("deployment.")
        if event.occurred_at > now or status in {"succeeded", "failed"}:
            break
        if what in {"succeeded", "failed"} or (what == "stopped" and status == "running"):
            status = what
        if what == "started":
            status = "running"
    return status, status == "running"


@given(told_of=events(few_instants), now=st.integers(-1, 9), start=few_instants, length=few_instants)
def test_figures_as_of_now_are_those_of_the_events_so_far(told_of, now, start, length):
    # Given what has happened by now, and creations, which describe whenever they are dated
    so_far = [event for event in told_of if event.occurred_at <= now or event.RANK == 1]
    for figure in (running_time, counts_as_fine_tuning):
        assert figure(fold(told_of).phases, start, start + length, now) == figure(fold(so_far).phases, start, start + length, now)


@given(told_of=events(few_instants), now=st.integers(-1, 9), cuts=st.lists(few_instants, min_size=2).map(sorted))
def test_adds_up_running_time_of_any_cuts_is_that_of_the_range(told_of, now, cuts):
    phases = fold(told_of).phases
    parts = [running_time(phases, start, end, now) for start, end in pairwise(cuts)]
    assert (
        sum(parts) == running_time(phases, cuts[0], cuts[-1], now) == sum(is_running(phases, t) for t in range(cuts[0], min(cuts[-1], now)))
    )


@given(told_of=events(few_instants))
def test_an_event_is_listed_at_most_once_and_one_that_is_ignored_changes_no_phase(told_of):
    life = fold(told_of)
    sentences = {(each.source, each.id): each.sentence for each in life.contradictions}
    assert len(sentences) == len(life.contradictions)
    for event in told_of:
        if sentences.get((event.source, event.id), "").endswith("ignored."):
            assert fold([each for each in told_of if each is not event]).phases == life.phases

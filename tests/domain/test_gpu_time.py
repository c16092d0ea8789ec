"""GPU time, fees and idle time: exact for any cuts, and the same as counting quarter-hour by quarter-hour in fractions."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.gpu_prices import FEE_UNITS, UNPRICED, GpuPrices
from domain.gpu_time import (
    GPU_HOUR,
    GPU_SECOND,
    QUARTER_HOUR,
    SECOND,
    gpu_hours,
    gpu_seconds,
    gpu_time,
    idle_time,
    round_half_even,
    untold_time,
    utilization,
)
from domain.gpu_usage import GpuSeries, GpuUsage, gpu_usage
from domain.lifecycle import fold
from domain.phases import running_time
from tests.domain.lives import T0, instants, lives, price, prices, ranges, span, told

HOUR = 3600 * SECOND
END = T0 + span
LATER = END + 365 * 24 * HOUR
QUARTERS = range(T0, END, QUARTER_HOUR)


def phases_of(*what: tuple):
    return fold(told(*each) for each in what).phases


def of(*recorded: tuple):
    """Prices of an H100: position, recorded_at, price, effective from."""
    return GpuPrices((position, at, price(amount, since)) for position, at, amount, since in recorded).of("H100")


quarters = st.sets(st.integers(0, 11)).map(lambda chosen: sorted(T0 + each * QUARTER_HOUR for each in chosen))
cuts_at_quarters = st.sets(st.integers(1, 11)).map(lambda chosen: sorted(T0 + each * QUARTER_HOUR for each in chosen))
nows = instants | st.just(LATER)


# GPU time


def test_gpu_time_is_allocation_times_overlap():
    phases = phases_of(("created", T0, 2), ("started", T0 + HOUR), ("scaled", T0 + 2 * HOUR, 0.5), ("stopped", T0 + 4 * HOUR))
    assert gpu_time(phases, T0, LATER, LATER) == 3 * GPU_HOUR
    assert gpu_time(phases, T0 + HOUR * 3 // 2, T0 + 3 * HOUR, LATER) == GPU_HOUR * 3 // 2
    assert running_time(phases, T0, LATER, LATER) == 3 * HOUR


def test_what_runs_still_counts_to_now_or_the_end_of_the_range():
    phases = phases_of(("started", T0, 1))
    assert gpu_time(phases, T0, T0 + 3 * HOUR, T0 + 2 * HOUR) == 2 * GPU_HOUR
    assert gpu_time(phases, T0, T0 + 3 * HOUR, LATER) == 3 * GPU_HOUR
    assert gpu_time(phases, T0 + 3 * HOUR, T0 + 4 * HOUR, T0 + 2 * HOUR) == 0


def test_an_unknown_number_of_gpus_adds_time_and_no_gpu_time():
    phases = phases_of(("started", T0), ("scaled", T0 + HOUR, 1))
    used = gpu_usage(phases, of((1, T0, "2", T0)), T0, T0 + 2 * HOUR, LATER)
    assert used == GpuUsage(GPU_HOUR, 0, HOUR, 2 * FEE_UNITS)
    assert (untold_time(phases, T0, LATER, LATER), running_time(phases, T0, T0 + 2 * HOUR, LATER)) == (HOUR, 2 * HOUR)


def test_hours_are_rounded_half_even_to_nine_places_and_seconds_are_exact():
    assert str(gpu_hours(GPU_HOUR * 26)) == "26.000000000"
    assert str(gpu_hours(GPU_HOUR // 3)) == "0.333333333"
    assert [str(gpu_hours(GPU_HOUR // 10**9 * n // 2)) for n in (1, 3, 5)] == ["0E-9", "2E-9", "2E-9"]
    assert gpu_seconds(1) == Decimal("0.000000000001")
    assert gpu_seconds(GPU_HOUR * 10**12 + 1) == Decimal("3600000000000000.000000000001")


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**20))
def test_rounding_is_half_even(numerator, denominator):
    assert round_half_even(numerator, denominator) == round(Fraction(numerator, denominator))
    assert round_half_even(2 * numerator + 1, 2) == round(Fraction(2 * numerator + 1, 2))


@given(phases=lives.map(lambda life: life.phases), cuts=st.lists(instants, min_size=2).map(sorted), now=nows)
def test_adds_up_gpu_time_of_any_cuts_is_that_of_the_range(phases, cuts, now):
    for figure in (gpu_time, untold_time, running_time):
        assert sum(figure(phases, start, end, now) for start, end in pairwise(cuts)) == figure(phases, cuts[0], cuts[-1], now)


@given(life=lives, range=ranges, now=nows)
def test_gpu_time_is_the_sum_over_phases(life, range, now):
    start, end = range
    plainly = 0
    for phase in life.phases:
        low, high = max(phase.start, start), min(phase.end or LATER, end, now)
        plainly += max(high - low, 0) * (phase.gpus or 0)
    assert gpu_time(life.phases, start, end, now) == plainly


# Prices


def amounts(segments) -> list[tuple[int, str | None]]:
    return [(max(each.start, 0), each.price and str(each.price)) for each in segments]


def test_a_price_is_in_force_from_the_later_of_its_effective_instant_and_its_recording():
    assert amounts(of((1, 20, "2", 10))) == [(0, None), (20, "2")]
    assert amounts(of((1, 20, "2", 30))) == [(0, None), (30, "2")]


def test_the_price_that_came_in_force_last_counts_however_late_it_was_effective():
    assert amounts(of((1, 5, "2", 20), (2, 30, "3", 10))) == [(0, None), (20, "2"), (30, "3")]


def test_of_prices_that_came_in_force_at_once_the_one_recorded_last_counts():
    assert amounts(of((2, 10, "3", 20), (1, 5, "2", 20))) == [(0, None), (20, "3")]


def test_a_price_set_again_as_it_was_begins_nothing():
    assert amounts(of((1, 10, "2", 10), (2, 15, "2", 15), (3, 20, "3", 20))) == [(0, None), (10, "2"), (20, "3")]


def test_each_gpu_type_has_its_own_prices_and_an_unknown_one_has_none():
    known = GpuPrices([(1, 0, price("2", 0, "H100")), (2, 0, price("1", 0, "L4"))])
    assert amounts(known.of("L4"))[-1] == (0, "1")
    assert known.of(None) == known.of("A100") == UNPRICED


# Fees


def test_a_fee_is_price_times_gpu_hours():
    phases = phases_of(("started", T0, 0.5), ("stopped", T0 + 3 * HOUR))
    used = gpu_usage(phases, of((1, 0, "2.49", 0)), T0, LATER, LATER)
    assert (used.fee, used.fee_if_known, used.unpriced) == (Decimal("3.735"), Decimal("3.735"), 0)


def test_without_a_price_the_fee_is_unknown_and_not_zero():
    phases = phases_of(("started", T0, 1), ("stopped", T0 + 3 * HOUR))
    used = gpu_usage(phases, UNPRICED, T0, LATER, LATER)
    assert (used.fee, used.fee_if_known, used.unpriced) == (0, None, 3 * GPU_HOUR)
    # What is known of it stands beside what is not.
    partly = gpu_usage(phases, of((1, T0 + HOUR, "2", 0)), T0, LATER, LATER)
    assert (partly.fee_if_known, partly.unpriced) == (Decimal(4), GPU_HOUR)


def test_without_a_number_of_gpus_the_fee_is_unknown_and_not_zero():
    assert gpu_usage(phases_of(("started", T0)), of((1, 0, "2", 0)), T0, T0 + HOUR, LATER).fee_if_known is None


def test_what_allocated_nothing_or_cost_nothing_has_a_fee_of_zero():
    assert gpu_usage(phases_of(("created", T0, 1)), UNPRICED, T0, LATER, LATER).fee_if_known == 0
    assert gpu_usage(phases_of(("started", T0, 0)), UNPRICED, T0, LATER, LATER).fee_if_known == 0
    assert gpu_usage(phases_of(("started", T0, 1)), of((1, 0, "0", 0)), T0, T0 + HOUR, LATER).fee_if_known == 0


def test_a_price_changes_within_a_quarter_hour():
    phases = phases_of(("started", T0, 1))
    used = gpu_usage(phases, of((1, 0, "2", 0), (2, 0, "4", T0 + HOUR + HOUR // 10)), T0, T0 + 2 * HOUR, LATER)
    assert used.fee == Decimal("2.2") + Decimal("3.6")


def test_a_fee_is_rounded_once_for_a_quarter_hour_however_often_it_was_scaled():
    # Given three allocations of 1 µs each, whose fees are 0.4 of the last place each, and the same twice in the next quarter-hour
    unit = Decimal(GPU_HOUR) / FEE_UNITS / 10**6 * Decimal("0.4")
    steps = [("scaled", T0 + 1, 1.000001), ("scaled", T0 + 2, 1), ("stopped", T0 + 3)]
    phases = phases_of(("started", T0, 1), *steps)
    segments = of((1, 0, str(unit), 0))
    # Then they are 1.2 together, and rounded to 1, not to 0 each
    assert gpu_usage(phases, segments, T0, LATER, LATER).fee_units == 1
    assert [gpu_usage(phases, segments, T0 + i, T0 + i + 1, LATER).fee_units for i in range(3)] == [0, 0, 0]


def test_years_cost_as_much_as_their_quarter_hours():
    phases = phases_of(("started", T0, 0.46))
    third = of((1, 0, "0.000000000007", 0))
    each = gpu_usage(phases, third, T0, T0 + QUARTER_HOUR, LATER).fee_units
    assert gpu_usage(phases, third, T0, T0 + 40_000_000 * QUARTER_HOUR, 10**18).fee_units == 40_000_000 * each


@settings(max_examples=200)
@given(life=lives, segments=prices(), range=ranges, now=nows)
def test_the_closed_form_is_what_counting_quarter_hour_by_quarter_hour_gives(life, segments, range, now):
    start, end = range
    assert gpu_usage(life.phases, segments, start, end, now) == plainly(life.phases, segments, start, min(end, now))


def plainly(phases, segments, start, end) -> GpuUsage:
    """The same in fractions: each quarter-hour, each price, all allocations of it, rounded."""
    total = unpriced = untold = fee = 0
    for quarter in QUARTERS:
        for segment in segments:
            area = Fraction(0)
            for phase in phases:
                low = max(phase.start, start, quarter, segment.start)
                high = min(phase.end or LATER, end, quarter + QUARTER_HOUR, segment.end)
                area += max(high - low, 0) * (phase.gpus or 0)
                untold += max(high - low, 0) if phase.gpus is None else 0
            total += area
            if segment.price is None:
                unpriced += area
            else:
                fee += round(area / GPU_HOUR * Fraction(segment.price) * FEE_UNITS)
    return GpuUsage(int(total), int(unpriced), untold, fee)


@settings(max_examples=200)
@given(life=lives, segments=prices(), range=ranges, cuts=cuts_at_quarters, now=nows)
def test_adds_up_fees_of_cuts_at_quarter_hours_are_that_of_the_range(life, segments, range, cuts, now):
    start, end = range
    edges = [start, *(cut for cut in cuts if start < cut < end), end]
    parts = [gpu_usage(life.phases, segments, a, b, now) for a, b in pairwise(edges)]
    assert added(parts) == gpu_usage(life.phases, segments, start, end, now)


@settings(max_examples=200)
@given(several=st.lists(st.tuples(lives, prices()), max_size=4), range=ranges, cuts=cuts_at_quarters, now=nows)
def test_adds_up_a_series_is_each_bucket_of_each_deployment(several, range, cuts, now):
    start, end = range
    edges = [start, *(cut for cut in cuts if start < cut < end), end]
    series = GpuSeries(edges, now)
    for life, segments in several:
        series.add(life.phases, segments)
    expected = [added([gpu_usage(life.phases, segments, a, b, now) for life, segments in several]) for a, b in pairwise(edges)]
    assert series.buckets() == expected


def added(usages: list[GpuUsage]) -> GpuUsage:
    return GpuUsage(*(sum(column) for column in zip(GpuUsage(), *usages, strict=True)))


def test_a_bucket_is_made_of_whole_quarter_hours():
    with pytest.raises(AssertionError, match="whole quarter-hours"):
        GpuSeries([T0, T0 + 1, T0 + HOUR], LATER)


@given(life=lives, segments=prices(), range=ranges, now=instants, later=st.tuples(instants, st.sampled_from(("1", "7"))))
def test_as_billed_a_price_recorded_later_changes_nothing_before_its_recording(life, segments, range, now, later):
    # Given prices, and one more that is recorded at some instant for all time
    at, amount = later
    before = [(n, each.start, str(each.price), each.start) for n, each in enumerate(segments[1:])]
    known, more = of(*before), of(*before, (99, at, amount, 0))
    start, end = range
    assert gpu_usage(life.phases, known, start, min(end, at), now) == gpu_usage(life.phases, more, start, min(end, at), now)


# Idle time


def test_quarter_hours_without_a_request_are_idle():
    phases = phases_of(("started", T0, 2), ("stopped", T0 + HOUR))
    assert idle_time(phases, [T0 + QUARTER_HOUR], T0, LATER, LATER) == GPU_HOUR * 3 // 2
    assert utilization(GPU_HOUR * 3 // 2, 2 * GPU_HOUR) == 25


def test_a_request_makes_the_whole_quarter_hour_busy_also_where_the_range_cuts_it():
    phases = phases_of(("started", T0, 1))
    middle = T0 + QUARTER_HOUR // 2
    assert idle_time(phases, [T0, T0 + QUARTER_HOUR], middle, middle + QUARTER_HOUR, LATER) == 0
    assert idle_time(phases, [T0], middle, middle + QUARTER_HOUR, LATER) == GPU_SECOND * 450


def test_utilization_is_null_where_nothing_was_allocated():
    assert utilization(0, 0) is None
    assert (utilization(0, GPU_HOUR), utilization(GPU_HOUR, GPU_HOUR)) == (100, 0)


@given(life=lives, busy=quarters, range=ranges, now=nows)
def test_idle_time_is_what_quarter_hours_without_a_request_have(life, busy, range, now):
    start, end = range
    plainly = sum(
        gpu_time(life.phases, max(quarter, start), min(quarter + QUARTER_HOUR, end), now) for quarter in QUARTERS if quarter not in busy
    )
    assert idle_time(life.phases, busy, start, end, now) == plainly

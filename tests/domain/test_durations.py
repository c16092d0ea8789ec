"""Durations as people read them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.durations import duration_text, whole_seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (12, "12s"),
        (59, "59s"),
        (60, "1m 0s"),
        (45 * 60 + 10, "45m 10s"),
        (3599, "59m 59s"),
        (3600, "1h 0m"),
        (26 * 3600 + 15 * 60, "26h 15m"),
        (26 * 3600 + 15 * 60 + 59, "26h 15m"),
        (10_000 * 3600, "10000h 0m"),
    ],
)
def test_the_two_largest_units_are_told_and_the_rest_is_cut(seconds, text):
    assert duration_text(seconds) == text


def test_a_second_counts_when_it_has_passed():
    assert [whole_seconds(each) for each in (0, 999_999, 1_000_000, 1_999_999)] == [0, 0, 1, 1]


@given(st.integers(0, 10**10))
def test_a_text_is_never_more_than_the_duration_and_less_than_a_unit_below(seconds):
    text = duration_text(seconds)
    units = {"h": 3600, "m": 60, "s": 1}
    found = [(int(number), units[unit]) for number, unit in re.findall(r"(\d+)([hms])", text)]
    assert 0 <= seconds - sum(number * unit for number, unit in found) < found[-1][1]

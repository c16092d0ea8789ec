"""What follows from an event's own fields."""

import pytest
from hypothesis import given

from domain.events import Outcome, microseconds
from domain.quantities import label, rank, tokens
from tests.events import at, instants, request_completed


@pytest.mark.parametrize(
    ("status_code", "error_message", "outcome"),
    [
        (200, None, Outcome.SUCCESS),
        (200, "it says so", Outcome.SUCCESS),  # the status code decides, whatever else is said
        (302, None, Outcome.SUCCESS),
        (399, "it says so", Outcome.SUCCESS),
        (400, None, Outcome.CLIENT_ERROR),
        (429, "Rate limit", Outcome.CLIENT_ERROR),
        (499, None, Outcome.CLIENT_ERROR),
        (500, None, Outcome.SERVER_ERROR),
        (599, None, Outcome.SERVER_ERROR),
        (None, None, Outcome.SUCCESS),
        (None, "Connection reset", Outcome.UNKNOWN_ERROR),
    ],
)
def test_the_status_code_decides_and_without_one_the_error_message(status_code, error_message, outcome):
    assert request_completed(status_code=status_code, error_message=error_message).outcome is outcome


@given(instants)
def test_a_time_is_kept_to_the_microsecond(instant):
    assert request_completed(instant).time == instant


def test_microseconds_count_from_1970_in_utc():
    assert microseconds(at("00:00", "1970-01-01")) == 0
    assert microseconds(at("00:00:00.000001", "1970-01-01")) == 1
    assert microseconds(at("23:59:59.999999", "1969-12-31")) == -1


@pytest.mark.parametrize(
    ("direction", "category", "unit", "expected"),
    [
        ("input", "prompt", "token", "Prompt tokens"),
        ("input", "cached", "token", "Cached tokens"),
        ("input", "cache_write", "token", "Cache write tokens (5 min)"),
        ("input", "cache_write_1h", "token", "Cache write tokens (1 h)"),
        ("input", "audio", "token", "Audio tokens"),
        ("input", "cached_audio", "token", "Cached audio tokens"),
        ("input", "image", "token", "Image tokens"),
        ("input", "cached_image", "token", "Cached image tokens"),
        ("input", "video", "token", "Video tokens"),
        ("output", "completion", "token", "Completion tokens"),
        ("output", "reasoning", "token", "Reasoning tokens"),
        ("output", "audio", "token", "Audio tokens"),
        ("output", "image", "token", "Image tokens"),
        ("output", "video", "token", "Video tokens"),
        ("output", "image", "image", "Images"),
        ("input", "page", "page", "Pages"),
        ("input", "query", "query", "Queries"),
        ("input", "audio", "millisecond", "Audio (milliseconds)"),
        ("input", "tool_use", "token", "tool_use"),  # what we do not know is shown under its own name
        ("output", "prompt", "token", "prompt"),
        ("output", "GPT_Image", "image", "GPT_Image (images)"),
        ("output", "Seat", "Seat", "Seat"),
    ],
)
def test_every_category_has_its_label(direction, category, unit, expected):
    assert label(direction, category, unit) == expected


def test_a_breakdown_shows_known_categories_in_their_order_and_then_the_others_by_name():
    lines = [("zeta", "token"), ("cached", "token"), ("alpha", "token"), ("prompt", "token"), ("prompt", "character")]
    ranked = sorted(lines, key=lambda line: rank("input", *line))
    assert ranked == [("prompt", "character"), ("prompt", "token"), ("cached", "token"), ("alpha", "token"), ("zeta", "token")]


def test_unknown_is_not_zero_tokens():
    assert tokens(None) is None
    assert tokens(()) == 0
    assert tokens((("image", "image", 3),)) == 0
    assert tokens((("prompt", "token", 310), ("audio", "millisecond", 900), ("cached", "token", 1024))) == 1334

"""How long something took, as people read it."""

from domain.gpu_time import SECOND

MINUTE = 60
HOUR = 60 * MINUTE


def whole_seconds(microseconds: int) -> int:
    """The seconds that have passed in full: a duration is cut, as a clock does it, so that what still runs is never shown ahead of time."""
    return microseconds // SECOND


def duration_text(seconds: int) -> str:
    """The two largest units: "26h 15m" from an hour on, "45m 10s" from a minute on, else "12s".

    Hours have no upper bound, and no days. What is smaller is cut, not rounded: 59 minutes and 59 seconds are not an hour.
    """
    assert seconds >= 0
    if seconds >= HOUR:
        return f"{seconds // HOUR}h {seconds % HOUR // MINUTE}m"
    if seconds >= MINUTE:
        return f"{seconds // MINUTE}m {seconds % MINUTE}s"
    return f"{seconds}s"

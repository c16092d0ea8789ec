"""Requests as a model of the service knows them, the many ways to write each down, and what the log would make of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from hypothesis import strategies as st

from domain.events import RequestCompleted, UsageEvent

START = datetime(2026, 4, 21, 14, 59, 59, 999_000, tzinfo=UTC)
OFFSETS = (timedelta(0), timedelta(hours=2), timedelta(hours=-8), timedelta(hours=5, minutes=45))
ACCOUNTS = ("acme", "other")
BAD = b"{"  # a line that is no report


@dataclass(frozen=True, order=True)
class Told:
    """All that the model tells of a request."""

    account: str
    id: str
    time: datetime
    model: str
    tokens: int

    @property
    def key(self) -> tuple[str, str, datetime]:
        """What the log knows it by."""
        return self.account, self.id, self.time

    @property
    def name(self) -> tuple[str, str]:
        """What it counts once by."""
        return self.account, self.id

    @classmethod
    def of(cls, event: UsageEvent) -> "Told":
        """What an event of the log tells."""
        assert isinstance(event, RequestCompleted)
        assert event.input is not None
        return cls(event.account, event.id, event.time, event.model, sum(quantity for _, _, quantity in event.input))

    def written(self, chance: Random) -> bytes:
        """As a report, in one of its notations."""
        at = self.time.astimezone(timezone(chance.choice(OFFSETS)))
        time = at.isoformat(timespec="microseconds") if chance.random() < 0.5 else f"{self.time:%Y-%m-%dT%H:%M:%S.%f}000Z"
        kinds: list[dict[str, Any]] = [{"category": "cached", "quantity": 1}, {"category": "prompt", "quantity": self.tokens - 1}]
        data = {"model": self.model, "latency_ms": chance.choice((7, 7.0)), "input": _mixed(kinds, chance)}
        defaults = {"channel": "router", "usage_source": "reported", "provider": None, "output": None, "service_tier": "", "api_key": None}
        data |= {name: value for name, value in defaults.items() if chance.random() < 0.4}
        if chance.random() < 0.4:
            data["input"] = [kind | {"unit": "token"} for kind in data["input"]]
        report = {"specversion": "1.0", "type": "request.completed", "source": "s", "id": self.id, "time": time}
        report |= {"subject": self.account, "data": dict(_mixed([*data.items()], chance))}
        if chance.random() < 0.2:
            report["traceparent"] = f"{chance.random()}"  # unknown to us, and no part of the content
        return json.dumps(dict(_mixed([*report.items()], chance))).encode()


Line = Told | None
"""One of a batch; null is a line that is no report."""


def written(batch: Iterable[Line], seed: int) -> list[bytes]:
    """The lines of a batch."""
    chance = Random(seed)
    return [BAD if told is None else told.written(chance) for told in batch]


def _mixed(items: list[Any], chance: Random) -> list[Any]:
    return chance.sample(items, len(items))


@dataclass
class Expected:
    """What a receipt has to say."""

    recorded: list[Told] = field(default_factory=list)
    duplicates: int = 0
    conflicts: dict[int, Told] = field(default_factory=dict)
    rejected: list[int] = field(default_factory=list)


@dataclass
class Model:
    """The log, and what was refused."""

    log: list[Told] = field(default_factory=list)
    standing: dict[tuple[str, str, datetime], Told] = field(default_factory=dict)
    refused: set[Told] = field(default_factory=set)  # kept aside as conflicts
    perhaps_refused: set[Told] = field(default_factory=set)  # by writers that were killed

    def expected(self, batch: Sequence[Line], after: Sequence[Told] = ()) -> Expected:
        """What becomes of a batch that comes now, or after these."""
        standing = self.standing | {told.key: told for told in after}
        found = Expected()
        for i, told in enumerate(batch):
            if told is None:
                found.rejected.append(i)
            elif told.key not in standing:
                standing[told.key] = told
                found.recorded.append(told)
            elif standing[told.key] == told:
                found.duplicates += 1
            else:
                found.conflicts[i] = told
        return found

    def take(self, recorded: Iterable[Told]) -> None:
        """These are in the log now."""
        for told in recorded:
            self.log.append(told)
            self.standing[told.key] = told

    @property
    def counted(self) -> dict[tuple[str, str], Told]:
        """The first of each name."""
        return {told.name: told for told in reversed(self.log)}

    @property
    def under_another_time(self) -> list[Told]:
        """Those in the log that do not count."""
        return [told for told in self.log if self.counted[told.name] != told]


tolds = st.builds(
    Told,
    st.sampled_from(ACCOUNTS),
    st.integers(0, 12).map(lambda number: f"req_{number}"),
    st.sampled_from((0, 1, 999, 1_000_000, 3_600_000_000)).map(lambda later: START + timedelta(microseconds=later)),
    st.sampled_from(("gpt-4o", "o3")),
    st.integers(1, 3),
)
batches = st.lists(st.one_of(tolds, tolds, tolds, st.none()), max_size=6)


@st.composite
def echoes(draw: st.DrawFn, sent: Sequence[Told]) -> list[Line]:
    """What was sent before, shuffled: as it was, with another content, or with another time; and some of it twice."""
    again = draw(st.lists(st.sampled_from(sent), min_size=1, max_size=6))
    changes: list[Line] = []
    for told in again:
        change = draw(st.sampled_from(("none", "none", "content", "time")))
        if change == "content":
            told = replace(told, tokens=told.tokens + 1)  # noqa: PLW2901 - another
        elif change == "time":
            told = replace(told, time=told.time + timedelta(microseconds=draw(st.sampled_from((1, 900_000_000)))))  # noqa: PLW2901
        changes += [told] * draw(st.sampled_from((1, 1, 2)))
    return draw(st.permutations(changes))

"""While the database is away, a token that was good a moment ago is believed for a while; one that is revoked is not."""

from uuid import UUID

import psycopg
import pytest

from domain.access import Scope, Viewer
from service.remembering import MEMORY_SECONDS, PAUSE_SECONDS, RememberingGate

GATEWAY = Viewer(UUID(int=1), "a gateway", frozenset({Scope.INGEST}), "acme")


class Door:
    """Who is let in, and whether the database answers; it counts how often it was asked. Tells the time, too."""

    def __init__(self) -> None:
        self.good: dict[str, Viewer] = {"Bearer good": GATEWAY}
        self.away = False
        self.asked = 0
        self.now = 0.0
        self.gate = RememberingGate(self.viewer, stopwatch=lambda: self.now)

    async def viewer(self, authorization: str | None) -> Viewer | None:
        self.asked += 1
        if self.away:
            raise psycopg.OperationalError("away")
        return self.good.get(authorization or "")


@pytest.fixture
def door() -> Door:
    return Door()


async def test_a_token_that_was_good_is_believed_while_the_database_is_away_and_no_longer_than_that(door):
    assert await door.gate.viewer("Bearer good") == GATEWAY
    door.away, door.now = True, MEMORY_SECONDS - 1
    assert await door.gate.viewer("Bearer good") == GATEWAY
    door.now = MEMORY_SECONDS
    with pytest.raises(psycopg.OperationalError):
        await door.gate.viewer("Bearer good")


async def test_nobody_else_is_believed(door):
    assert await door.gate.viewer("Bearer bad") is None
    door.away = True
    for unknown in ("Bearer bad", "Bearer good", None):
        with pytest.raises(psycopg.OperationalError):
            await door.gate.viewer(unknown)


async def test_a_token_that_was_revoked_is_forgotten_as_soon_as_anybody_can_know(door):
    assert await door.gate.viewer("Bearer good") == GATEWAY
    door.good.clear()
    assert await door.gate.viewer("Bearer good") is None
    door.away = True
    with pytest.raises(psycopg.OperationalError):
        await door.gate.viewer("Bearer good")


async def test_a_database_that_is_away_is_not_asked_for_every_body(door):
    await door.gate.viewer("Bearer good")
    door.away = True
    for _ in range(10):
        assert await door.gate.viewer("Bearer good") == GATEWAY
    assert door.asked == 2
    door.now = PAUSE_SECONDS
    await door.gate.viewer("Bearer good")
    assert door.asked == 3


async def test_while_it_is_there_the_database_decides(door):
    await door.gate.viewer("Bearer good")
    door.now = 10 * MEMORY_SECONDS
    assert await door.gate.viewer("Bearer good") == GATEWAY
    assert door.asked == 2

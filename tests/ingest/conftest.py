"""The way in, from HTTP to the log."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from domain.access import Scope, Viewer
from domain.sealing import Seal
from ingest.dialects import Dialect
from ingest.endpoint import Intake
from ingest.reception import Reception
from ledger.application import Ledger

TOKENS = {
    "Bearer of-acme": Viewer(UUID(int=1), "acme's gateway", frozenset({Scope.INGEST}), "acme"),
    "Bearer of-other": Viewer(UUID(int=2), "other's gateway", frozenset({Scope.INGEST}), "other"),
    "Bearer of-all": Viewer(UUID(int=3), "a router for all", frozenset({Scope.INGEST}), None),
    "Bearer of-reader": Viewer(UUID(int=4), "a dashboard", frozenset({Scope.READ}), None),
    "Bearer of-finance": Viewer(UUID(int=5), "acme's finance", frozenset({Scope.READ, Scope.BILLING}), "acme"),
    "Bearer of-operator": Viewer(UUID(int=6), "an operator", frozenset({Scope.OPERATE}), None),
    "Bearer of-one-operator": Viewer(UUID(int=7), "acme's operator", frozenset(Scope), "acme"),
}


async def authenticate(authorization: str | None) -> Viewer | None:
    return TOKENS.get(authorization or "")


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with closing(Ledger(database_url)) as ledger:
        yield ledger


@pytest.fixture
def reception(ledger: Ledger, seal: Seal) -> Reception:
    return Reception(ledger, seal)


@pytest.fixture
def app(reception: Reception) -> Starlette:
    """The endpoint alone."""
    return Starlette(routes=[Route("/v1/events", Intake(Dialect(), reception, authenticate).respond, methods=["POST"])])


@pytest.fixture
async def client(app: Starlette, reception: Reception) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks for the account acme. What is raised in the endpoint is raised here."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://tallygraph", headers={"Authorization": "Bearer of-acme"}
    ) as client:
        yield client
    await reception.close()

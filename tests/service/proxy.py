"""A real LiteLLM proxy, which posts to a sink that passes everything on and remembers it."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.service.running import bearer, free_port

PROGRAM = Path(__file__).parents[2] / ".venv" / "litellm" / "bin" / "litellm"
START_SECONDS = 150.0  # it imports for half a minute where others are busy, too
END_SECONDS = 30.0
FORMATS = ("json_array", "ndjson", "single")
MASTER_KEY = "sk-a-master-key-of-tests-0123456789abcdef"


@dataclass
class Posted:
    """One body, in which format it was, and how it was answered."""

    format: str
    body: bytes
    status: int

    def calls(self) -> list[dict[str, Any]]:
        """The payloads in it, told apart by somebody else's parser."""
        if self.format == "ndjson":
            return [json.loads(line) for line in self.body.splitlines()]
        found = json.loads(self.body)
        return found if self.format == "json_array" else [found]


@dataclass
class Sink:
    """Passes each POST on to `target`, with its headers, and its answer back."""

    target: str
    posted: list[Posted] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[str]:
        """Its address."""
        with httpx.Client(timeout=60) as client, ThreadingHTTPServer(("127.0.0.1", 0), self._handler(client)) as server:
            threading.Thread(target=server.serve_forever, name="sink", daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()

    def seen(self, format: str) -> list[dict[str, Any]]:
        """Every call that was posted in a format."""
        return [call for each in [*self.posted] if each.format == format for call in each.calls()]

    def _handler(self, client: httpx.Client) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                kept = {name: self.headers[name] for name in ("authorization", "content-type")}
                answer = client.post(sink.target, content=body, headers=kept)
                sink.posted.append(Posted(self.path.strip("/"), body, answer.status_code))
                self.send_response(answer.status_code)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


@dataclass
class Proxy:
    """A proxy that answers by itself: `good`, and `bad`, which falls back on it, and `worse`, which does not."""

    url: str
    process: "subprocess.Popen[bytes]"
    client: httpx.Client

    def chat(self, model: str, text: str, **options: Any) -> httpx.Response:
        """A call, as people make it."""
        asked = {"model": model, "messages": [{"role": "user", "content": text}], "user": "end-user-42", **options}
        return self.client.post(f"{self.url}/v1/chat/completions", json=asked, headers=bearer(MASTER_KEY))

    def stop(self) -> None:
        """It posts nothing any more when this returns."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def config(sink: str, token: str) -> dict[str, Any]:
    """JSON, which is YAML. It posts each call three times: in every format."""
    models = {"good": "This is a mocked answer.", "bad": "litellm.InternalServerError", "worse": "litellm.RateLimitError"}
    settings = {"callback_type": "generic_api", "headers": {"Authorization": f"Bearer {token}"}, "max_retries": 3, "timeout": 20}
    return {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": "openai/gpt-4o", "api_key": "none", "mock_response": answer}}
            for name, answer in models.items()
        ],
        "litellm_settings": {"callbacks": [*FORMATS], "num_retries": 0, "fallbacks": [{"bad": ["good"]}]},
        "callback_settings": {name: {**settings, "endpoint": f"{sink}/{name}", "log_format": name} for name in FORMATS},
        "general_settings": {"master_key": MASTER_KEY},
    }


@contextmanager
def proxy(folder: Path, sink: str, token: str) -> Iterator[Proxy]:
    """A proxy that is up."""
    port = free_port()
    (folder / "config.yaml").write_text(json.dumps(config(sink, token)))
    command = [PROGRAM, "--config", folder / "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
    environment = {
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "DEFAULT_FLUSH_INTERVAL_SECONDS": "1",
    }
    with (folder / "proxy.log").open("wb") as output, httpx.Client(timeout=60) as client:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            found = Proxy(f"http://127.0.0.1:{port}", process, client)
            _wait(found, folder / "proxy.log")
            yield found
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _wait(found: Proxy, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if found.client.get(f"{found.url}/health/liveliness").status_code == 200:
                return
        except httpx.TransportError:
            assert found.process.poll() is None, log.read_text()[-5000:]
        assert time.monotonic() < deadline, log.read_text()[-5000:]
        time.sleep(0.2)

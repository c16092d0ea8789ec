"""The service, as commands reach it: events go in, changes are asked for."""

import time
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from service.errors import SettingError, StartError

ATTEMPTS = 8
PAUSE_SECONDS_MAX = 10.0
TIMEOUT_SECONDS = 120.0
IN_PASSING = (408, 429, 500, 502, 503, 504)
NDJSON = {"Content-Type": "application/x-ndjson"}


class NotSentError(StartError):
    """Raised when the service does not take a batch, however often it is sent. All before it is recorded."""


class NotDoneError(StartError):
    """Raised when the service does not make a change that it was asked for; the message is its own."""


class Door:
    """The service, as it is reached."""

    def __init__(self, url: str, token: str, console: Console) -> None:
        """Raises SettingError for what can be no token."""
        if not (token.isascii() and token.isprintable()):
            raise SettingError("The token has characters that no token has: was all of it copied, and nothing else?")
        headers = {"Authorization": f"Bearer {token}"}
        self.client = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS)
        self._console = console
        self._has_answered = False

    def post(self, events: bytes) -> dict[str, Any]:
        """The receipt. What fails in passing is tried again, with longer and longer pauses. Raises NotSentError."""
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(min(0.25 * 2**attempt, PAUSE_SECONDS_MAX))
            try:
                response = self.client.post("/v1/events", content=events, headers=NDJSON)
            except httpx.TransportError as error:
                reason = f"{self.client.base_url} does not answer: {error}"
                if isinstance(error, httpx.UnsupportedProtocol) or (isinstance(error, httpx.ConnectError) and not self._has_answered):
                    break
            else:
                self._has_answered = True
                if response.status_code in (200, 422) and "recorded" in response.text:
                    return response.json()
                reason = f"{self.client.base_url} answers {response.status_code}: {_message(response)}"
                if response.status_code not in IN_PASSING:
                    break
            self._console.print(f"[dim]{escape(reason)}[/]")
        raise NotSentError(f"{reason.rstrip('.')}. When that is mended, send the files again: what was recorded counts once.")

    def change(self, mutation: str, input: dict[str, Any]) -> dict[str, Any]:
        """The payload of a mutation's one field, tried once. Raises NotDoneError where it was not done."""
        try:
            response = self.client.post("/graphql", json={"query": mutation, "variables": {"input": input}})
        except httpx.TransportError as error:
            raise NotDoneError(f"{self.client.base_url} does not answer: {error}.") from None
        answer = _object(response)
        payload = next(iter((answer.get("data") or {}).values()), None)
        if errors := answer.get("errors") or (payload or {}).get("errors"):
            raise NotDoneError(errors[0]["message"])
        if payload is None:
            raise NotDoneError(f"{self.client.base_url} answers {response.status_code}: {_message(response)}")
        return payload


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:  # somebody else's answer
        return {}
    return answer if isinstance(answer, dict) else {}


def _message(response: httpx.Response) -> str:
    try:
        return response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):  # somebody else's answer
        return response.text[:300]

"""Whatever is sent, the answer is one of GraphQL in JSON, with a code for every error. What is no request is the client's fault: 4xx."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from graph.parameters import MAX_BODY_BYTES
from tests.graph.small_schema import AUTHORIZED, World, application, client
from tests.serving import served

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
OFTEN = settings(max_examples=200)

WEIRD = st.sampled_from([
    None, True, -1, 2**53 + 1, 2**64, 10**400, 0.1, 1e308, "", " ", "\0", "\ud800", "\u2028", "﻿", "{ hello }", "mutation { change }",
    "subscription { count(to: 1) }", "{", "query A { hello } query B { hello }", "A", "x" * 20_000, "é" * 5_000, [], {}, [[]], [{}], "NaN",
    {"": {}}, {"\0": "\0"}, {"name": "Ada"}, {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}, {"persistedQuery": {"version": 2}},
])  # fmt: skip
values = st.recursive(
    WEIRD | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
parameters = st.sampled_from(("query", "variables", "operationName", "extensions"))
requests = st.dictionaries(parameters | st.text(max_size=5), values, max_size=4).map(lambda sent: {"query": "{ hello }"} | sent)
as_json = (requests | values).map(lambda sent: json.dumps(sent).encode())


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """JSON with a few bytes changed, lost or doubled."""
    body = bytearray(draw(as_json))
    start = draw(st.integers(0, len(body)))
    body[start : start + draw(st.integers(0, 6))] = draw(st.binary(max_size=4) | st.sampled_from((b"{", b"]", b'"', b"\\ud800", b"1e999")))
    return bytes(body)


bodies = st.one_of(as_json, as_json, broken(), st.binary(max_size=60))
header_texts = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=20)
content_types = st.sampled_from((JSON, JSON, JSON, f"{JSON};charset=utf-8", f"{JSON};charset=utf-16", "text/plain", "")) | header_texts
accepts = st.sampled_from((GRAPHQL, JSON, "*/*", "", "image/png", "text/event-stream;q=0, */*", "q=1;;,,;")) | header_texts


def is_answer(response: httpx.Response) -> None:
    """It is one of GraphQL, and no fault of ours."""
    assert response.headers["content-type"] in (f"{JSON}; charset=utf-8", f"{GRAPHQL}; charset=utf-8")
    answer = json.loads(response.content.decode())
    assert answer.keys() <= {"data", "errors"}
    assert response.status_code == 200 or (400 <= response.status_code < 500 and answer["errors"] and "data" not in answer)
    for error in answer.get("errors", ()):
        assert error["message"]
        assert error["extensions"]["code"] != "INTERNAL"


@given(body=bodies, content_type=content_types, accept=accepts)
@OFTEN
async def test_any_body_has_an_answer(body: bytes, content_type: str, accept: str):
    headers = {b"content-type": content_type.encode("latin-1"), b"accept": accept.encode("latin-1")}
    with capture_logs() as logs:
        async with client(World()) as http:
            response = await http.post("/graphql", content=body, headers=headers)
    if response.headers["content-type"].startswith("text/event-stream"):
        return
    is_answer(response)
    assert logs == []


@given(
    body=st.binary(max_size=60).filter(lambda body: not body.strip().startswith(b"{"))
    | values.map(lambda sent: json.dumps([sent]).encode())
)
@OFTEN
async def test_what_is_no_object_is_no_request(body: bytes):
    async with client(World()) as http:
        response = await http.post("/graphql", content=body, headers={"content-type": JSON})
    is_answer(response)
    assert response.status_code == 400


TYPES: dict[str, Any] = {"text": "x", "number": 5, "fraction": 0.5, "truth": True, "list": [], "object": {}, "list of objects": [{}]}
FITTING = {"query": "text", "operationName": "text", "variables": "object", "extensions": "object"}


@pytest.mark.parametrize(("parameter", "type"), [(name, type) for name, fitting in FITTING.items() for type in TYPES if type != fitting])
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_parameter_of_another_type_is_bad_input(parameter: str, type: str, accept: str):
    async with client(World()) as http:
        response = await http.post("/graphql", json={"query": "{ hello }"} | {parameter: TYPES[type]}, headers={"accept": accept})
    assert response.status_code == 400
    is_answer(response)
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_INPUT"}
    assert error["message"].endswith(f"- at `$.{parameter}`. Instead, send an object such as " + '{"query": "{ viewer { tokenName } }"}.')


class Address(httpx.ASGITransport):
    """Asks with a query string that httpx would not write."""

    def __init__(self, query: bytes) -> None:
        self.application = application(World())
        self.query = query
        super().__init__(self.asked)

    async def asked(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.application({**scope, "query_string": self.query}, receive, send)


async def by_get(query: bytes, accept: str = GRAPHQL) -> httpx.Response:
    async with httpx.AsyncClient(transport=Address(query), base_url="http://tallygraph.test", headers=AUTHORIZED) as http:
        return await http.get("/graphql", headers={"accept": accept})


texts = values.map(lambda value: value if isinstance(value, str) else json.dumps(value))
pairs = st.lists(st.tuples(parameters | st.text(max_size=5), texts), max_size=5)
query_strings = st.binary(max_size=60) | pairs.map(lambda found: urlencode(found, errors="surrogatepass").encode())


@given(query=query_strings | query_strings.map(lambda others: b"query={hello}&" + others))
@OFTEN
async def test_any_query_string_has_an_answer(query: bytes):
    with capture_logs() as logs:
        is_answer(await by_get(query))
    assert logs == []


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"query=",
        b"query",
        b"=&=&=",
        b"%",
        b"query=%ff",
        b"query=%00",
        b"query={hello}&variables=%ff",
        b'query={hello}&variables="{}"',
        b"query={hello}&variables=null&variables=5",
        b"query={hello}&extensions=[]",
        b"query={hello}&extensions=%7B%22persistedQuery%22:5%7D",
        b"variables={}",
        b"operationName=A",
    ],
)
async def test_parameters_of_get_that_cannot_be_read_are_the_clients_fault(query: bytes):
    response = await by_get(query)
    is_answer(response)
    assert response.status_code == 400


async def test_a_parameter_of_get_without_a_value_is_not_given():
    response = await by_get(b"query={hello}&variables=&extensions=&operationName=")
    assert response.json() == {"data": {"hello": "Hello, world!"}}


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "get", "post"])
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_another_method_is_the_clients_fault(method: str, accept: str):
    messages: list[Message] = []
    scope = {
        "type": "http",
        "method": method,
        "path": "/graphql",
        "query_string": b"query={hello}",
        "headers": [(b"accept", accept.encode())],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"query": "{ hello }"}', "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await application(World())(scope, receive, send)
    response = httpx.Response(messages[0]["status"], headers=messages[0]["headers"], content=messages[1]["body"])
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    is_answer(response)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-16",
        "application/json; charset=",
        "application/json; charset=utf-8; charset=latin1",
        "application/json, text/plain",
        "text/json",
        "application/graphql-response+json",
        "application/jsonp",
        ";",
        "",
    ],
)
async def test_another_content_type_is_the_clients_fault(content_type: str):
    async with client(World()) as http:
        response = await http.post("/graphql", content=b'{"query": "{ hello }"}', headers={"content-type": content_type})
    is_answer(response)
    assert response.status_code == 415


async def test_a_body_in_chunks_that_grows_too_large_is_refused_on_a_real_connection():
    async with served(application(World())) as server, server.call() as caller:
        head = f"POST /graphql HTTP/1.1\r\nHost: test\r\nAuthorization: {AUTHORIZED['authorization']}\r\nContent-Type: {JSON}\r\n"
        await caller.say(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b" " * 64 * 1024
        for _ in range(MAX_BODY_BYTES // len(chunk) + 1):
            await caller.say(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        status, headers, body = await caller.answer()
    response = httpx.Response(status, headers=headers, content=body)
    is_answer(response)
    assert status == 413
    assert [error["extensions"] for error in response.json()["errors"]] == [{"code": "LIMIT_BODY"}]

"""The endpoint over HTTP: who may ask, what is refused and how, and that every operation is closed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.responses import HTMLResponse
from structlog.testing import capture_logs

from tests.graph.small_schema import AUTHORIZED, World, application, client, small_schema

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


async def ask(http: httpx.AsyncClient, query: str, variables: Any = None, accept: str = GRAPHQL) -> httpx.Response:
    return await http.post("/graphql", json={"query": query, "variables": variables}, headers={"accept": accept})


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


# ---------------------------------------------------------------- answers
async def test_an_answer_has_data_and_says_what_it_is():
    async with client(World()) as http:
        response = await ask(http, "{ hello }")
    assert response.status_code == 200
    assert response.content == b'{"data":{"hello":"Hello, world!"}}'
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_scalars_go_out_in_their_own_notation():
    async with client(World()) as http:
        response = await ask(http, "{ scalars { big decimal time zone position anything } }")
    assert response.content == (
        b'{"data":{"scalars":{"big":9223372036854775807,"decimal":"0.0000001","time":"2026-03-28T20:45:00.120000Z",'
        b'"zone":"Asia/Kathmandu","position":"p1","anything":{"a":[1,2.5,null,"x"]}}}}'
    )


async def test_a_query_may_come_by_get():
    async with client(World()) as http:
        response = await http.get(
            "/graphql", params={"query": "query A($n: String!) { hello(name: $n) }", "variables": '{"n":"Ada"}', "operationName": "A"}
        )
    assert response.json() == {"data": {"hello": "Hello, Ada!"}}


async def test_a_mutation_is_executed_by_post():
    async with client(world := World()) as http:
        response = await ask(http, "mutation { change }")
    assert response.json() == {"data": {"change": "changed"}}
    assert world.events == ["change", "closed"]


async def test_the_operation_that_is_named_is_executed():
    text = "query A { a: hello } query B { b: hello }"
    async with client(World()) as http:
        response = await http.post("/graphql", json={"query": text, "operationName": "B"})
    assert response.json() == {"data": {"b": "Hello, world!"}}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "The document has 2 operations: name the one to execute in operationName."),
        ("", "The document has 2 operations: name the one to execute in operationName."),
        ("C", 'Unknown operation named "C".'),
    ],
)
async def test_which_operation_to_execute_is_not_guessed(name, message):
    async with client(World()) as http:
        response = await http.post(
            "/graphql", json={"query": "query A { hello } query B { hello }", "operationName": name}, headers={"accept": GRAPHQL}
        )
    assert response.status_code == 400
    assert response.json() == {"errors": [{"message": message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}


async def test_a_document_without_operations_is_invalid():
    async with client(World()) as http:
        response = await ask(http, "fragment f on Deep { leaf }")
    assert response.status_code == 400
    assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"]


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{ missing }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: BigInt!) { number(value: $n) }", {}, "BAD_INPUT"),
        ("query ($n: BigInt!) { number(value: $n) }", {"n": "five"}, "BAD_INPUT"),
        ("query ($n: String) { hello(name: $n) }", {"n": 5}, "BAD_INPUT"),
        ('{ number(value: "five") }', None, "BAD_INPUT"),
        ("{ " + "hello " * 11 + "}", None, "LIMIT_ROOT_FIELDS"),
        ("{ deep { " + "deeper { " * 12 + "leaf" + "}" * 14, None, "LIMIT_DEPTH"),
        ("{ hello }" + " " * 16_384, None, "LIMIT_CHARACTERS"),
    ],
)
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
async def test_a_request_error_has_a_code_and_no_data(query, variables, code, accept, status):
    async with client(World()) as http:
        response = await ask(http, query, variables, accept)
    assert response.status_code == status
    assert codes(response) == [code]
    assert "data" not in response.json()


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_field_that_fails_leaves_the_others_and_the_status_alone(accept):
    async with client(World()) as http:
        response = await ask(http, "{ hello forbidden }", accept=accept)
    assert response.status_code == 200
    assert response.json() == {
        "errors": [
            {
                "message": "The token lacks the scope OPERATE: ask for one that has it.",
                "locations": [{"line": 1, "column": 9}],
                "path": ["forbidden"],
                "extensions": {"code": "FORBIDDEN", "field": ["forbidden"]},
            }
        ],
        "data": {"hello": "Hello, world!", "forbidden": None},
    }


async def test_an_argument_that_fails_while_fields_are_executed_is_the_clients_fault():
    async with client(World()) as http:
        response = await ask(http, "query ($n: BigInt) { number(value: $n) }", {})
    assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"]
    async with client(World()) as http:
        response = await ask(http, "query ($n: String) { hello(name: $n) }", {"n": None})
    assert codes(response) == ["BAD_INPUT"]
    assert response.json()["data"] is None


async def test_unknown_is_not_zero_a_figure_past_64_bits_is_told_as_such():
    async with client(World()) as http:
        response = await ask(http, "{ hello tooBig }")
    assert codes(response) == ["LIMIT_BIG_INT"]
    assert response.json()["data"] == {"hello": "Hello, world!", "tooBig": None}


@pytest.mark.parametrize(
    ("query", "data", "path"),
    [
        ("{ hello broken }", {"hello": "Hello, world!", "broken": None}, ["broken"]),
        ("{ hello brokenEntirely }", None, ["brokenEntirely"]),
        ("{ hello plainGraphqlError }", {"hello": "Hello, world!", "plainGraphqlError": None}, ["plainGraphqlError"]),
    ],
)
async def test_what_we_did_not_expect_is_logged_and_not_told(query, data, path):
    with capture_logs() as logs:
        async with client(World()) as http:
            response = await ask(http, query)
    assert response.status_code == 200
    assert response.json()["data"] == data
    [error] = response.json()["errors"]
    assert error["path"] == path
    assert error["locations"] == [{"line": 1, "column": 9}]
    assert error["message"] == "Something went wrong on our side, and was logged. Try again; if it stays, report it with the requestId."
    assert error["extensions"]["code"] == "INTERNAL"
    [log] = logs
    assert log["event"] == "graphql operation failed"
    assert log["log_level"] == "error"
    assert log["request_id"] == error["extensions"]["requestId"]
    assert log["path"] == path
    assert log["exc_info"] is not None
    assert "swordfish" not in response.text


async def test_an_answer_that_cannot_be_written_is_an_internal_error():
    with capture_logs() as logs:
        async with client(World()) as http:
            response = await ask(http, "{ notJson }")
    assert response.status_code == 500
    assert codes(response) == ["INTERNAL"]
    assert [log["request_id"] for log in logs] == [response.json()["errors"][0]["extensions"]["requestId"]]


async def test_an_operation_that_takes_too_long_is_ended_and_says_so():
    async with client(world := World(), small_schema(deadline_seconds=0.01)) as http:
        response = await ask(http, "{ slow }")
    assert response.status_code == 504
    assert response.json() == {
        "errors": [
            {
                "message": "The operation took longer than 0.01 s (OPERATION_SECONDS), and was ended. "
                "Ask for a shorter range, a smaller page or fewer fields.",
                "extensions": {"code": "TIMEOUT"},
            }
        ]
    }
    assert world.events == ["slow began", "slow ended", "closed"]


async def test_the_schema_is_shown_only_to_those_who_may_see_it():
    query = "{ __schema { queryType { name } } }"
    async with client(World(introspection=True)) as http:
        assert (await ask(http, query)).json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
    async with client(World(introspection=False)) as http:
        response = await ask(http, query)
    assert response.status_code == 400
    assert set(codes(response)) == {"GRAPHQL_VALIDATION_FAILED"}


# ---------------------------------------------------------------- who may ask
@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "The request has no token: send one "),
        ("", "The authorization is not a bearer token: send one "),
        ("Bearer", "The authorization is not a bearer token: send one "),
        ("Bearer  ", "The authorization is not a bearer token: send one "),
        ("Basic dXNlcjpwYXNz", "The authorization is not a bearer token: send one "),
        ("Bearer stolen", "The token is unknown, has expired or was revoked: use another one."),
    ],
)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "text/event-stream"])
async def test_who_has_no_good_token_is_asked_for_one(authorization, message, accept):
    async with client(world := World()) as http:
        del http.headers["authorization"]
        headers = {"accept": accept} | ({} if authorization is None else {"authorization": authorization})
        response = await http.post("/graphql", json={"query": "{ hello }"}, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == f"{GRAPHQL if accept == GRAPHQL else JSON}; charset=utf-8"
    assert codes(response) == ["UNAUTHENTICATED"]
    assert response.json()["errors"][0]["message"].startswith(message)
    assert world.opened == 0


@pytest.mark.parametrize("authorization", ["Bearer open sesame", "bearer open sesame", "BEARER   open sesame "])
async def test_the_scheme_of_a_token_is_written_in_any_case(authorization):
    async with client(World()) as http:
        response = await http.post("/graphql", json={"query": "{ hello }"}, headers={"authorization": authorization})
    assert response.json() == {"data": {"hello": "Hello, world!"}}


async def test_who_has_no_token_does_not_learn_whether_the_request_is_well_formed():
    async with client(World()) as http:
        response = await http.post("/graphql", content="{", headers={"content-type": JSON, "authorization": "Bearer stolen"})
    assert codes(response) == ["UNAUTHENTICATED"]


async def test_what_is_out_of_reach_for_now_is_asked_to_be_tried_again():
    async with client(World(available=False)) as http:
        response = await ask(http, "{ hello }")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert codes(response) == ["UNAVAILABLE"]


async def test_a_context_that_cannot_be_opened_is_an_internal_error():
    with capture_logs() as logs:
        async with client(World(tokens={"banned"})) as http:
            response = await http.post("/graphql", json={"query": "{ hello }"}, headers={"authorization": "Bearer banned"})
    assert response.status_code == 500
    assert codes(response) == ["INTERNAL"]
    assert len(logs) == 1
    assert "swordfish" not in response.text


@pytest.mark.parametrize(
    "query", ["{ hello }", "{", "{ missing }", "{ brokenEntirely }", "{ notJson }", "mutation { change }", "subscription { count(to: 1) }"]
)
async def test_what_an_operation_opened_is_closed_however_it_ended(query):
    with capture_logs():
        async with client(world := World()) as http:
            await ask(http, query)
    assert (world.opened, world.closed) == (1, 1)


async def test_what_an_operation_opened_is_closed_when_its_request_is_not_one():
    async with client(world := World()) as http:
        await http.post("/graphql", content="{", headers={"content-type": JSON})
    assert (world.opened, world.closed) == (1, 1)


# ---------------------------------------------------------------- what is no request
MALFORMED = {
    "nothing": b"",
    "white space": b"  ",
    "half of an object": b'{"query": ',
    "a number": b"5",
    "null": b"null",
    "a text": b'"{ hello }"',
    "a list": b'[{"query": "{ hello }"}]',
    "an empty list": b"[]",
    "NaN": b'{"query": "{ hello }", "variables": {"n": NaN}}',
    "Infinity": b'{"query": "{ hello }", "variables": {"n": -Infinity}}',
    "a number too large for a float": b'{"query": "{ hello }", "variables": {"n": 1e999}}',
    "a number of 5,000 digits": b'{"query": "{ hello }", "variables": {"n": ' + b"9" * 5_000 + b"}}",
    "a lone surrogate": b'{"query": "{ hello }", "variables": {"n": "\\ud800"}}',
    "wrong UTF-8": b'{"query": "{ hello }", "variables": {"n": "\xff"}}',
    "UTF-16": '{"query": "{ hello }"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ hello }"}',
    "two objects": b'{"query": "{ hello }"}{"query": "{ hello }"}',
    "a NUL character in a value": b'{"query": "{ hello }", "variables": {"n": ["a\\u0000b"]}}',
    "a NUL character in a name": b'{"query": "{ hello }", "variables": {"a\\u0000b": 1}}',
    "lists 65 deep": b'{"query": "{ hello }", "variables": {"n": ' + b"[" * 63 + b"]" * 63 + b"}}",
    "lists 900 deep": b'{"query": "{ hello }", "variables": {"n": ' + b"[" * 900 + b"]" * 900 + b"}}",
    "lists 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "objects 100,000 deep": b'{"a":' * 100_000,
    "an empty query": b'{"query": ""}',
    "variables in a text": b'{"query": "{ hello }", "variables": "{}"}',
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_malformed_body_is_bad_input_and_no_fault_of_ours(body, accept):
    with capture_logs() as logs:
        async with client(World()) as http:
            response = await http.post("/graphql", content=body, headers={"content-type": JSON, "accept": accept})
    assert response.status_code == 400
    assert codes(response) == ["BAD_INPUT"]
    assert "data" not in response.json()
    assert logs == []


async def test_a_malformed_body_is_told_what_is_wrong_and_what_to_do():
    async with client(World()) as http:
        assert await said(http, b"[]") == (
            "The request is not one of GraphQL: Expected `object`, got `array`. "
            'Instead, send an object such as {"query": "{ viewer { tokenName } }"}.'
        )
        assert await said(http, b'{"query": 5}') == (
            "The request is not one of GraphQL: Expected `str | null`, got `int` - at `$.query`. "
            'Instead, send an object such as {"query": "{ viewer { tokenName } }"}.'
        )
        assert await said(http, b"{x") == "The request is not JSON: JSON is malformed: object keys must be strings (byte 1)."
        assert await said(http, b'{"a":' * 100_000) == "The request nests its JSON deeper than 64 levels (MAX_JSON_DEPTH)."
        assert await said(http, b'"\\u0000"') == "A string of the request holds a NUL character: leave it out."


async def said(http: httpx.AsyncClient, body: bytes) -> str:
    response = await http.post("/graphql", content=body, headers={"content-type": JSON})
    return response.json()["errors"][0]["message"]


async def test_json_as_deep_as_we_take_is_taken():
    nested = "[" * 62 + "]" * 62
    async with client(World()) as http:
        response = await http.post(
            "/graphql",
            content=f'{{"query": "query ($v: JSON!) {{ echo(value: $v) }}", "variables": {{"v": {nested}}}}}',
            headers={"content-type": JSON},
        )
    assert response.json() == {"data": {"echo": json.loads(nested)}}


@pytest.mark.parametrize("parameters", [{"variables": "{"}, {"variables": "5"}, {"variables": "[]"}, {"extensions": "null and void"}])
async def test_malformed_parameters_of_get_are_bad_input(parameters):
    async with client(World()) as http:
        response = await http.get("/graphql", params={"query": "{ hello }", **parameters})
    assert response.status_code == 400
    assert codes(response) == ["BAD_INPUT"]


async def test_get_without_a_query_is_bad_input():
    async with client(World()) as http:
        response = await http.get("/graphql")
    assert response.status_code == 400
    assert codes(response) == ["BAD_INPUT"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_another_method_is_told_which_are_allowed(method):
    async with client(World()) as http:
        response = await http.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    if method != "HEAD":
        assert response.json()["errors"][0]["message"] == f"GraphQL is not spoken with {method}: use POST."


async def test_a_mutation_by_get_is_not_executed():
    async with client(world := World()) as http:
        response = await http.get("/graphql", params={"query": "mutation { change }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert response.json() == {
        "errors": [{"message": "A mutation changes something, and GET does not: use POST.", "extensions": {"code": "BAD_INPUT"}}]
    }
    assert world.events == ["closed"]


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_subscription_by_plain_post_is_told_how_to_ask(accept):
    async with client(world := World()) as http:
        response = await ask(http, "subscription { count(to: 3) }", accept=accept)
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == (
        "A subscription is a stream: use a WebSocket (graphql-transport-ws), or accept text/event-stream."
    )
    assert world.events == ["closed"]


@pytest.mark.parametrize(
    ("content_type", "stated"),
    [
        (None, "of no stated type"),
        ("text/plain", "text/plain"),
        ("application/graphql", "application/graphql"),
        ("application/json; charset=latin1", "application/json; charset=latin1"),
        ("multipart/form-data; boundary=x", "multipart/form-data; boundary=x"),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
    ],
)
async def test_a_body_that_is_not_declared_as_json_is_not_looked_at(content_type, stated):
    async with client(World()) as http:
        response = await http.post(
            "/graphql", content=b'{"query": "{ hello }"}', headers={"content-type": content_type} if content_type else {}
        )
    assert response.status_code == 415
    assert response.json()["errors"][0]["message"] == f"The body is {stated}: send application/json, in UTF-8, and say so in Content-Type."


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"', "application/json;"])
async def test_json_may_be_declared_in_any_spelling(content_type):
    async with client(World()) as http:
        response = await http.post("/graphql", content=b'{"query": "{ hello }"}', headers={"content-type": content_type})
    assert response.json() == {"data": {"hello": "Hello, world!"}}


async def test_a_client_that_takes_none_of_our_media_types_gets_an_error_in_json():
    async with client(World()) as http:
        response = await ask(http, "{ hello }", accept="image/png")
    assert response.status_code == 406
    assert response.headers["content-type"] == f"{JSON}; charset=utf-8"
    assert codes(response) == ["BAD_INPUT"]


# ---------------------------------------------------------------- how much is read
TOO_LARGE = {
    "errors": [
        {
            "message": "The request has more than 1,048,576 bytes (MAX_BODY_BYTES): send it in parts.",
            "extensions": {"code": "LIMIT_BODY"},
        }
    ]
}


def padded(size: int) -> bytes:
    return b'{"query": "{ hello }"' + b" " * (size - 22) + b"}"


async def test_a_body_of_the_largest_size_is_read():
    async with client(World()) as http:
        response = await http.post("/graphql", content=padded(1024 * 1024), headers={"content-type": JSON})
    assert response.json() == {"data": {"hello": "Hello, world!"}}


async def test_a_body_that_says_it_is_larger_is_not_read():
    async with client(World()) as http:
        response = await http.post("/graphql", content=padded(1024 * 1024 + 1), headers={"content-type": JSON})
    assert response.status_code == 413
    assert response.json() == TOO_LARGE


async def test_a_body_in_chunks_is_read_until_it_is_too_large():
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 64 * 1024

    async with client(World()) as http:
        response = await http.post("/graphql", content=endless(), headers={"content-type": JSON})
    assert response.status_code == 413
    assert response.json() == TOO_LARGE
    assert read == 17


async def test_a_query_string_has_the_same_limit():
    async with httpx.AsyncClient(
        transport=LongAddress(application(World())), base_url="http://tallygraph.test/", headers=AUTHORIZED
    ) as http:
        response = await http.get("/graphql")
    assert response.status_code == 413
    assert response.json() == TOO_LARGE


class LongAddress(httpx.ASGITransport):
    """Asks for an address that httpx would not write."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        app = self.app

        async def long(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "query_string": b"query=" + b"x" * 1024 * 1024}, receive, send)

        return await httpx.ASGITransport(long).handle_async_request(request)


# ---------------------------------------------------------------- the page
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_a_browser_gets_the_page_without_a_token():
    async with client(world := World(), page=lambda request: HTMLResponse(f"a page of {request.url.path}")) as http:
        del http.headers["authorization"]
        response = await http.get("/graphql", headers=BROWSER)
    assert (response.status_code, response.text) == (200, "a page of /graphql")
    assert world.opened == 0


async def test_where_there_is_no_page_a_browser_is_told_what_is_missing():
    async with client(World()) as http:
        response = await http.get("/graphql", headers=BROWSER)
    assert (response.status_code, codes(response)) == (400, ["BAD_INPUT"])


async def test_a_browser_that_asks_a_query_gets_its_answer():
    async with client(World()) as http:
        response = await http.get("/graphql", params={"query": "{ hello }"}, headers=BROWSER)
    assert response.json() == {"data": {"hello": "Hello, world!"}}

"""Automatic persisted queries: how documents become known, what is told where they are not, and what caches may do with answers."""

import json
from hashlib import sha256
from typing import Any

import httpx
import pytest

from graph.documents import Documents
from tests.graph.small_schema import TOKEN, World, client

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
HELLO = "query Hello($name: String!) { hello(name: $name) }"
ADA = {"hello": "Hello, Ada!"}
NOT_FOUND = {"errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]}
NOT_SUPPORTED = {"errors": [{"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}]}


def named(text: str, **others: Any) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()} | others}


async def post(http: httpx.AsyncClient, accept: str = GRAPHQL, token: str = TOKEN, **body: Any) -> httpx.Response:
    return await http.post("/graphql", json=body, headers={"accept": accept, "authorization": f"Bearer {token}"})


async def get(http: httpx.AsyncClient, accept: str = JSON, token: str = TOKEN, **parameters: Any) -> httpx.Response:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    headers = {"accept": accept, "authorization": f"Bearer {token}"} | ({"if-none-match": tag} if (tag := texts.pop("tag", None)) else {})
    return await http.get("/graphql", params=texts, headers=headers)


# ---------------------------------------------------------------- how a document becomes known
async def test_a_document_that_came_with_its_name_need_not_come_again():
    async with client(World()) as http:
        first = await post(http, extensions=named(HELLO), variables={"name": "Ada"})
        assert (first.status_code, first.json()) == (400, NOT_FOUND)
        second = await post(http, query=HELLO, extensions=named(HELLO), variables={"name": "Ada"})
        third = await post(http, extensions=named(HELLO), variables={"name": "Grace"})
    assert (second.json(), third.json()) == ({"data": ADA}, {"data": {"hello": "Hello, Grace!"}})


async def test_it_is_asked_for_and_registered_by_get_too():
    async with client(World()) as http:
        first = await get(http, extensions=named(HELLO), variables={"name": "Ada"})
        assert (first.status_code, first.json()) == (200, NOT_FOUND)
        second = await get(http, query=HELLO, extensions=named(HELLO, miss=True), variables={"name": "Ada"})
        third = await get(http, extensions=named(HELLO), variables={"name": "Ada"})
    assert second.json() == third.json() == {"data": ADA}


async def test_by_get_a_document_that_is_a_mutation_is_not_executed():
    async with client(world := World()) as http:
        await post(http, query="mutation { change }", extensions=named("mutation { change }"))
        response = await get(http, extensions=named("mutation { change }"))
    assert response.status_code == 405
    assert world.events.count("change") == 1


async def test_a_stream_is_asked_for_by_name():
    count = "subscription { count(to: 1) }"
    async with client(World()) as http:
        assert (await get(http, "text/event-stream", extensions=named(count))).json() == NOT_FOUND
        await post(http, "text/event-stream", query=count, extensions=named(count))
        response = await get(http, "text/event-stream", extensions=named(count))
    assert response.text == 'event: next\ndata: {"data":{"count":1}}\n\nevent: complete\ndata: \n\n'


@pytest.mark.parametrize("query", [None, ""])
async def test_no_document_is_none_however_it_is_said(query):
    async with client(World(), documents=Documents([HELLO])) as http:
        response = await post(http, query=query, extensions=named(HELLO), variables={"name": "Ada"})
    assert response.json() == {"data": ADA}


async def test_yours_alone_what_another_account_registered_is_not_known():
    async with client(World(tokens={"acme", "globex"})) as http:
        await post(http, token="acme", query="{ hello }", extensions=named("{ hello }"))
        assert (await post(http, token="acme", extensions=named("{ hello }"))).json() == {"data": {"hello": "Hello, world!"}}
        assert (await post(http, token="globex", extensions=named("{ hello }"))).json() == NOT_FOUND


async def test_who_has_no_good_token_does_not_learn_what_is_known():
    async with client(World(), documents=Documents([HELLO])) as http:
        for text in (HELLO, "{ hello }"):
            assert (await post(http, token="stolen", extensions=named(text))).status_code == 401


# ---------------------------------------------------------------- what is wrong
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200), ("text/event-stream", 200)])
@pytest.mark.parametrize(
    ("extensions", "told"),
    [(named(HELLO), NOT_FOUND), (named(HELLO, version=2), NOT_SUPPORTED), ({"persistedQuery": {"version": 1}}, NOT_FOUND)],
)
async def test_clients_are_told_in_the_words_that_they_look_for(extensions, told, accept, status):
    async with client(World()) as http:
        response = await post(http, accept, extensions=extensions)
    assert (response.status_code, response.json()) == (status, told)
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "extensions",
    [
        named("{ other }"),
        named(HELLO, sha256Hash=sha256(HELLO.encode()).hexdigest().upper()),
        named(HELLO, sha256Hash=5),
        named(HELLO, sha256Hash=None),
        named(HELLO, version="1"),
        {"persistedQuery": "one"},
        {"persistedQuery": []},
        {"persistedQuery": {}},
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_name_that_is_wrong_is_bad_input_and_nothing_is_kept(extensions, accept):
    documents = Documents()
    async with client(World(), documents=documents) as http:
        response = await post(http, accept, query=HELLO, extensions=extensions, variables={"name": "Ada"})
    assert response.status_code == 400
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["BAD_INPUT"]
    assert documents.find(TOKEN, sha256(HELLO.encode()).hexdigest()) is None


async def test_null_names_nothing():
    async with client(World()) as http:
        response = await get(http, query="{ hello }", extensions={"persistedQuery": None})
    assert response.json() == {"data": {"hello": "Hello, world!"}}
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ missing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + "hello " * 11 + "}", "LIMIT_ROOT_FIELDS"),
        ("{ hello }" + " " * 16_384, "LIMIT_CHARACTERS"),
        ("{ __schema { queryType { name } } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_bounded_a_document_that_is_named_has_the_limits_of_any(text, code):
    async with client(World(introspection=False), documents=Documents([text])) as http:
        response = await post(http, extensions=named(text))
    assert response.status_code == 400
    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {code}


# ---------------------------------------------------------------- what caches may do
async def test_an_answer_is_kept_by_the_clients_own_cache_alone_and_asked_about_before_it_is_used():
    async with client(World(), documents=Documents([HELLO])) as http:
        response = await get(http, extensions=named(HELLO), variables={"name": "Ada"})
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.headers["vary"] == "Accept, Authorization, Cookie"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_what_is_the_same_as_before_is_not_sent_again(form):
    async with client(World(), documents=Documents([HELLO])) as http:
        first = await get(http, extensions=named(HELLO), variables={"name": "Ada"})
        again = await get(
            http, extensions=named(HELLO), variables={"name": "Ada"}, tag=form.format(first.headers["etag"].removeprefix("W/"))
        )
    assert (again.status_code, again.content) == (304, b"")
    assert {name: again.headers[name] for name in ("etag", "cache-control", "vary")} == {
        name: first.headers[name] for name in ("etag", "cache-control", "vary")
    }


async def test_what_is_not_the_same_is_sent():
    async with client(World(), documents=Documents([HELLO])) as http:
        first = await get(http, extensions=named(HELLO), variables={"name": "Ada"})
        other = await get(http, extensions=named(HELLO), variables={"name": "Grace"}, tag=first.headers["etag"])
        in_other_type = await get(http, GRAPHQL, extensions=named(HELLO), variables={"name": "Ada"}, tag=first.headers["etag"])
    assert (other.status_code, other.json()) == (200, {"data": {"hello": "Hello, Grace!"}})
    assert (in_other_type.status_code, in_other_type.json()) == (200, {"data": ADA})


async def test_yours_alone_who_has_no_good_token_is_not_told_that_it_is_the_same():
    async with client(World(), documents=Documents([HELLO])) as http:
        first = await get(http, extensions=named(HELLO), variables={"name": "Ada"})
        again = await get(http, extensions=named(HELLO), variables={"name": "Ada"}, token="stolen", tag=first.headers["etag"])
    assert again.status_code == 401
    assert again.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("query", ["{ hello }", "{ hello forbidden }", "{ missing }"])
async def test_nothing_else_is_kept(query):
    async with client(World()) as http:
        without_name = await get(http, query="{ hello }")
        by_post = await post(http, query=query, extensions=named(query))
        failed = await get(http, query="{ hello forbidden }", extensions=named("{ hello forbidden }"))
    for response in (without_name, by_post, failed):
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


async def test_a_browser_that_names_a_document_gets_its_answer_and_not_the_page():
    async with client(World(), documents=Documents([HELLO])) as http:
        response = await get(http, "text/html,*/*;q=0.8", extensions=named(HELLO), variables={"name": "Ada"})
    assert response.json() == {"data": ADA}

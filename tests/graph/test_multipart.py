"""Multipart answers: what Apollo's clients get of a subscription, byte for byte."""

import re

import httpx
import pytest
from structlog.testing import capture_logs

from tests.graph.small_schema import AUTHORIZED, World, client, served

APOLLO = {"accept": "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9"}
PART = "\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{}\r\n--graphql"


async def answer(http: httpx.AsyncClient, query: str) -> httpx.Response:
    response = await http.post("/graphql", json={"query": query}, headers=APOLLO)
    assert response.status_code == 200
    return response


def multipart(*parts: str) -> str:
    return "\r\n--graphql" + "".join(PART.replace("{}", part) for part in parts) + "--\r\n"


async def test_each_result_is_a_part_that_is_whole_when_it_comes():
    async with client(world := World()) as http:
        response = await answer(http, "subscription { count(to: 2) }")
    assert response.headers["content-type"] == 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"'
    assert response.headers["cache-control"] == "no-store, no-transform"
    assert response.text == multipart('{"payload":{"data":{"count":1}}}', '{"payload":{"data":{"count":2}}}')
    assert world.events == ["count ended", "closed"]


async def test_a_query_is_an_answer_of_one_part():
    async with client(World()) as http:
        assert (await answer(http, "{ hello }")).text == multipart('{"payload":{"data":{"hello":"Hello, world!"}}}')


@pytest.mark.parametrize(("query", "code"), [("subscription {", "GRAPHQL_PARSE_FAILED"), ("{ missing }", "GRAPHQL_VALIDATION_FAILED")])
async def test_a_request_error_is_a_result(query, code):
    async with client(World()) as http:
        text = (await answer(http, query)).text
    assert text.startswith(multipart('{"payload":{"errors":[{"message":"')[:-15])
    assert re.findall(r'"code":"(\w+)"', text) == [code]


async def test_an_error_outside_of_a_result_ends_the_answer():
    with capture_logs() as logs:
        async with client(World()) as http:
            text = (await answer(http, "{ notJson }")).text
    assert text.startswith(multipart('{"payload":null,"errors":[{"message":"Something went wrong')[:-15])
    assert text.endswith("--graphql--\r\n")
    assert len(logs) == 1


async def test_who_has_no_good_token_gets_json():
    async with client(World()) as http:
        response = await http.post("/graphql", json={"query": "{ hello }"}, headers=APOLLO | {"authorization": "Bearer stolen"})
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_silent_answer_shows_that_it_is_alive():
    expected = "\r\n--graphql" + PART * 2
    async with (
        served(World(), heartbeat_seconds=0.01) as address,
        httpx.AsyncClient(base_url=f"http://{address}/", headers=AUTHORIZED | APOLLO) as http,
        http.stream("POST", "/graphql", json={"query": "subscription { silent }"}) as response,
    ):
        heard = ""
        async for text in response.aiter_text():
            heard += text
            if len(heard) >= len(expected):
                break
    assert heard.startswith(expected)

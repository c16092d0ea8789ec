"""The audits of graphql-http, the reference implementation of GraphQL over HTTP: the same requests, the same expectations, by their ids.

https://github.com/graphql/graphql-http/blob/main/src/audits/server.ts
"""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.graph.small_schema import AUTHORIZED, World, application

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"

TYPENAME = {"query": "{ __typename }"}
NAMED = {"operationName": "Query", "query": "query Query { __typename }"}
INTROSPECTION = {"query": "query Type($name: String!) { __type(name: $name) { name } }", "variables": {"name": "sometype"}}
SYNTAX_ERROR = {"query": "{"}
UNKNOWN_FIELD = {"query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }"}
UNCOERCIBLE = {"query": "query CoerceFailure($id: ID!){ __typename }", "variables": {"id": None}}
NO_OBJECTS = ["string", 0, False, ["array"]]
NO_STRINGS = [{"obj": "ect"}, 0, False, ["array"]]


@dataclass
class Audit:
    """A request, and what its answer has to be."""

    id: str
    body: Any = None  # an object is sent as JSON, a text as it is
    accept: str | None = None
    content_type: str | None = JSON
    query: dict[str, str] | None = None  # sent by GET instead
    status: tuple[int, int] = (200, 200)
    media: str = ""
    lacks: str | None = None  # what the answer does not have


AUDITS = [
    Audit("22EB", TYPENAME, GRAPHQL, media=GRAPHQL),
    Audit("4655", TYPENAME, JSON, media=JSON),
    Audit("47DE", TYPENAME, "*/*", media=JSON),
    Audit("80D8", TYPENAME, media=JSON),
    Audit("82A3", TYPENAME),
    Audit("BF61", {"query": '{ __type(name: "Run🏃Swim🏊") { name } }'}, content_type=f"{JSON}; charset=utf-8"),
    Audit("78D5", TYPENAME),
    Audit("2C94", TYPENAME),
    Audit("5A70", query=TYPENAME),
    Audit("9C48", query={"query": "mutation { __typename }"}, accept=GRAPHQL, status=(400, 499)),
    Audit("9ABE", TYPENAME, content_type=None, status=(400, 499)),
    Audit("03D4", TYPENAME),
    Audit("A5BF", status=(400, 400)),
    Audit("423L", {"notquery": "{ __typename }"}, GRAPHQL, status=(400, 400)),
    *[Audit(f"LKJ{i}", {"query": each}, status=(400, 400)) for i, each in enumerate(NO_STRINGS)],
    Audit("34A2", TYPENAME, GRAPHQL),
    Audit("13EE", TYPENAME, JSON, lacks="errors"),
    *[Audit(f"6C0{i}", {**TYPENAME, "operationName": each}, status=(400, 400)) for i, each in enumerate(NO_STRINGS)],
    Audit("8161", NAMED, GRAPHQL),
    Audit("B8B3", NAMED, JSON, lacks="errors"),
    *[
        Audit(f"94B{i}", {**TYPENAME, each: None}, GRAPHQL, lacks="errors")
        for i, each in enumerate(["variables", "operationName", "extensions"])
    ],
    *[
        Audit(f"022{i}", {**TYPENAME, each: None}, JSON, lacks="errors")
        for i, each in enumerate(["variables", "operationName", "extensions"])
    ],
    *[Audit(f"476{i}", {**TYPENAME, "variables": each}, status=(400, 400)) for i, each in enumerate(NO_OBJECTS)],
    Audit("2EA1", INTROSPECTION, GRAPHQL),
    Audit("28B9", INTROSPECTION, JSON, lacks="errors"),
    Audit("D6D5", query={**INTROSPECTION, "variables": '{"name":"sometype"}'}, accept=GRAPHQL, lacks="errors"),
    Audit("6A70", query={**INTROSPECTION, "variables": '{"name":"sometype"}'}, accept=JSON, lacks="errors"),
    *[Audit(f"58B{i}", {**TYPENAME, "extensions": each}, status=(400, 400)) for i, each in enumerate(NO_OBJECTS)],
    Audit("428F", {**TYPENAME, "extensions": {"some": "value"}}, GRAPHQL),
    Audit("1B7A", {**TYPENAME, "extensions": {"some": "value"}}, JSON, lacks="errors"),
    Audit("B6DC", '{ "not a JSON', JSON, status=(200, 599)),
    Audit("BCF8", '{ "not a JSON', JSON, status=(400, 400)),
    Audit("B7N8", '{ "not a JSON', GRAPHQL, status=(400, 400)),
    Audit("8764", {"qeury": "{ __typename }"}, status=(400, 599)),
    Audit("3E3A", {"qeury": "{ __typename }"}, status=(400, 400)),
    Audit("572B", SYNTAX_ERROR, JSON),
    Audit("FDE2", UNKNOWN_FIELD, JSON),
    Audit("7B9B", UNCOERCIBLE, JSON),
    Audit("865D", SYNTAX_ERROR, GRAPHQL, status=(400, 599)),
    Audit("556A", SYNTAX_ERROR, GRAPHQL, status=(400, 400)),
    Audit("D586", SYNTAX_ERROR, GRAPHQL, status=(400, 400), lacks="data"),
    Audit("51FE", UNKNOWN_FIELD, GRAPHQL, status=(400, 599)),
    Audit("74FF", UNKNOWN_FIELD, GRAPHQL, status=(400, 400)),
    Audit("5E5B", UNKNOWN_FIELD, GRAPHQL, status=(400, 400), lacks="data"),
    Audit("86EE", UNCOERCIBLE, GRAPHQL, status=(400, 400)),
]


def test_no_audit_is_left_out():
    assert len(AUDITS) == len({audit.id for audit in AUDITS}) == 61


@pytest.mark.parametrize("audit", AUDITS, ids=[audit.id for audit in AUDITS])
async def test_the_endpoint_passes_the_audit(audit: Audit):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(World())), base_url="http://tallygraph.test/") as http:
        del http.headers["accept"]  # httpx would send one
        response = await http.send(_request(audit, http))
    lowest, highest = audit.status
    assert lowest <= response.status_code <= highest
    assert response.headers["content-type"] in (f"{JSON}; charset=utf-8", f"{GRAPHQL}; charset=utf-8")
    assert audit.media in response.headers["content-type"]
    answer = json.loads(response.content.decode())
    assert audit.lacks not in answer
    assert ("errors" in answer) == (audit.status != (200, 200) or audit.id in ("572B", "FDE2", "7B9B"))


def _request(audit: Audit, http: httpx.AsyncClient) -> httpx.Request:
    headers = AUTHORIZED | ({"accept": audit.accept} if audit.accept else {})
    if audit.query is not None:
        return http.build_request("GET", "/graphql", params=audit.query, headers=headers)
    headers |= {"content-type": audit.content_type} if audit.content_type else {}
    body = "" if audit.body is None else audit.body if isinstance(audit.body, str) else json.dumps(audit.body)
    return http.build_request("POST", "/graphql", content=body, headers=headers)

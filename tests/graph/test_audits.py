"""Audits: asked for, listed, followed to their verdict, cancelled; and what is answered where that cannot be."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from gql import Client, GraphQLRequest
from gql.transport.websockets import WebsocketsTransport
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from graph.node import Kind, name_of_kind
from jobs.actors import Workshop, attend_audit
from jobs.audit_request import AuditRequest
from jobs.audits import MAX_UNFINISHED_AUDITS
from jobs.files import FileStore
from jobs.links import Linked, check_link
from ledger.application import CELL
from ledger.position import Position, opened
from tests.events import request_completed
from tests.graph.conftest import NOW, Service, viewer_of
from tests.graph.small_schema import on_loopback
from tests.jobs.engines import DIGEST, POSITION, TableEngine
from tests.jobs.sources import TableSource

FINANCE = "acme:billing"
RIVAL = "rival:billing"
DAY = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
AUDIT = "id status progress range { from to } eventsReplayed position digest differenceCount error createdAt completedAt downloadUrl"
ERRORS = "errors { code message field }"
START = f"mutation($input: StartAuditInput!) {{ startAudit(input: $input) {{ audit {{ {AUDIT} }} {ERRORS} }} }}"
CANCEL = f"mutation($id: ID!) {{ cancelAudit(id: $id) {{ audit {{ id status }} {ERRORS} }} }}"
FIND = f"query($id: ID!) {{ audit(id: $id) {{ {AUDIT} }} }}"
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Audit { status } } }"
LIST = """query($after: String) { account { audits(first: 2, after: $after) {
    nodes { id } edges { cursor node { id } } pageInfo { hasNextPage endCursor } totalCount } } }"""
DIFFERENCES = """query($id: ID!, $after: String) { audit(id: $id) { differences(first: 2, after: $after) {
    nodes { readModel key field replayed materialised } pageInfo { hasNextPage endCursor } totalCount } } }"""
FOLLOW = "subscription($id: ID!) { auditUpdated(id: $id) { status progress differenceCount } }"

Prove = Callable[[str, int], None]


@pytest.fixture
def prove(service: Service, database_url: str, tmp_path: Path) -> Prove:
    """Does what a worker does with an audit, which finds so many differences."""

    def prove(id: str, differences: int) -> None:
        engine = TableEngine(database_url, differences)
        workshop = Workshop(service.exports, FileStore(tmp_path), TableSource(database_url), service.audits, engine)
        attend_audit(workshop, uuid_of(id))

    return prove


async def start(service: Service, token: str = FINANCE, **input: Any) -> Any:
    return (await service.ask(START, token, input={"range": DAY} | input))["startAudit"]


async def an_audit(service: Service, token: str = FINANCE) -> str:
    return (await start(service, token))["audit"]["id"]


def uuid_of(id: str) -> UUID:
    name = name_of_kind(id, Kind.AUDIT)
    assert name is not None
    return UUID(bytes=name)


async def test_an_audit_begins_as_pending(service: Service):
    payload = await start(service)
    assert payload["errors"] == []
    audit = payload["audit"]
    assert await service.ask(FIND, FINANCE, id=audit["id"]) == {"audit": audit}
    assert await service.ask(NODE, FINANCE, id=audit["id"]) == {"node": {"__typename": "Audit", "id": audit["id"], "status": "PENDING"}}
    assert datetime.fromisoformat(audit.pop("createdAt")).tzinfo is UTC
    audit.pop("id")
    expected = {"status": "PENDING", "progress": 0.0, "range": DAY, "eventsReplayed": 0}
    assert audit == {name: expected.get(name) for name in audit}


async def test_what_is_asked_for_is_what_is_recorded(service: Service):
    position = service.record(request_completed())
    id = (await start(service, upTo=position))["audit"]["id"]
    account_id = viewer_of(FINANCE).account_id
    assert account_id is not None
    up_to = opened(position, service.seal).id
    period = datetime(2026, 4, 21, tzinfo=UTC), datetime(2026, 4, 22, tzinfo=UTC)
    assert service.audits.take(uuid_of(id), "worker").request == AuditRequest(account_id, "acme", *period, up_to)
    open_ended = await an_audit(service)
    assert service.audits.take(uuid_of(open_ended), "worker").request.up_to is None


async def test_an_operator_audits_an_account_they_name(service: Service):
    service.record(request_completed())
    [account] = (await service.ask("{ accounts { nodes { id } } }", "*:read+operate"))["accounts"]["nodes"]
    audit = (await start(service, "*:billing", accountId=account["id"]))["audit"]
    assert await service.ask(FIND, FINANCE, id=audit["id"]) == {"audit": audit}
    nobody = await start(service, "*:billing")
    assert [(error["code"], error["field"]) for error in nobody["errors"]] == [("NOT_FOUND", ["input", "accountId"])]


async def test_what_cannot_be_audited_is_said_with_its_field(service: Service):
    service.record(request_completed())
    service.services = replace(service.services, at_least_seconds=0.0)
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({"range": {"from": DAY["to"], "to": DAY["from"]}}, ["range", "from"]),
        ({"range": {"from": "1990-01-01T00:00:00Z", "to": DAY["to"]}}, ["range"]),
        ({"upTo": "nonsense"}, ["upTo"]),
        ({"upTo": Position(CELL, 2).sealed(service.seal)}, ["upTo"]),
        ({"upTo": Position("cell_1", 1).sealed(service.seal)}, ["upTo"]),
    ]
    for input, field in wrong:
        payload = await start(service, **input)
        assert payload["audit"] is None
        assert [(error["code"], error["field"]) for error in payload["errors"]] == [("BAD_INPUT", ["input", *field])], input
    assert (await start(service, upTo=Position(CELL, 1).sealed(service.seal)))["errors"] == []


async def test_an_account_waits_for_so_many_audits_and_no_more(service: Service):
    for _ in range(MAX_UNFINISHED_AUDITS):
        await an_audit(service)
    payload = await start(service)
    assert [error["code"] for error in payload["errors"]] == ["LIMIT_UNFINISHED_AUDITS"]
    assert (await start(service, RIVAL))["errors"] == []


async def test_a_match_has_its_digest_and_a_link_that_is_good_for_it(service: Service, prove: Prove):
    id = await an_audit(service)
    await asyncio.to_thread(prove, id, 0)
    audit = (await service.ask(FIND, FINANCE, id=id))["audit"]
    told = {name: audit[name] for name in ("status", "progress", "eventsReplayed", "digest", "differenceCount", "error")}
    expected = {"status": "MATCHED", "progress": 1.0, "eventsReplayed": 744, "digest": DIGEST, "differenceCount": 0, "error": None}
    assert told == expected
    assert opened(audit["position"], service.seal).id == POSITION
    assert audit["completedAt"] is not None
    path, _, token = audit["downloadUrl"].partition("?token=")
    assert path == f"/v1/audits/{uuid_of(id)}/acme-audit-2026-04-21-to-2026-04-21.json"
    account_id = viewer_of(FINANCE).account_id
    assert account_id is not None
    check_link(Linked.AUDIT, service.seal, token, uuid_of(id), account_id, now=NOW)


async def test_differences_are_told_page_by_page(service: Service, prove: Prove):
    id = await an_audit(service)
    assert (await service.ask(DIFFERENCES, FINANCE, id=id))["audit"]["differences"]["nodes"] == []
    await asyncio.to_thread(prove, id, 5)
    assert (await service.ask(FIND, FINANCE, id=id))["audit"]["status"] == "DIFFERENT"
    found, after = [], None
    for more in (True, True, False):
        page = (await service.ask(DIFFERENCES, FINANCE, id=id, after=after))["audit"]["differences"]
        assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (5, more)
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
    assert found == [
        {"readModel": "router_buckets", "key": f'{{"model": "m-{i}"}}', "field": "requests", "replayed": f"={i}", "materialised": None}
        for i in range(1, 6)
    ]


async def test_an_audit_that_failed_says_why(service: Service):
    id = await an_audit(service)
    service.audits.take(uuid_of(id), "worker")
    service.audits.refuse(uuid_of(id), 1, "It is too much.")
    audit = (await service.ask(FIND, FINANCE, id=id))["audit"]
    assert (audit["status"], audit["error"], audit["downloadUrl"]) == ("FAILED", "It is too much.", None)


async def test_a_cancelled_audit_is_cancelled_once_and_a_verdict_stays(service: Service, prove: Prove):
    id, proven = await an_audit(service), await an_audit(service)
    for _ in range(2):
        assert await service.ask(CANCEL, FINANCE, id=id) == {"cancelAudit": {"audit": {"id": id, "status": "CANCELLED"}, "errors": []}}
    await asyncio.to_thread(prove, proven, 0)
    payload = (await service.ask(CANCEL, FINANCE, id=proven))["cancelAudit"]
    assert payload["audit"] == {"id": proven, "status": "MATCHED"}
    assert [(error["code"], error["message"]) for error in payload["errors"]] == [
        ("AUDIT_FINISHED", "The audit is already completed; it cannot be cancelled.")
    ]


async def test_audits_are_listed_newest_first_in_pages(service: Service):
    ids = [await an_audit(service) for _ in range(3)]
    await an_audit(service, RIVAL)
    found, after = [], None
    for more in (True, False):
        page = (await service.ask(LIST, FINANCE, after=after))["account"]["audits"]
        assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, more)
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert found == ids[::-1]


# ---------------------------------------------------------------- yours alone
async def test_yours_alone_a_foreign_audit_looks_like_one_that_is_not_there(service: Service, prove: Prove):
    theirs = await an_audit(service, RIVAL)
    await asyncio.to_thread(prove, theirs, 3)
    for id in (theirs, "nonsense", ""):
        assert await service.ask(FIND, FINANCE, id=id) == {"audit": None}
        assert await service.ask(NODE, FINANCE, id=id) == {"node": None}
        [error] = (await service.ask(CANCEL, FINANCE, id=id))["cancelAudit"]["errors"]
        assert (error["code"], error["message"]) == ("NOT_FOUND", "There is no such audit: give the id of one that you see.")
        [error] = (await over_events(service, id))[0]["errors"]
        assert error["extensions"] == {"code": "NOT_FOUND", "field": ["id"]}


async def test_yours_alone_a_cursor_is_good_for_the_list_it_came_with(service: Service, prove: Prove):
    ours, other, theirs = await an_audit(service), await an_audit(service), await an_audit(service, RIVAL)
    await an_audit(service, RIVAL)
    for id in (ours, other, theirs):
        await asyncio.to_thread(prove, id, 3)
    for token, id in ((FINANCE, other), (RIVAL, theirs)):
        cursor = (await service.ask(DIFFERENCES, token, id=id))["audit"]["differences"]["pageInfo"]["endCursor"]
        error = await service.refusal(DIFFERENCES, FINANCE, id=ours, after=cursor)
        assert (error["code"], error["field"]) == ("BAD_INPUT", ["after"])
    cursor = (await service.ask(LIST, RIVAL))["account"]["audits"]["pageInfo"]["endCursor"]
    assert (await service.refusal(LIST, FINANCE, after=cursor))["code"] == "BAD_INPUT"


async def test_audits_need_the_scope_billing(service: Service):
    id = await an_audit(service)
    for query, variables in (
        (START, {"input": {"range": DAY}}),
        (CANCEL, {"id": id}),
        (FIND, {"id": id}),
        (NODE, {"id": id}),
        (LIST, {}),
    ):
        assert (await service.refusal(query, "acme:read+ingest+operate", **variables))["code"] == "FORBIDDEN"
    [error] = (await over_events(service, id, "acme:read"))[0]["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


# ---------------------------------------------------------------- following
async def test_a_follower_over_the_websocket_is_told_the_present_each_change_and_the_end(service: Service):
    id = await an_audit(service)
    async with following(service, id) as states:
        assert await anext(states) == {"status": "PENDING", "progress": 0.0, "differenceCount": None}
        service.audits.take(uuid_of(id), "worker")
        assert await anext(states) == {"status": "RUNNING", "progress": 0.0, "differenceCount": None}
        service.audits.report(uuid_of(id), 1, 250, 1_000)
        assert await anext(states) == {"status": "RUNNING", "progress": 0.25, "differenceCount": None}
        service.audits.refuse(uuid_of(id), 1, "It is too much.")
        assert (await anext(states))["status"] == "FAILED"
        assert await anext(states, None) is None


async def test_following_ends_with_a_verdict(service: Service, prove: Prove):
    id = await an_audit(service)
    async with following(service, id) as states:
        first = await anext(states)
        await asyncio.to_thread(prove, id, 3)
        told = [first, *[state async for state in states]]
    assert told[-1] == {"status": "DIFFERENT", "progress": 1.0, "differenceCount": 3}
    assert [state["progress"] for state in told] == sorted(state["progress"] for state in told)


async def test_who_follows_what_is_over_is_told_so_by_server_sent_events(service: Service):
    id = await an_audit(service)
    await service.ask(CANCEL, FINANCE, id=id)
    [told] = await over_events(service, id)
    assert told["data"] == {"auditUpdated": {"status": "CANCELLED", "progress": 0.0, "differenceCount": None}}


async def over_events(service: Service, id: str, token: str = FINANCE) -> list[Any]:
    """The results of following what is over, or cannot be followed."""
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    answer = await service.client.post("/graphql", json={"query": FOLLOW, "variables": {"id": id}}, headers=headers)
    *results, end = answer.text.strip().split("\n\n")
    assert end.startswith("event: complete")
    return [msgspec.json.decode(result.removeprefix("event: next\ndata: ")) for result in results]


@asynccontextmanager
async def following(service: Service, id: str) -> AsyncIterator[AsyncIterator[Any]]:
    async with on_loopback(Starlette(routes=[WebSocketRoute("/graphql", service.endpoint)])) as address:
        payload = {"authorization": f"Bearer {FINANCE}"}
        protocols = [WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL]
        transport = WebsocketsTransport(url=f"ws://{address}/graphql", init_payload=payload, subprotocols=protocols)
        async with Client(transport=transport) as client:
            results = client.subscribe(GraphQLRequest(FOLLOW, variable_values={"id": id}))
            yield (result["auditUpdated"] async for result in results)

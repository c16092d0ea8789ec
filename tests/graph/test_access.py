"""Law: yours alone. A viewer reaches their account and nothing else, by any id, cursor, filter or error text."""

from typing import Any

import pytest

from graph.node import Kind, global_id, name_of
from tests.events import request_completed
from tests.graph.conftest import OPERATOR, READER, Service

DAY = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
RANGE = '{from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}'
RIVAL = "rival:ingest+read+billing+operate"
ALL_ACCOUNTS = "*:read"
NODE = """query($id: ID!) { node(id: $id) {
    __typename id ... on Account { key } ... on Request { eventId } ... on Export { status } ... on Rejection { body } } }"""
OF_ACCOUNT = """
    query($id: ID, $range: TimeRange!) { account(id: $id) {
        id key routerUsage(range: $range) { totalRequests buckets { nodes { requests } totalCount } }
        history(range: $range) { nodes { id eventId } pageInfo { endCursor } totalCount }
        exports { nodes { id } totalCount } conflicts { nodes { eventId } totalCount }
    } }"""


async def account_of(service: Service, token: str, id: str | None = None) -> Any:
    return (await service.ask(OF_ACCOUNT, token, id=id, range=DAY))["account"]


# ---------------------------------------------------------------- accounts
async def test_accounts_do_not_see_each_other(service: Service):
    service.record(request_completed(id="ours"), request_completed(id="theirs", account="rival"))
    ours, theirs = await account_of(service, READER), await account_of(service, RIVAL)
    assert [each["eventId"] for each in ours["history"]["nodes"]] == ["ours"]
    assert [each["eventId"] for each in theirs["history"]["nodes"]] == ["theirs"]
    assert ours["routerUsage"]["totalRequests"] == theirs["routerUsage"]["totalRequests"] == 1
    assert ours["id"] != theirs["id"]


async def test_a_foreign_id_looks_like_one_that_is_not_there(service: Service):
    service.record(request_completed(), request_completed(account="rival"))
    export = await an_export(service, RIVAL)
    theirs = await account_of(service, RIVAL)
    foreign = [theirs["id"], theirs["history"]["nodes"][0]["id"], export, await a_rejection(service)]
    absent = [
        global_id(kind, bytes(size)) for kind, size in ((Kind.ACCOUNT, 16), (Kind.REQUEST, 32), (Kind.EXPORT, 16), (Kind.REJECTION, 16))
    ]
    nonsense = ["", "a", "YQ", "ä", "-" * 5000, global_id(Kind.DEPLOYMENT, bytes(16) + b"gpu"), theirs["id"] + "=", theirs["id"] + "\n"]
    for id in (*foreign, *absent, *nonsense):
        assert await service.ask(NODE, READER, id=id) == {"node": None}
        assert await service.ask("query($id: ID!) { account(id: $id) { key } export(id: $id) { status } }", READER, id=id) == {
            "account": None,
            "export": None,
        }
        assert [error["code"] for error in await cancelling(service, READER, id)] == ["NOT_FOUND"]
        assert [error["code"] for error in await exporting(service, READER, id)] == ["NOT_FOUND"]


async def test_ones_own_id_and_no_id_are_the_same_account(service: Service):
    service.record(request_completed())
    own = await account_of(service, READER)
    assert await account_of(service, READER, own["id"]) == own
    data = await service.ask("{ viewer { tokenName scopes account { id key currency } } }", READER)
    assert data["viewer"] == {"tokenName": READER, "scopes": ["READ"], "account": {"id": own["id"], "key": "acme", "currency": "USD"}}


async def test_an_account_of_which_nothing_was_heard_is_its_viewers_all_the_same(service: Service):
    new = await account_of(service, "newcomer:read")
    assert (new["key"], new["routerUsage"]["totalRequests"], new["history"]["totalCount"]) == ("newcomer", 0, 0)
    assert await service.ask("query($id: ID!) { account(id: $id) { key } }", ALL_ACCOUNTS, id=new["id"]) == {"account": None}


async def test_a_token_for_all_accounts_names_the_one_it_asks_about(service: Service):
    service.record(request_completed(), request_completed(account="rival"))
    assert await account_of(service, ALL_ACCOUNTS) is None
    assert await service.ask("{ viewer { account { key } } }", ALL_ACCOUNTS) == {"viewer": {"account": None}}
    for token in (READER, RIVAL):
        own = await account_of(service, token)
        assert await account_of(service, ALL_ACCOUNTS, own["id"]) == own
        request = own["history"]["nodes"][0]
        assert (await service.ask(NODE, ALL_ACCOUNTS, id=request["id"]))["node"] == {"__typename": "Request", **request}


# ---------------------------------------------------------------- nodes and cursors
async def test_every_id_leads_back_to_what_it_came_with(service: Service):
    service.record(request_completed(id="one"), request_completed(id="two"))
    account = await account_of(service, READER)
    export, rejection = await an_export(service, READER), await a_rejection(service)
    for node in (
        {"__typename": "Account", "id": account["id"], "key": "acme"},
        *({"__typename": "Request", **request} for request in account["history"]["nodes"]),
        {"__typename": "Export", "id": export, "status": "PENDING"},
    ):
        assert (await service.ask(NODE, READER, id=node["id"]))["node"] == node
    found = await service.ask(NODE, OPERATOR, id=rejection)
    assert found["node"] == {"__typename": "Rejection", "id": rejection, "body": REFUSED_BODY}


def test_an_id_has_one_form_and_other_texts_are_none():
    id = global_id(Kind.ACCOUNT, bytes(16))
    assert name_of(id) == (Kind.ACCOUNT, bytes(16))
    for other in (id + "=", id[:-1] + chr(ord(id[-1]) + 1), id[:-1], global_id(Kind.ACCOUNT, bytes(17)), "", "?", " " + id):
        assert name_of(other) is None


async def test_a_foreign_cursor_is_refused(service: Service):
    for account in ("acme", "rival"):
        service.record(*(request_completed(account=account, model=model) for model in ("a", "b")))
        await an_export(service, f"{account}:read")
        await an_export(service, f"{account}:read")
    for list in (
        f"history(range: {RANGE}, first: 1, after: $after) {{ pageInfo {{ endCursor }} }}",
        f"routerUsage(range: {RANGE}) {{ buckets(first: 1, after: $after) {{ pageInfo {{ endCursor }} }} }}",
        "exports(first: 1, after: $after) { pageInfo { endCursor } }",
    ):
        query = f"query($after: String) {{ account {{ {list} }} }}"
        cursor = cursor_in(await service.ask(query, RIVAL))
        assert cursor_in(await service.ask(query, RIVAL, after=cursor)) != cursor
        error = await service.refusal(query, READER, after=cursor)
        assert (error["code"], error["field"]) == ("BAD_INPUT", ["after"])
        assert "rival" not in error["message"]


def cursor_in(data: Any) -> str:
    while "pageInfo" not in data:
        [data] = data.values()
    assert data["pageInfo"]["endCursor"]
    return data["pageInfo"]["endCursor"]


# ---------------------------------------------------------------- scopes
@pytest.mark.parametrize("field", ["routerUsage(range: $range) { totalRequests }", "history(range: $range) { totalCount }"])
async def test_usage_needs_the_scope_read(service: Service, field: str):
    error = await service.refusal(f"query($range: TimeRange!) {{ account {{ key {field} }} }}", "acme:ingest+billing+operate", range=DAY)
    assert error["code"] == "FORBIDDEN"
    assert "lacks the scope READ" in error["message"]


async def test_lists_and_nodes_of_an_account_need_the_scope_read(service: Service):
    service.record(request_completed())
    request = (await account_of(service, READER))["history"]["nodes"][0]["id"]
    export = await an_export(service, READER)
    for query in (
        "{ account { exports { totalCount } } }",
        "{ account { conflicts { totalCount } } }",
        f'{{ node(id: "{request}") {{ id }} }}',
        f'{{ node(id: "{export}") {{ id }} }}',
        f'{{ export(id: "{export}") {{ id }} }}',
        f'mutation {{ cancelExport(id: "{export}") {{ export {{ id }} }} }}',
    ):
        error = await service.refusal(query, "acme:ingest")
        assert error["code"] == "FORBIDDEN"
        assert "READ" in error["message"]


async def test_reporting_needs_the_scope_ingest(service: Service):
    query = """mutation { recordUsage(events: [{source: "s", id: "1", time: "2026-04-21T09:00:00Z", model: "m"}]) { recorded } }"""
    error = await service.refusal(query, "acme:read+billing+operate")
    assert error["code"] == "FORBIDDEN"
    assert "lacks the scope INGEST" in error["message"]


async def test_what_is_of_all_accounts_is_for_operators_of_all_accounts(service: Service):
    for field in ("accounts { totalCount }", "eventLog { position }", "rejectedEvents { totalCount }"):
        name = field.partition(" ")[0]
        error = await service.refusal(f"{{ {field} }}", "*:read+ingest+billing")
        assert error["code"] == "FORBIDDEN"
        assert f"lacks the scope OPERATE, which {name} needs" in error["message"]
        error = await service.refusal(f"{{ {field} }}", RIVAL)
        assert error["code"] == "FORBIDDEN"
        assert "is of one account" in error["message"]
        await service.ask(f"{{ {field} }}", OPERATOR)


async def test_without_a_token_nothing_is_told(service: Service):
    response = await service.client.post("/graphql", json={"query": "{ viewer { tokenName } }"})
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


# ---------------------------------------------------------------- things with ids
REFUSED_BODY = '{"refused": true}'


async def an_export(service: Service, token: str) -> str:
    query = "mutation($range: TimeRange!) { exportRouterUsage(input: {range: $range}) { export { id } errors { code } } }"
    data = await service.ask(query, token, range=DAY)
    assert data["exportRouterUsage"]["errors"] == []
    return data["exportRouterUsage"]["export"]["id"]


async def exporting(service: Service, token: str, account: str) -> list[dict[str, Any]]:
    query = """mutation($range: TimeRange!, $id: ID) {
        exportRouterUsage(input: {range: $range, accountId: $id}) { export { id } errors { code message field } } }"""
    data = await service.ask(query, token, range=DAY, id=account)
    assert data["exportRouterUsage"]["export"] is None
    return data["exportRouterUsage"]["errors"]


async def cancelling(service: Service, token: str, id: str) -> list[dict[str, Any]]:
    query = "mutation($id: ID!) { cancelExport(id: $id) { export { id } errors { code message field } } }"
    data = await service.ask(query, token, id=id)
    assert data["cancelExport"]["export"] is None
    return data["cancelExport"]["errors"]


async def a_rejection(service: Service) -> str:
    service.reject("rival", REFUSED_BODY.encode())
    data = await service.ask("{ rejectedEvents(first: 1) { nodes { id } } }", OPERATOR)
    return data["rejectedEvents"]["nodes"][0]["id"]

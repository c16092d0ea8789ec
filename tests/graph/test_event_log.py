"""For operators: the accounts, how far the log and the read models are, and what was refused. For accounts: their conflicts."""

from typing import Any

from ledger.position import opened
from projections.usage import READ_MODELS
from tests.events import at, request_completed
from tests.graph.conftest import OPERATOR, Service


async def pages(service: Service, list: str, token: str = OPERATOR, size: int = 2) -> list[Any]:
    """All nodes of a list, page by page; `list` has a %s for the arguments."""
    nodes, after = [], None
    while True:
        data = await service.ask(f"query($after: String) {{ {list % f'first: {size}, after: $after'} }}", token, after=after)
        while "nodes" not in data:
            [data] = data.values()
        nodes += data["nodes"]
        if not data["pageInfo"]["hasNextPage"]:
            assert data["totalCount"] == len(nodes)
            return nodes
        after = data["pageInfo"]["endCursor"]


async def test_accounts_are_listed_by_key(service: Service):
    keys = ["zeta", "acme", "Rival", "ähm", "acme-2"]
    service.record(*(request_completed(account=key) for key in keys))
    nodes = await pages(service, "accounts(%s) { nodes { id key currency } pageInfo { hasNextPage endCursor } totalCount }")
    assert [each["key"] for each in nodes] == ["Rival", "acme", "acme-2", "zeta", "ähm"]
    for each in nodes:
        assert await service.ask("query($id: ID!) { account(id: $id) { id key currency } }", OPERATOR, id=each["id"]) == {"account": each}


async def test_the_log_says_how_far_its_read_models_are(service: Service):
    query = "{ eventLog { position readModels { name position lag } } }"
    start = (await service.ask(query, OPERATOR))["eventLog"]
    assert {each["lag"] for each in start["readModels"]} == {0}
    first = service.record(request_completed(at("09:00")))
    second = service.record(request_completed(at("10:00")), request_completed(at("11:00")), project=False)
    log = (await service.ask(query, OPERATOR))["eventLog"]
    names = sorted(READ_MODELS)
    assert log == {"position": second, "readModels": [{"name": name, "position": first, "lag": 2} for name in names]}
    service.project()
    log = (await service.ask(query, OPERATOR))["eventLog"]
    assert log == {"position": second, "readModels": [{"name": name, "position": second, "lag": 0} for name in names]}
    assert opened(log["position"], service.seal).id == 3


async def test_what_was_refused_is_shown_whole_newest_first(service: Service):
    for body in (b"one", b"\xff\x00two", b'{"three": 3}'):
        service.reject("acme", body)
    nodes = await pages(
        service, "rejectedEvents(%s) { nodes { id dialect field message body } pageInfo { hasNextPage endCursor } totalCount }"
    )
    assert [each["body"] for each in nodes] == ['{"three": 3}', "\ufffd\0two", "one"]
    assert {(each["dialect"], each["field"], each["message"]) for each in nodes} == {("application/json", "data.model", "is required")}
    query = "query($id: ID!) { node(id: $id) { ... on Rejection { id dialect field message body } } }"
    for each in nodes:
        assert await service.ask(query, OPERATOR, id=each["id"]) == {"node": each}


REPORT = """mutation($time: DateTime!, $model: String!, $id: String!) {
    recordUsage(events: [{source: "s", id: $id, time: $time, model: $model}]) { recorded conflicts { index } position } }"""


async def test_conflicts_show_both_reports_whether_found_when_they_came_or_when_they_were_projected(service: Service):
    # Given a report, another of that name with another model, and another with another time
    for time, model in (("2026-04-21T09:00:00Z", "a"), ("2026-04-21T09:00:00Z", "b"), ("2026-04-21T10:00:00Z", "a")):
        await service.ask(REPORT, "acme:ingest", time=time, model=model, id="1")
    await service.ask(REPORT, "rival:ingest", time="2026-04-21T09:00:00Z", model="c", id="1")
    service.project()
    # Then both are listed, and count nothing
    nodes = await pages(
        service,
        "account { conflicts(%s) { nodes { source eventId standing refused } pageInfo { hasNextPage endCursor } totalCount } }",
        "acme:read",
        size=1,
    )
    assert {(each["source"], each["eventId"], each["standing"]["data"]["model"], each["standing"]["time"]) for each in nodes} == {
        ("s", "1", "a", "2026-04-21T09:00:00Z")
    }
    assert [(each["refused"]["data"]["model"], each["refused"]["time"][11:13]) for each in nodes] == [("a", "10"), ("b", "09")]
    usage = 'routerUsage(range: {from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}) { totalRequests }'
    assert await service.ask(f"{{ account {{ {usage} }} }}", "acme:read") == {"account": {"routerUsage": {"totalRequests": 1}}}


async def test_an_account_without_conflicts_has_none(service: Service):
    assert await service.ask("{ account { conflicts { nodes { eventId } totalCount pageInfo { endCursor } } } }") == {
        "account": {"conflicts": {"nodes": [], "totalCount": 0, "pageInfo": {"endCursor": None}}}
    }


async def test_bounded_a_page_of_what_was_refused_holds_few_bodies(service: Service):
    for number in range(3):
        service.reject("acme", f"refused {number}".encode())
    refusal = await service.refusal("{ rejectedEvents(first: 51) { nodes { body } } }", OPERATOR)
    assert (refusal["code"], refusal["field"]) == ("BAD_INPUT", ["first"])
    found = await service.ask("{ rejectedEvents(first: 1000) { nodes { message } totalCount } }", OPERATOR)
    assert found["rejectedEvents"] == {"nodes": [{"message": "is required"}] * 3, "totalCount": 3}

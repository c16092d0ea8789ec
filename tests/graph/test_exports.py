"""Exports: asked for, listed, followed to their end, cancelled; and what is answered where that cannot be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from graph.node import Kind, name_of_kind
from jobs.export import ExportFile
from jobs.exports import MAX_UNFINISHED
from jobs.links import Linked, check_link
from jobs.request import ExportRequest, UsageFilter
from ledger.position import opened
from tests.events import request_completed
from tests.graph.conftest import NOW, READER, Service, viewer_of

DAY = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
EXPORT = """id status format progress rowCount fileName fileSize sha256 downloadUrl error position createdAt completedAt expiresAt"""
ASK = f"""mutation($input: ExportRouterUsageInput!) {{
    exportRouterUsage(input: $input) {{ export {{ {EXPORT} }} errors {{ code message field }} }} }}"""
FIND = f"query($id: ID!) {{ export(id: $id) {{ {EXPORT} }} }}"
CANCEL = "mutation($id: ID!) { cancelExport(id: $id) { export { id status } errors { code message field } } }"
FOLLOW = "subscription($id: ID!) { exportUpdated(id: $id) { status progress rowCount } }"
BOUND_SECONDS = 20
FILE = ExportFile(name="acme.xlsx", size=5_000, sha256="ab" * 32, row_count=40, position=1, complete_through=NOW)


async def ask(service: Service, token: str = READER, **input: Any) -> Any:
    return (await service.ask(ASK, token, input={"range": DAY} | input))["exportRouterUsage"]


async def an_export(service: Service, token: str = READER) -> str:
    return (await ask(service, token))["export"]["id"]


def uuid_of(id: str) -> UUID:
    name = name_of_kind(id, Kind.EXPORT)
    assert name is not None
    return UUID(bytes=name)


def start(service: Service, id: str) -> None:
    assert service.exports.take(uuid_of(id), "worker").is_held_by("worker")


async def test_an_export_begins_as_pending(service: Service):
    payload = await ask(service)
    assert payload["errors"] == []
    export = payload["export"]
    assert await service.ask(FIND, id=export["id"]) == {"export": export}
    assert datetime.fromisoformat(export.pop("createdAt")).tzinfo is UTC
    assert name_of_kind(export.pop("id"), Kind.EXPORT) is not None
    expected = {"status": "PENDING", "format": "XLSX", "progress": 0.0}
    assert export == {name: expected.get(name) for name in export}


async def test_what_is_asked_for_is_what_is_recorded(service: Service):
    position = opened(service.record(request_completed()), service.seal).id
    filter = {"models": ["gpt-4o"], "providers": [None, "openai"], "apiKeys": []}
    payload = await ask(service, timeZone="Asia/Kathmandu", interval="WEEK", groupBy=["PROVIDER"], filter=filter)
    account_id = viewer_of(READER).account_id
    assert account_id is not None
    assert service.exports.take(uuid_of(payload["export"]["id"]), "worker").request == ExportRequest(
        account_id=account_id,
        account_key="acme",
        period_from=datetime(2026, 4, 21, tzinfo=UTC),
        period_to=datetime(2026, 4, 22, tzinfo=UTC),
        time_zone="Asia/Kathmandu",
        filter=UsageFilter(models=("gpt-4o",), providers=(None, "openai"), api_keys=()),
        interval="WEEK",
        group_by=("PROVIDER",),
        format="XLSX",
        at_least=position,
    )


async def test_without_more_words_the_hours_of_everything_are_exported(service: Service):
    request = service.exports.take(uuid_of(await an_export(service)), "worker").request
    assert (request.interval, request.group_by, request.time_zone, request.filter) == ("HOUR", ("MODEL", "API_KEY"), "UTC", UsageFilter())
    whole = await ask(service, interval=None, groupBy=[])
    request = service.exports.take(uuid_of(whole["export"]["id"]), "worker").request
    assert (request.interval, request.group_by) == (None, ())


CONTENTS = "contents { range { from to } timeZone interval groupBy models providers apiKeys }"
LISTED = f"{{ account {{ exports {{ nodes {{ {CONTENTS} }} }} }} }}"


async def test_an_export_tells_what_it_holds(service: Service):
    service.record(request_completed())
    filter = {"models": ["gpt-4o"], "providers": [None, "openai"], "apiKeys": []}
    id = (await ask(service, timeZone="Asia/Kathmandu", interval="WEEK", groupBy=["PROVIDER", "MODEL"], filter=filter))["export"]["id"]
    await ask(service, interval=None, groupBy=[], filter={"apiKeys": ["k", None]})
    narrow = {
        "range": DAY,
        "timeZone": "Asia/Kathmandu",
        "interval": "WEEK",
        "groupBy": ["PROVIDER", "MODEL"],
        "models": ["gpt-4o"],
        "providers": [None, "openai"],
        "apiKeys": [],
    }
    whole = {"range": DAY, "timeZone": "UTC", "interval": None, "groupBy": [], "models": None, "providers": None, "apiKeys": ["k", None]}
    nodes = (await service.ask(LISTED))["account"]["exports"]["nodes"]
    assert [node["contents"] for node in nodes] == [whole, narrow]
    # It is still known when the export is over
    await service.ask(CANCEL, id=id)
    assert (await service.ask(f"query($id: ID!) {{ export(id: $id) {{ status {CONTENTS} }} }}", id=id))["export"] == {
        "status": "CANCELLED",
        "contents": narrow,
    }


async def test_every_format_can_be_asked_for(service: Service):
    [offered] = (await service.ask('{ __type(name: "ExportFormat") { enumValues { name } } }'))["__type"].values()
    for format in [value["name"] for value in offered]:
        export = (await ask(service, format=format))["export"]
        assert export["format"] == format
        assert service.exports.take(uuid_of(export["id"]), "worker").request.format == format
    assert {value["name"] for value in offered} == {"XLSX", "CSV", "PARQUET"}


async def test_an_operator_exports_for_an_account_they_name(service: Service):
    service.record(request_completed())
    [account] = (await service.ask("{ accounts { nodes { id key } } }", "*:read+operate"))["accounts"]["nodes"]
    export = (await ask(service, "*:read", accountId=account["id"]))["export"]
    assert await service.ask(FIND, READER, id=export["id"]) == {"export": export}
    nobody = await ask(service, "*:read")
    assert [(error["code"], error["field"]) for error in nobody["errors"]] == [("NOT_FOUND", ["input", "accountId"])]


async def test_what_cannot_be_exported_is_said_with_its_field(service: Service):
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({"range": {"from": DAY["to"], "to": DAY["from"]}}, ["range", "from"]),
        ({"groupBy": ["MODEL", "MODEL"]}, ["groupBy"]),
        ({"filter": {"models": ["m"] * 1001}}, ["filter"]),
    ]
    for input, field in wrong:
        payload = await ask(service, **input)
        assert payload["export"] is None
        assert [(error["code"], error["field"]) for error in payload["errors"]] == [("BAD_INPUT", ["input", *field])]
    error = await service.refusal(ASK, input={"range": DAY, "timeZone": "Europe/Atlantis"})
    assert error["code"] == "BAD_INPUT"


async def test_an_account_waits_for_so_many_exports_and_no_more(service: Service):
    for _ in range(MAX_UNFINISHED):
        await an_export(service)
    payload = await ask(service)
    assert [error["code"] for error in payload["errors"]] == ["LIMIT_UNFINISHED_EXPORTS"]
    assert (await ask(service, "rival:read"))["errors"] == []


async def test_a_completed_export_has_a_link_that_is_good_for_it(service: Service):
    id = await an_export(service)
    start(service, id)
    service.exports.complete(uuid_of(id), 1, FILE)
    export = (await service.ask(FIND, id=id))["export"]
    assert {name: export[name] for name in ("status", "progress", "rowCount", "fileName", "fileSize", "sha256")} == {
        "status": "COMPLETED",
        "progress": 1.0,
        "rowCount": 40,
        "fileName": "acme.xlsx",
        "fileSize": 5_000,
        "sha256": "ab" * 32,
    }
    assert opened(export["position"], service.seal).id == 1
    path, _, token = export["downloadUrl"].partition("?token=")
    assert path == f"/v1/exports/{uuid_of(id)}/acme.xlsx"
    account_id = viewer_of(READER).account_id
    assert account_id is not None
    check_link(Linked.EXPORT, service.seal, token, uuid_of(id), account_id, now=NOW)
    assert datetime.fromisoformat(export["expiresAt"]) > datetime.fromisoformat(export["completedAt"])


async def test_an_export_that_failed_says_why(service: Service):
    id = await an_export(service)
    start(service, id)
    service.exports.refuse(uuid_of(id), 1, "There is too much of it.")
    export = (await service.ask(FIND, id=id))["export"]
    assert (export["status"], export["error"], export["downloadUrl"]) == ("FAILED", "There is too much of it.", None)


async def test_an_export_can_be_cancelled_until_it_is_over(service: Service):
    id = await an_export(service)
    cancelled = {"export": {"id": id, "status": "CANCELLED"}, "errors": []}
    assert (await service.ask(CANCEL, id=id))["cancelExport"] == cancelled
    assert (await service.ask(CANCEL, id=id))["cancelExport"] == cancelled
    done = await an_export(service)
    start(service, done)
    service.exports.complete(uuid_of(done), 1, FILE)
    payload = (await service.ask(CANCEL, id=done))["cancelExport"]
    assert payload["export"] == {"id": done, "status": "COMPLETED"}
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("EXPORT_FINISHED", ["id"])]


async def test_the_exports_of_an_account_are_paged_newest_first(service: Service):
    ids = [await an_export(service) for _ in range(5)]
    await an_export(service, "rival:read")
    query = """query($after: String) { account {
        exports(first: 2, after: $after) { nodes { id } edges { cursor node { id } } pageInfo { hasNextPage endCursor } totalCount } } }"""
    found, after = [], None
    for more in (True, True, False):
        page = (await service.ask(query, after=after))["account"]["exports"]
        assert page["totalCount"] == 5
        assert page["pageInfo"]["hasNextPage"] is more
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert found == ids[::-1]


# ---------------------------------------------------------------- following
async def test_a_follower_is_told_the_present_state_each_change_and_the_end(service: Service):
    id = await an_export(service)
    async with following(service, id) as states:
        assert await anext(states) == {"status": "PENDING", "progress": 0.0, "rowCount": None}
        start(service, id)
        assert await anext(states) == {"status": "RUNNING", "progress": 0.0, "rowCount": None}
        service.exports.report(uuid_of(id), 1, 10, 40)
        assert await anext(states) == {"status": "RUNNING", "progress": 0.25, "rowCount": None}
        service.exports.complete(uuid_of(id), 1, FILE)
        assert await anext(states) == {"status": "COMPLETED", "progress": 1.0, "rowCount": 40}
        assert await anext(states, None) is None


async def test_following_ends_with_a_cancelled_export(service: Service):
    id = await an_export(service)
    async with following(service, id) as states:
        await anext(states)
        await service.ask(CANCEL, id=id)
        assert (await anext(states))["status"] == "CANCELLED"
        assert await anext(states, None) is None


@pytest.mark.parametrize("whose", ["rival", "nobody"])
async def test_an_export_that_is_not_theirs_cannot_be_followed(service: Service, whose: str):
    id = await an_export(service, "rival:read") if whose == "rival" else "nonsense"
    response = await subscribe(service, id)
    [error] = response["errors"]
    assert error["extensions"] == {"code": "NOT_FOUND", "field": ["id"]}
    assert error["message"] == "There is no such export: give the id of one that you see."


async def test_following_needs_the_scope_read(service: Service):
    [error] = (await subscribe(service, await an_export(service), "acme:ingest"))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_following_ends_when_the_token_is_revoked(service: Service):
    id = await an_export(service)
    async with following(service, id, whole=True) as results:
        assert (await anext(results))["data"] is not None
        service.revoked.add(READER)
        start(service, id)
        [error] = (await anext(results))["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def subscribe(service: Service, id: str, token: str = READER) -> Any:
    async with following(service, id, token, whole=True) as results:
        return await anext(results)


@asynccontextmanager
async def following(service: Service, id: str, token: str = READER, *, whole: bool = False) -> AsyncIterator[AsyncIterator[Any]]:
    """Results over server-sent events, one by one as they are sent; `whole` with all of the response, not the export alone."""
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    left = asyncio.Event()
    body = msgspec.json.encode({"query": FOLLOW, "variables": {"id": id}})
    asked = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        if (message := next(asked, None)) is None:
            await left.wait()
        return message or {"type": "http.disconnect"}

    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream", "content-type": "application/json"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def results() -> AsyncIterator[Any]:
        while True:
            message = await asyncio.wait_for(sent.get(), BOUND_SECONDS)
            kind, _, data = message.get("body", b"").decode().partition("\ndata: ")
            if kind == "event: complete":
                return
            if kind == "event: next":
                result = msgspec.json.decode(data)
                yield result if whole else result["data"]["exportUpdated"]

    serving = asyncio.create_task(service.endpoint(scope, receive, sent.put))  # pyright: ignore[reportArgumentType] - ASGI's mappings
    try:
        yield results()
    finally:
        left.set()
        await asyncio.wait_for(serving, BOUND_SECONDS)

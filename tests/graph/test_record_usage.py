"""Usage reported over GraphQL: recorded once, refused with the field at fault, and found again by its position."""

from typing import Any

from domain.limits import MAX_EVENTS_PER_BATCH
from domain.notation import cloudevent
from ledger.shapes import READERS
from tests.events import parsed
from tests.graph.conftest import OPERATOR, Service

REPORTER = "acme:ingest+read"
RECORD = """
    mutation($events: [UsageEventInput!]!) { recordUsage(events: $events) {
        recorded duplicates conflicts { index id field message } rejected { index id field message } position
    } }"""
TIME = "2026-04-21T09:00:00+02:00"


def event(id: str = "1", **fields: Any) -> dict[str, Any]:
    return {"source": "s", "id": id, "time": TIME, "model": "m"} | fields


async def record(service: Service, *events: dict[str, Any], token: str = REPORTER) -> dict[str, Any]:
    return (await service.ask(RECORD, token, events=events))["recordUsage"]


FULL = event(
    account="acme",
    requestId="r-1",
    requestType="chat",
    modelVersion="v1",
    provider="openai",
    technology="LLM",
    channel="DEPLOYMENT",
    deployment="gpu-1",
    apiKeyId="key-7",
    apiKeyName="team-a",
    input=[{"category": "prompt", "quantity": "310"}, {"category": "image", "quantity": 2, "unit": "image"}],
    output=[],
    timeToFirstToken=212.5,
    latency=1840,
    gatewayLatency=4.1,
    statusCode=503,
    errorMessage="Overloaded",
    serviceTier="priority",
    estimated=True,
)


async def test_every_field_is_recorded_as_a_gateway_would_report_it(service: Service):
    receipt = await record(service, FULL)
    assert receipt.pop("position") is not None
    assert receipt == {"recorded": 1, "duplicates": 0, "conflicts": [], "rejected": []}
    [(_, _, topic, state)] = service.ledger.ledger_recorder.read(0, 10)
    expected = {
        "specversion": "1.0",
        "type": "request.completed",
        "source": "s",
        "id": "1",
        "subject": "acme",
        "time": "2026-04-21T07:00:00Z",
        "data": {
            "request_id": "r-1",
            "request_type": "chat",
            "model": "m",
            "model_version": "v1",
            "provider": "openai",
            "technology": "LLM",
            "service_tier": "priority",
            "channel": "deployment",
            "deployment": "gpu-1",
            "api_key": {"id": "key-7", "name": "team-a"},
            "input": [{"category": "image", "quantity": 2, "unit": "image"}, {"category": "prompt", "quantity": 310, "unit": "token"}],
            "output": [],
            "ttft_ms": 212.5,
            "latency_ms": 1840.0,
            "gateway_latency_ms": 4.1,
            "status_code": 503,
            "error_message": "Overloaded",
            "usage_source": "estimated",
        },
    }
    assert cloudevent(READERS[topic](state)) == expected
    assert READERS[topic](state) == parsed(expected)


async def test_what_is_left_out_is_unknown(service: Service):
    await record(service, event(requestId=None, input=None, latency=None))
    [(_, _, topic, state)] = service.ledger.ledger_recorder.read(0, 10)
    assert cloudevent(READERS[topic](state))["data"] == {"model": "m", "channel": "router", "usage_source": "reported"}


ANTHROPIC = {"input_tokens": 3, "cache_read_input_tokens": 9511, "output_tokens": 44, "service_tier": "batch"}


async def test_a_providers_own_usage_block_is_the_same_content_as_its_categories(service: Service):
    categories = {
        "input": [{"category": "prompt", "quantity": 3}, {"category": "cached", "quantity": 9511}],
        "output": [{"category": "completion", "quantity": 44}],
        "serviceTier": "batch",
    }
    inline = f"""mutation {{ recordUsage(events: [{{source: "s", id: "1", time: "{TIME}", model: "m", usageFormat: "anthropic", usage: {{
        input_tokens: 3, cache_read_input_tokens: 9511, output_tokens: 44, service_tier: "batch" }} }}]) {{ recorded duplicates }} }}"""
    receipt = await record(service, event(usage=ANTHROPIC), event(usage=ANTHROPIC, usageFormat="anthropic"), event(**categories))
    assert (receipt["recorded"], receipt["duplicates"], receipt["conflicts"], receipt["rejected"]) == (1, 2, [], [])
    assert (await service.ask(inline, REPORTER))["recordUsage"] == {"recorded": 0, "duplicates": 1}
    [(_, _, topic, state)] = service.ledger.ledger_recorder.read(0, 10)
    assert cloudevent(READERS[topic](state))["data"]["usage"] == ANTHROPIC


async def test_half_of_a_batch_may_be_good(service: Service):
    receipt = await record(
        service,
        event("good"),
        event("good"),
        event("good", model="other"),
        event("bad", input=[{"category": "prompt", "quantity": -1}]),
        event("worse", channel="DEPLOYMENT"),
        event("", model="m"),
        event("foreign", account="rival"),
    )
    assert receipt.pop("position") is not None
    assert receipt == {
        "recorded": 1,
        "duplicates": 1,
        "conflicts": [
            {
                "index": 2,
                "id": "good",
                "field": None,
                "message": "this source and id already stand for another content: the first report stands",
            }
        ],
        "rejected": [
            {"index": 3, "id": "bad", "field": "input[0].quantity", "message": "expected int >= 0"},
            {
                "index": 4,
                "id": "worse",
                "field": "deployment",
                "message": "is required where channel is deployment: give the deployment's key",
            },
            {"index": 5, "id": "", "field": "id", "message": "expected str of length >= 1"},
            {"index": 6, "id": "foreign", "field": "account", "message": "must be 'acme', the account of the token, or absent"},
        ],
    }
    kept = (await service.ask("{ rejectedEvents { nodes { dialect field } } }", OPERATOR))["rejectedEvents"]["nodes"]
    assert {(each["dialect"], each["field"]) for each in kept} == {
        *(("graphql", field) for field in ("data.input[0].quantity", "data.deployment", "id", "subject"))
    }


async def test_fields_at_fault_are_named_as_the_mutation_names_them(service: Service):
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"timeToFirstToken": -1}, "timeToFirstToken"),
        ({"latency": 1e300}, "latency"),
        ({"gatewayLatency": -0.5}, "gatewayLatency"),
        ({"statusCode": 600}, "statusCode"),
        ({"apiKeyName": "nameless"}, "apiKeyId"),
        ({"usage": {"output_tokens": -1}, "usageFormat": "anthropic"}, "usage.output_tokens"),
        ({"usage": {}, "usageFormat": "nobody"}, "usageFormat"),
        ({"usage": {"prompt_tokens": 1}, "output": []}, "usage"),
        ({"apiKeyId": ""}, "apiKeyId"),
        ({"model": ""}, "model"),
        ({"input": [{"category": "", "quantity": 1}]}, "input[0].category"),
    ]
    for fields, name in wrong:
        receipt = await record(service, event(**fields))
        assert [each["field"] for each in receipt["rejected"]] == [name]


async def test_a_receipts_position_lets_its_reader_see_what_they_wrote(service: Service):
    receipt = await record(service, event())
    query = """query($position: Position!) { account(atLeast: $position) {
        routerUsage(range: {from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}) { totalRequests dataState { position } } } }"""
    service.project()
    data = await service.ask(query, REPORTER, position=receipt["position"])
    assert data["account"]["routerUsage"] == {"totalRequests": 1, "dataState": {"position": receipt["position"]}}
    again = await record(service, event())
    assert (again["recorded"], again["duplicates"], again["position"]) == (0, 1, receipt["position"])


async def test_a_token_for_all_accounts_has_to_name_one(service: Service):
    receipt = await record(service, event("1"), event("2", account="new"), token=OPERATOR)
    assert receipt["recorded"] == 1
    assert [(each["index"], each["field"]) for each in receipt["rejected"]] == [(0, "account")]
    assert (await service.ask("{ accounts { nodes { key } } }", OPERATOR))["accounts"]["nodes"] == [{"key": "new"}]


async def test_too_many_events_are_refused_whole(service: Service):
    error = await service.refusal(RECORD, REPORTER, events=[event()] * (MAX_EVENTS_PER_BATCH + 1))
    assert error["code"] == "LIMIT_EVENTS_PER_BATCH"
    assert service.ledger.ledger_recorder.max_notification_id() is None

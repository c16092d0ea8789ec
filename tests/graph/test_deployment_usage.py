"""Deployment usage through GraphQL: totals, the table in every order and filter, the series, and what each deployment is."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from domain.deployment_events import DeploymentEvent
from domain.events import RequestCompleted, UsageEvent
from graph.node import Kind, global_id
from projections import deployment_lives
from tests.domain.lives import T0, price, told
from tests.events import at, corrected, request_completed, voided
from tests.graph.conftest import READER, Service, viewer_of

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
NOW = datetime(2026, 4, 21, 12, tzinfo=UTC)


def usage(selection: str) -> str:
    more = "".join(f", {name}: {type}" for name, type in VARIABLES.items() if name in selection)
    return f"""query($range: TimeRange!, $filter: DeploymentFilter{more}) {{
        account {{ deploymentUsage(range: $range, filter: $filter) {{ {selection} }} }} }}"""


VARIABLES = {"$orderBy": "DeploymentOrder", "$after": "String"}


async def ask(service: Service, selection: str, token: str = READER, range: dict[str, str] = DAY, **variables: Any) -> dict[str, Any]:
    return (await service.ask(usage(selection), token, range=range, **variables))["account"]["deploymentUsage"]


async def row_of(service: Service, selection: str, key: str = "gpu-1", **variables: Any) -> dict[str, Any]:
    found = await ask(service, f"deployments {{ nodes {{ deployment {{ key }} {selection} }} }}", **variables)
    [row] = [row for row in found["deployments"]["nodes"] if row.pop("deployment")["key"] == key]
    return row


def record(service: Service, *events: UsageEvent, now: datetime = NOW, priced_at: datetime | None = None) -> None:
    """Record and project as if it were `now`, and everything had been recorded at `priced_at`, long ago unless said otherwise."""
    service.record(*events, project=False)
    with psycopg.connect(service.projecting.info.dsn, autocommit=True) as connection:
        connection.execute("UPDATE cell_0.ledger_appends SET recorded_at = %s", [priced_at or datetime(2026, 1, 1, tzinfo=UTC)])
        service.project()
        connection.execute("UPDATE cell_0.generations SET complete_through = %s", [now])


def served(clock: str, deployment: str = "gpu-1", **fields: Any) -> RequestCompleted:
    return request_completed(at(clock), channel="deployment", deployment=deployment, **fields)


def life(key: str, *steps: tuple[str, float] | tuple[str, float, float], **created: Any) -> list[DeploymentEvent]:
    """Events of one deployment: what, at which hour of the day, with how many GPUs."""
    return [
        told(what, T0 + round(hour * HOUR), *gpus, deployment=key, **(created if what == "created" else {})) for what, hour, *gpus in steps
    ]


CHAT = life("gpu-1", ("created", 0, 2), ("started", 1), ("scaled", 2, 0.5), name="Chat", kind="deployment", model="llama", gpu_type="H100")


# ---------------------------------------------------------------- totals
TOTALS = """totalRequests activeDeployments allocatedGpuHours allocatedGpuSeconds idleGpuHours utilization unpricedGpuHours
    unknownGpus { seconds text } fineTunings totalTokens totalFee
    dataState { completeThrough unpricedRequests estimatedRequests unknownTokenRequests }"""


async def test_totals_of_a_day(service: Service):
    # Given two GPUs from one to two, half a GPU from then on, and a price of 4 dollars an hour from half past one
    record(
        service,
        *CHAT,
        price("4", T0 + HOUR * 3 // 2),
        served("01:10"),
        served("01:14:59.999999", input=None, output=None),
        served("03:20", usage_source="estimated"),
        request_completed(at("01:30")),
    )
    assert await ask(service, TOTALS) == {
        "totalRequests": 3,
        "activeDeployments": 1,
        "allocatedGpuHours": "7",  # 2, then 10 times 0.5
        "allocatedGpuSeconds": "25200",
        "idleGpuHours": "6.375",  # less a quarter-hour of two GPUs, and one of half a GPU
        "utilization": 100 * 0.625 / 7,
        "unpricedGpuHours": "1",
        "unknownGpus": {"seconds": 0, "text": "0s"},
        "fineTunings": 0,
        "totalTokens": 30,
        "totalFee": "24",
        "dataState": {
            "completeThrough": "2026-04-21T12:00:00Z",
            "unpricedRequests": 0,
            "estimatedRequests": 1,
            "unknownTokenRequests": 1,
        },
    }


async def test_nothing_is_zero_and_fees_of_nothing_are_zero(service: Service):
    found = await ask(service, f"{TOTALS} deployments {{ nodes {{ name }} totalCount }} series {{ fee gpuHours requests }}")
    assert found.pop("dataState")
    assert (found.pop("utilization"), found.pop("totalFee")) == (None, "0")
    assert found.pop("deployments") == {"nodes": [], "totalCount": 0}
    assert found.pop("series") == [{"fee": "0", "gpuHours": "0", "requests": 0}]
    assert found.pop("unknownGpus") == {"seconds": 0, "text": "0s"}
    assert {*found.values()} == {0, "0"}


async def test_a_price_changes_nothing_before_it_was_recorded(service: Service):
    record(service, *CHAT, price("4", T0), priced_at=at("02:00"))
    assert await ask(service, "totalFee unpricedGpuHours") == {"totalFee": "20", "unpricedGpuHours": "2"}


async def test_gpu_time_of_which_nothing_is_priced_has_no_fee(service: Service):
    record(service, *CHAT, price("4", T0, gpu_type="A100"))
    assert await ask(service, "totalFee unpricedGpuHours series(interval: DAY) { fee unpricedGpuHours }") == {
        "totalFee": None,
        "unpricedGpuHours": "7",
        "series": [{"fee": "0", "unpricedGpuHours": "7"}],
    }


async def test_gpus_that_nobody_told_are_unknown_and_not_zero(service: Service):
    record(service, *life("gpu-1", ("started", 10.5)), price("4", T0))
    found = await ask(service, "activeDeployments allocatedGpuHours totalFee unknownGpus { seconds text }")
    assert found == {"activeDeployments": 1, "allocatedGpuHours": "0", "totalFee": None, "unknownGpus": {"seconds": 5400, "text": "1h 30m"}}
    assert await row_of(service, "gpuHours fee duration { text } unknownGpus { text } d: deployment { allocatedGpus }") == {
        "gpuHours": "0",
        "fee": None,
        "duration": {"text": "1h 30m"},
        "unknownGpus": {"text": "1h 30m"},
        "d": {"allocatedGpus": None},
    }


async def test_active_deployments_are_those_that_run_now_whatever_the_range(service: Service):
    record(
        service,
        *CHAT,
        *life("gpu-2", ("created", 0, 1), ("started", 1), ("stopped", 11)),
        *life("gpu-3", ("created", 0, 1), ("started", 13)),
        *life("tune-1", ("created", 0, 1), ("started", 1), kind="fine_tuning"),
    )
    for range in (DAY, {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}):
        assert await ask(service, "activeDeployments", range=range) == {"activeDeployments": 1}


async def test_fine_tunings_are_those_that_ran_in_the_range_or_succeeded_in_it_and_did_not_fail(service: Service):
    steps: dict[str, list[Any]] = {
        "runs": [("created", 0, 1), ("started", 1)],
        "succeeded": [("created", 0, 1), ("started", 1), ("succeeded", 9)],
        "succeeded at once": [("succeeded", 9)],
        "failed": [("created", 0, 1), ("started", 1), ("failed", 9)],
        "failed later": [("created", 0, 1), ("started", 1), ("failed", 11)],
        "waits": [("created", 0, 1)],
        "before": [("created", 0, 1), ("started", 1), ("succeeded", 2)],
        "starts after now": [("created", 0, 1), ("started", 12.5)],
    }
    tunings = [life(key, *each, kind="fine_tuning") for key, each in steps.items() if key != "succeeded at once"]
    at_once = [
        told("created", T0 + 10 * HOUR, 1, deployment="at once", kind="fine_tuning"),
        told("succeeded", T0 + 9 * HOUR, deployment="at once"),
    ]
    record(service, *(event for each in tunings for event in each), *at_once)
    morning = {"from": "2026-04-21T08:00:00Z", "to": "2026-04-21T10:00:00Z"}
    assert await ask(service, "fineTunings", range=morning) == {"fineTunings": 4}  # runs, succeeded, at once, failed later
    assert await ask(service, "fineTunings") == {"fineTunings": 4}  # runs, succeeded, at once, before


# ---------------------------------------------------------------- the table
async def test_a_row_shows_what_the_deployment_used(service: Service):
    record(service, *CHAT, price("4", T0), served("01:10"), served("02:10"))
    row = await row_of(
        service,
        """name type model requests duration { seconds text } tokens gpuHours gpuSeconds idleGpuHours utilization unpricedGpuHours
        unknownGpus { seconds } fee""",
        range={"from": "2026-04-21T01:50:00.5Z", "to": "2026-04-21T02:30:00Z"},
    )
    seconds = Decimal("599.5") * 2 + 1800 * Decimal("0.5")
    assert row == {
        "name": "Chat",
        "type": "DEPLOYMENT",
        "model": "llama",
        "requests": 1,
        "duration": {"seconds": 2399, "text": "39m 59s"},
        "tokens": 15,
        "gpuHours": "0.583055556",
        "gpuSeconds": f"{seconds}".rstrip("0").rstrip("."),
        "idleGpuHours": "0.458055556",
        "utilization": float(100 * 450 / seconds),
        "unpricedGpuHours": "0",
        "unknownGpus": {"seconds": 0},
        "fee": f"{round(seconds * 4 / 3600, 12)}",
    }


async def test_a_deployment_is_shown_as_it_is_now(service: Service):
    record(service, *CHAT, *life("gpu-1", ("stopped", 12), ("started", 12.5)))
    row = await row_of(service, "d: deployment { id name type model status gpuType gpus allocatedGpus createdAt startedAt stoppedAt }")
    assert row["d"] == {
        "id": deployment_id("gpu-1"),
        "name": "Chat",
        "type": "DEPLOYMENT",
        "model": "llama",
        "status": "STOPPED",
        "gpuType": "H100",
        "gpus": "2",
        "allocatedGpus": "0",
        "createdAt": "2026-04-21T00:00:00Z",
        "startedAt": "2026-04-21T01:00:00Z",
        "stoppedAt": "2026-04-21T12:00:00Z",
    }


async def test_what_is_known_by_its_requests_alone_has_a_key_and_nothing_else(service: Service):
    record(service, served("01:10", "ghost"))
    row = await row_of(
        service,
        "name type model requests gpuHours utilization fee d: deployment { id name type status gpus allocatedGpus createdAt }",
        key="ghost",
    )
    nothing = {"gpus": None, "allocatedGpus": None, "createdAt": None}
    assert row == {
        "name": "ghost",
        "type": "DEPLOYMENT",
        "model": None,
        "requests": 1,
        "gpuHours": "0",
        "utilization": None,
        "fee": "0",
        "d": {"id": deployment_id("ghost"), "name": "ghost", "type": "DEPLOYMENT", "status": "PENDING", **nothing},
    }
    assert (await node(service, deployment_id("ghost")))["key"] == "ghost"


async def test_the_table_has_what_existed_in_the_range_or_served_a_request_in_it(service: Service):
    record(
        service,
        *life("waits", ("created", 1, 1)),
        *life("stopped long ago", ("created", 1, 1), ("started", 1), ("stopped", 2)),
        *life("ended", ("created", 1, 1), ("started", 1), ("succeeded", 2)),
        *life("ended as it began", ("created", 1, 1), ("started", 1), ("failed", 8)),
        *life("ended, and yet", ("created", 1, 1), ("started", 1), ("succeeded", 2), kind="fine_tuning"),
        *life("at its end", ("created", 10, 1)),
        *life("contradictory", ("scaled", 1, 1)),
        served("09:00", "ended, and yet"),
        served("09:00", "ghost"),
        served("11:00", "later ghost"),
    )
    morning = {"from": "2026-04-21T08:00:00Z", "to": "2026-04-21T10:00:00Z"}
    expected = ["contradictory", "ended as it began", "ended, and yet", "ghost", "stopped long ago", "waits"]
    assert await names(service, range=morning) == expected
    assert (await row_of(service, "type", key="ended, and yet", range=morning))["type"] == "FINE_TUNING"
    assert (await ask(service, "deployments { totalCount }", range=morning))["deployments"]["totalCount"] == len(expected)
    afternoon = {"from": "2026-04-21T13:00:00Z", "to": "2026-04-21T14:00:00Z"}  # after now
    assert await names(service, range=afternoon) == ["at its end", "contradictory", "stopped long ago", "waits"]


async def names(service: Service, range: dict[str, str] = DAY, **variables: Any) -> list[str]:
    found = await ask(service, "deployments { nodes { name } }", range=range, **variables)
    return [row["name"] for row in found["deployments"]["nodes"]]


FLEET = [
    *life("a", ("created", 3, 1), ("started", 4), name="Alpha", kind="deployment", model="llama", gpu_type="H100"),
    *life("b", ("created", 2, 4), ("started", 4), ("stopped", 6), name="beta", kind="deployment", model="qwen", gpu_type="A100"),
    *life("c", ("created", 1, 1), ("started", 5), ("failed", 6), name="Übung", kind="fine_tuning", model="llama", gpu_type="H100"),
    *life("d", ("created", 1, 1), name="Alpha"),
    *(served("05:00", key) for key in ("a", "c", "c", "e")),
    served("05:00", "b", input=(("prompt", "token", 1000),)),
    price("2", T0),
]
NAMES = {"a": "Alpha", "b": "beta", "c": "Übung", "d": "Alpha", "e": "e"}
ORDERS: dict[str, tuple[str, str]] = {  # ascending, descending: ties by key, and what is unknown last, either way
    "NAME": ("adbec", "cebad"),
    "REQUESTS": ("dabec", "cabed"),
    "TOKENS": ("daecb", "bcaed"),
    "DURATION": ("decba", "abcde"),
    "GPU_HOURS": ("decab", "abcde"),
    "FEE": ("decab", "acdeb"),
    "CREATED_AT": ("cdbae", "abcde"),
}


@pytest.mark.parametrize(("field", "expected"), [(field, each) for field in ORDERS for each in ORDERS[field]])
async def test_the_table_goes_in_any_order_page_by_page(service: Service, field: str, expected: str):
    record(service, *FLEET)
    direction = "ASC" if expected == ORDERS[field][0] else "DESC"
    order = {"field": field, "direction": direction}
    query = (
        "deployments(orderBy: $orderBy, first: 2, after: $after) { edges { cursor node { deployment { key } } } pageInfo { hasNextPage } }"
    )
    keys, after = "", None
    while True:
        page = (await ask(service, query, orderBy=order, after=after))["deployments"]
        keys += "".join(edge["node"]["deployment"]["key"] for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["edges"][-1]["cursor"]
    assert keys == expected


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "abcde"),
    ({"types": ["FINE_TUNING"]}, "c"),
    ({"types": ["DEPLOYMENT"]}, "abde"),
    ({"types": []}, ""),
    ({"models": ["llama"]}, "ac"),
    ({"statuses": ["RUNNING"]}, "a"),
    ({"statuses": ["PENDING", "FAILED"]}, "cde"),
    ({"statuses": ["STOPPED"]}, "b"),
    ({"statuses": ["SUCCEEDED"]}, ""),
    ({"nameContains": "ALPH"}, "ad"),
    ({"nameContains": "ÜB"}, "c"),
    ({"nameContains": "%"}, ""),
    ({"nameContains": "E"}, "be"),
    ({"models": ["llama"], "types": ["DEPLOYMENT"]}, "a"),
]


@pytest.mark.parametrize(("filter", "keys"), FILTERS)
async def test_a_filter_holds_for_every_figure(service: Service, filter: dict[str, Any], keys: str):
    record(service, *FLEET)
    found = await ask(
        service,
        f"""{TOTALS} series(interval: HOUR) {{ requests tokens gpuSeconds }}
        deployments {{ totalCount nodes {{ deployment {{ key }} requests tokens gpuSeconds }} }}""",
        filter=filter,
    )
    rows = found["deployments"]["nodes"]
    assert "".join(sorted(row["deployment"]["key"] for row in rows)) == keys
    assert found["deployments"]["totalCount"] == len(keys)
    assert summed(rows) == summed(found["series"]) == (found["totalRequests"], found["totalTokens"], Decimal(found["allocatedGpuSeconds"]))
    assert found["activeDeployments"] == ("a" in keys)
    assert found["fineTunings"] == 0


def summed(each: list[dict[str, Any]]) -> tuple[int, int, Decimal]:
    return (
        sum(one["requests"] for one in each),
        sum(one["tokens"] for one in each),
        sum((Decimal(one["gpuSeconds"]) for one in each), Decimal(0)),
    )


async def test_more_deployments_than_an_answer_is_made_of_are_refused(service: Service, monkeypatch: pytest.MonkeyPatch):
    record(service, *FLEET)
    monkeypatch.setattr(deployment_lives, "MAX_DEPLOYMENTS", 3)
    for selection in (
        "allocatedGpuHours",
        "totalRequests",
        "series { gpuHours }",
        "deployments { totalCount }",
        "deployments { nodes { name } }",
    ):
        error = await service.refusal(usage(selection), range=DAY)
        assert (error["code"], error["field"]) == ("RANGE_TOO_LARGE", ["range"])
        assert "3 deployments" in error["message"]


async def test_many_deployments_are_reckoned_beside_the_event_loop_to_the_same_figures(service: Service):
    many = [event for i in range(1_100) for event in life(f"gpu-{i:04}", ("created", 0, 1), ("started", i / 100))]
    record(service, *many)
    query = """allocatedGpuSeconds series { gpuSeconds }
        deployments(first: 1, orderBy: {field: GPU_HOURS}) { nodes { name gpuSeconds } totalCount }"""
    seconds = sum(12 * 3600 - i * 36 for i in range(1_100))
    assert await ask(service, query) == {
        "allocatedGpuSeconds": f"{seconds}",
        "deployments": {"nodes": [{"name": "gpu-0000", "gpuSeconds": "43200"}], "totalCount": 1_100},
        "series": [{"gpuSeconds": f"{seconds}"}],
    }


# ---------------------------------------------------------------- the series
async def test_a_series_has_every_bucket_and_says_which_are_partial(service: Service):
    record(service, *CHAT, served("02:10"), served("13:30"), now=at("04:30"))
    query = "series(interval: HOUR) { time requests tokens gpuHours partial }"
    points = (await ask(service, query, range={"from": "2026-04-21T00:30:00Z", "to": "2026-04-21T06:00:00Z"}))["series"]
    assert [(each["time"][11:16], each["requests"], each["gpuHours"], each["partial"]) for each in points] == [
        ("00:00", 0, "0", True),
        ("01:00", 0, "2", False),
        ("02:00", 1, "0.5", False),
        ("03:00", 0, "0.5", False),
        ("04:00", 0, "0.25", True),
        ("05:00", 0, "0", True),
    ]


async def test_days_of_a_series_are_those_of_the_time_zone(service: Service):
    record(service, *CHAT, served("18:20"))
    query = 'series(timeZone: "Asia/Kathmandu") { time requests gpuHours }'
    days = (await ask(service, query, range={"from": "2026-04-20T18:15:00Z", "to": "2026-04-22T18:15:00Z"}))["series"]
    assert days == [
        {"time": "2026-04-20T18:15:00Z", "requests": 0, "gpuHours": "7"},
        {"time": "2026-04-21T18:15:00Z", "requests": 1, "gpuHours": "0"},
    ]


async def test_a_series_of_too_many_buckets_is_refused_and_one_of_long_ago_is_empty(service: Service):
    century = {"from": "1970-01-01T00:00:00Z", "to": "2070-01-01T00:00:00Z"}
    error = await service.refusal(usage("series(interval: HOUR) { requests }"), range=century)
    assert (error["code"], error["field"]) == ("RANGE_TOO_LARGE", ["interval"])
    record(service, *CHAT)
    long_ago = {"from": "1971-12-31T00:30:00Z", "to": "1972-01-09T00:50:00Z"}  # when Monrovia was 44 minutes and 30 seconds off
    points = (await ask(service, 'series(timeZone: "Africa/Monrovia") { gpuSeconds }', range=long_ago))["series"]
    assert {each["gpuSeconds"] for each in points} == {"0"}


# ---------------------------------------------------------------- one deployment
NODE = """query($id: ID!, $after: String) { node(id: $id) { __typename id ... on Deployment { key name status
    events(first: 2, after: $after) { nodes { type version recordedAt data } totalCount pageInfo { hasNextPage endCursor } }
    contradictions(first: 2) { nodes { source eventId time type reading } totalCount } } } }"""


async def node(service: Service, id: str, token: str = READER, **variables: Any) -> dict[str, Any]:
    return (await service.ask(NODE, token, id=id, **variables))["node"]


def deployment_id(key: str, token: str = READER) -> str:
    account_id = viewer_of(token).account_id
    assert account_id is not None
    return global_id(Kind.DEPLOYMENT, account_id.bytes + key.encode())


async def test_a_deployment_has_its_events_in_the_order_in_which_they_happened(service: Service):
    record(service, *reversed(CHAT))
    first = await node(service, deployment_id("gpu-1"))
    second = await node(service, deployment_id("gpu-1"), after=first["events"]["pageInfo"]["endCursor"])
    assert (first["__typename"], first["name"], first["status"], first["events"]["totalCount"]) == ("Deployment", "Chat", "RUNNING", 3)
    events = first["events"]["nodes"] + second["events"]["nodes"]
    assert [(each["type"], each["version"], each["recordedAt"]) for each in events] == [
        (f"deployment.{what}", 1, "2026-01-01T00:00:00Z") for what in ("created", "started", "scaled")
    ]
    assert events[0]["data"] == {
        "deployment": "gpu-1", "name": "Chat", "kind": "deployment", "model": "llama", "gpu_type": "H100", "gpus": 2,
    }  # fmt: skip
    assert (first["contradictions"]["totalCount"], second["events"]["pageInfo"]["hasNextPage"]) == (0, False)


async def test_contradictions_are_visible_once_they_have_happened(service: Service):
    stopped, later = told("stopped", T0 + HOUR // 2), told("started", T0 + 13 * HOUR)
    record(service, *CHAT, stopped, later)
    found = (await node(service, deployment_id("gpu-1")))["contradictions"]
    assert found == {
        "nodes": [
            {
                "source": "control-plane",
                "eventId": stopped.id,
                "time": "2026-04-21T00:30:00Z",
                "type": "deployment.stopped",
                "reading": "The deployment did not run: it is ignored.",
            }
        ],
        "totalCount": 1,
    }


async def test_history_shows_what_is_known_of_deployments_in_one_query(service: Service):
    record(service, *CHAT, *(served("01:10", key) for key in ("gpu-1", "gpu-1", "ghost")), request_completed(at("02:00")))
    query = "query($range: TimeRange!) { account { history(range: $range) { nodes { deployment { %s } } } } }"
    service.snapshots.asked.clear()
    data = await service.ask(query % "key name status gpuType", range=DAY)
    shown = [each["deployment"] for each in data["account"]["history"]["nodes"]]
    chat = {"key": "gpu-1", "name": "Chat", "status": "RUNNING", "gpuType": "H100"}
    ghost = {"key": "ghost", "name": "ghost", "status": "PENDING", "gpuType": None}
    assert sorted(shown, key=lambda each: each["name"] if each else "") == [None, chat, chat, ghost]
    assert len(service.snapshots.asked) == 2
    service.snapshots.asked.clear()
    await service.ask(query % "id key", range=DAY)
    assert len(service.snapshots.asked) == 1


# ---------------------------------------------------------------- laws
async def test_yours_alone_by_any_id_cursor_or_filter(service: Service):
    rival = [told("created", T0, 1, account="rival", deployment=key, name=f"secret {key}") for key in ("gpu-1", "gpu-9", "gpu-10")]
    record(service, *CHAT, *rival, request_completed(at("01:00"), account="rival", channel="deployment", deployment="gpu-8"))
    theirs = await ask(service, "deployments(first: 1) { pageInfo { endCursor } totalCount }", "rival:read")
    assert theirs["deployments"]["totalCount"] == 4
    assert await names(service, filter={"nameContains": "secret"}) == []
    assert await names(service) == ["Chat"]
    error = await service.refusal(
        usage("deployments(first: 1, after: $after) { totalCount nodes { name } }"),
        range=DAY,
        after=theirs["deployments"]["pageInfo"]["endCursor"],
    )
    assert (error["code"], error["field"]) == ("BAD_INPUT", ["after"])
    own = await service.ask(NODE, "rival:read", id=deployment_id("gpu-1", "rival:read"))
    assert own["node"]["name"] == "secret gpu-1"
    for id in (
        deployment_id("gpu-1", "rival:read"),
        deployment_id("gpu-9"),
        deployment_id("gpu-8"),
        deployment_id("not there"),
        deployment_id("\0"),
        global_id(Kind.DEPLOYMENT, (viewer_of(READER).account_id or at("00:00")).bytes + b"\xff"),  # pyright: ignore[reportAttributeAccessIssue]
    ):
        assert await service.ask(NODE, id=id) == {"node": None}
    events = await service.ask(NODE, "rival:read", id=deployment_id("gpu-1", "rival:read"))
    cursor = events["node"]["events"]["pageInfo"]["endCursor"]
    assert (await service.refusal(NODE, id=deployment_id("gpu-1"), after=cursor))["code"] == "BAD_INPUT"


async def test_deployments_need_the_scope_read(service: Service):
    for query in (usage("totalRequests"), NODE):
        error = await service.refusal(query, "acme:ingest+billing+operate", range=DAY, id=deployment_id("gpu-1"))
        assert error["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("selection", "tables"),
    [
        ("dataState { completeThrough position unpricedRequests }", []),
        ("totalRequests totalTokens dataState { estimatedRequests }", ["deployment_buckets"]),
        ("activeDeployments fineTunings allocatedGpuHours", ["deployments"]),
        ("totalFee", ["deployments", "gpu_prices"]),
        ("idleGpuHours", ["deployments", "deployment_buckets"]),
        ("deployments { totalCount }", ["deployments", "deployment_buckets"]),
        ("deployments { nodes { name requests gpuHours deployment { status } } totalCount }", ["deployments", "deployment_buckets"]),
        ("deployments { nodes { fee } }", ["deployments", "deployment_buckets", "gpu_prices"]),
        ("deployments(orderBy: {field: FEE}) { nodes { name } }", ["deployments", "deployment_buckets", "gpu_prices"]),
        ("deployments { edges { node { utilization } } }", ["deployments", "deployment_buckets", "deployment_buckets"]),
        ("series { time partial }", []),
        ("series { requests }", ["deployment_buckets"]),
        ("series { gpuHours }", ["deployments"]),
        ("series { fee }", ["deployments", "gpu_prices"]),
        ("totalRequests activeDeployments series { gpuHours } deployments { nodes { name } }", ["deployment_buckets", "deployments"]),
    ],
)
async def test_you_pay_for_what_you_select_and_for_each_thing_once(service: Service, selection: str, tables: list[str]):
    record(service, *CHAT)
    service.snapshots.asked.clear()
    await ask(service, selection)
    asked = [next(table for table in TABLES if f"{{{table}}}" in text) for text in service.snapshots.asked]
    assert sorted(asked) == sorted(tables)


TABLES = ("deployments", "deployment_buckets", "gpu_prices", "deployment_events")


async def test_a_late_event_changes_figures_of_before(service: Service):
    record(service, *CHAT[:2])
    assert await ask(service, "allocatedGpuHours") == {"allocatedGpuHours": "22"}
    record(service, CHAT[2])
    assert await ask(service, "allocatedGpuHours") == {"allocatedGpuHours": "7"}


async def test_what_is_voided_or_corrected_away_counts_no_more_and_its_quarter_hour_is_idle(service: Service):
    first, second = served("01:10"), served("01:40")
    record(service, *CHAT, first, second)
    before = {"totalRequests": 2, "totalTokens": 30, "idleGpuHours": "6"}
    assert await ask(service, "totalRequests totalTokens idleGpuHours") == before
    record(service, voided(first), corrected(second, deployment="gpu-2", input=(("prompt", "token", 100),)))
    assert await ask(service, "totalRequests totalTokens idleGpuHours") == {"totalRequests": 1, "totalTokens": 105, "idleGpuHours": "7"}
    assert (await row_of(service, "requests", key="gpu-1"))["requests"] == 0
    assert (await row_of(service, "requests", key="gpu-2"))["requests"] == 1


async def test_a_range_that_cuts_a_quarter_hour_counts_the_requests_that_are_in_it(service: Service):
    record(service, served("01:10"), served("01:10:00.000001"), served("01:14"), served("01:16"))
    cut = {"from": "2026-04-21T01:10:00.000001Z", "to": "2026-04-21T01:16:00Z"}
    assert await ask(service, "totalRequests", range=cut) == {"totalRequests": 2}
    whole = {"from": "2026-04-21T01:00:00Z", "to": "2026-04-21T01:15:00Z"}
    assert await ask(service, "totalRequests", range=whole) == {"totalRequests": 3}


async def test_adds_up_a_request_that_lost_its_deployment_counts_for_none(service: Service):
    # Given a correction that nobody can tell any more, in a log that has it
    request = request_completed(at("10:07"), channel="deployment", deployment="gpu-1")
    record(service, request, request_completed(at("10:07"), channel="deployment", deployment="gpu-1"), corrected(request, deployment=None))
    query = "query($range: TimeRange!) { account { deploymentUsage(range: $range) { totalRequests deployments { nodes { requests } } } } }"
    for start, end in (("10:00", "10:15"), ("10:06", "10:08")):
        found = (await service.ask(query, range={"from": f"2026-04-21T{start}:00Z", "to": f"2026-04-21T{end}:00Z"}))["account"]
        assert found["deploymentUsage"] == {"totalRequests": 1, "deployments": {"nodes": [{"requests": 1}]}}

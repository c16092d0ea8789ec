"""Law: you pay for what you select. What is asked of Postgres follows from the fields of the query, and from nothing else."""

from typing import Any

import pytest

from tests.events import at, request_completed
from tests.graph.conftest import OPERATOR, Service

RANGE = '(range: {from: "2026-04-21T00:10:00Z", to: "2026-04-22T00:00:00Z"})'


BUCKETS, LINES = "buckets} AS fact", "lines} AS fact"  # by series, or by model alone


async def asked(service: Service, query: str, **variables: Any) -> list[str]:
    """The statements that a query takes, beyond those that open its snapshot."""
    service.snapshots.asked.clear()
    service.snapshots.opened.clear()
    await service.ask(query, OPERATOR.replace("*", "acme") if "eventLog" not in query else OPERATOR, **variables)
    assert len(service.snapshots.opened) <= 1
    return [*service.snapshots.asked]


def usage(selection: str) -> str:
    return f"{{ account {{ routerUsage{RANGE} {{ {selection} }} }} }}"


async def test_the_viewer_and_their_account_cost_nothing(service: Service):
    assert await asked(service, "{ viewer { tokenName scopes account { id key } } account { id key currency } }") == []
    assert service.snapshots.opened == []


async def test_the_state_alone_costs_no_query(service: Service):
    assert await asked(service, usage("dataState { position completeThrough }")) == []
    assert len(await asked(service, usage("dataState { unpricedRequests }"))) == 1


async def test_totals_are_one_query_without_lines_and_models_are_counted_only_when_asked_for(service: Service):
    [sums] = await asked(service, usage("totalRequests totalTokens averageLatency successRate errorCount throughput"))
    assert LINES not in sums
    assert "count(DISTINCT model)" not in sums
    [models] = await asked(service, usage("usedModels totalRequests"))
    assert "count(DISTINCT model)" in models


async def test_a_breakdown_is_one_query_for_both_sides_and_for_the_totals_beside_it(service: Service):
    [lines] = await asked(service, usage("input { count } output { count }"))
    assert LINES in lines
    assert BUCKETS not in lines
    [both] = await asked(service, usage("totalRequests usedModels input { count }"))
    assert LINES in both
    assert BUCKETS in both


SUMS = {  # what a figure sums up, and nothing else does
    "totalTokens": "sum(tokens)",
    "averageLatency": "sum(latency_ns)",
    "successRate": "sum(errors)",
    "totalFee": "sum(fee)",
    "reportedCost": "sum(reported_cost)",
    "throughput": "sum(ahead)",
}


@pytest.mark.parametrize("field", SUMS)
async def test_only_what_is_selected_is_summed_up(service: Service, field: str):
    for selection in (field, f"buckets {{ nodes {{ {field} }} }}", f"buckets {{ edges {{ node {{ {field} }} }} }}", f"peak {{ {field} }}"):
        [sums] = await asked(service, usage(selection))
        assert [name for name, sum in SUMS.items() if sum in sums] == [field]
    [ordered] = await asked(service, usage("buckets(orderBy: {field: TOTAL_TOKENS}) { nodes { time } }"))
    assert "sum(tokens)" in ordered


async def test_names_of_api_keys_are_looked_up_only_when_they_are_asked_for(service: Service):
    for connection in (usage("buckets { nodes { %s } }"), f"{{ account {{ history{RANGE} {{ nodes {{ %s }} }} }} }}"):
        [without] = await asked(service, connection % "apiKey { id }")
        assert "{api_keys}" not in without
        [named] = await asked(service, connection % "apiKey { name }")
        assert "{api_keys}" in named


async def test_only_the_columns_of_history_that_are_selected_are_read(service: Service):
    history = f"query($yes: Boolean = true) {{ account {{ history{RANGE} {{ %s }} }} viewer @skip(if: $yes) {{ tokenName }} }}"
    columns = ("request_id", "event_id", "model_version", "input", "output", "error_message", "latency_ns", "fee", "rated_at")
    for selection, read in {
        "nodes { id timestamp } edges { cursor }": set(),
        "nodes { requestId: latency }": {"latency_ns"},
        "nodes { ... on Request { errorMessage } } edges { node { modelVersion @skip(if: $yes) requestId @include(if: $yes) } }": {
            "error_message",
            "request_id",
        },
        "nodes { ratedLines { fee } }": {"event_id", "input", "output", "rated_at"},
        "totalCount": set(),
    }.items():
        [page] = await asked(service, history % selection)
        assert {column for column in columns if f"request.{column}" in page} == read
    [ordered] = await asked(service, f"{{ account {{ history{RANGE[:-1]}, orderBy: {{field: FEE}}) {{ nodes {{ id }} }} }} }}")
    assert "request.fee" in ordered  # a cursor tells it


async def test_buckets_are_one_query_and_have_lines_only_when_asked_for(service: Service):
    [without] = await asked(service, usage("buckets { nodes { time requests totalTokens } pageInfo { hasNextPage } }"))
    assert LINES not in without
    for selection in (
        "nodes { input { count } }",
        "edges { node { output { count } } }",
        "... on RouterBucketConnection { nodes { ...F } }",
    ):
        query = usage(f"buckets {{ {selection} }}") + (" fragment F on RouterBucket { input { count } }" if "...F" in selection else "")
        [lines] = await asked(service, query)
        assert LINES in lines
    [peak] = await asked(service, usage("peak { time requests }"))
    assert LINES not in peak
    [peak] = await asked(service, usage("peak { output { count } }"))
    assert LINES in peak


async def test_where_models_are_enough_no_other_names_are_looked_at(service: Service):
    for groups in ("[]", "[MODEL]"):
        [rows] = await asked(service, usage(f"buckets(groupBy: {groups}) {{ nodes {{ time requests }} }}"))
        assert "{router_model_buckets} AS fact" in rows
        assert "{router_series}" not in rows
    for filter in ('models: ["m"]', 'apiKeys: ["k"]', "providers: [null]"):
        selection = f"routerUsage(range: $range, filter: {{{filter}}}) {{ totalRequests input {{ count }} }}"
        query = f"query($range: TimeRange!) {{ account {{ {selection} }} }}"
        [sums] = await asked(service, query, range={"from": "2026-04-21T00:10:00Z", "to": "2026-04-22T00:00:00Z"})
        assert ("{router_series}" in sums) == ("models" not in filter)


async def test_what_is_skipped_or_not_included_costs_nothing(service: Service):
    query = """query($yes: Boolean!, $no: Boolean! = false) { account { routerUsage%s {
        dataState { position } totalRequests @skip(if: $yes) ...F @include(if: $no)
        buckets { nodes { time ... @include(if: $no) { input { count } } } totalCount @skip(if: true) }
    } } } fragment F on RouterUsage { input { count } }"""
    [rows] = await asked(service, query % RANGE, yes=True)
    assert LINES not in rows
    assert len(await asked(service, query % RANGE, yes=False, no=True)) == 2


async def test_a_list_is_counted_only_when_its_count_is_asked_for(service: Service):
    history = f"{{ account {{ history{RANGE} {{ %s }} }} }}"
    for connection in (history, usage("buckets { %s }")):
        [page] = await asked(service, connection % "nodes { __typename } pageInfo { hasNextPage }")
        assert "count(*)" not in page
        [count] = await asked(service, connection % "totalCount")
        assert "count(*)" in count
        assert len(await asked(service, connection % "edges { cursor } totalCount")) == 2


async def test_an_alias_is_no_disguise(service: Service):
    [sums] = await asked(service, usage("input: totalRequests"))
    assert LINES not in sums
    [lines] = await asked(service, usage("totalRequests: input { count }"))
    assert LINES in lines


async def test_the_requests_behind_buckets_and_the_events_of_requests_are_fetched_when_asked_for(service: Service):
    service.record(request_completed(at("09:00")), request_completed(at("10:00")))
    assert len(await asked(service, usage("buckets { nodes { history { totalCount } } }"))) == 2
    assert len(await asked(service, usage("buckets { nodes { history { nodes { events { type } } } } }"))) == 3


async def test_an_operation_has_one_snapshot_and_gives_it_back(service: Service):
    query = f"{{ a: account {{ history{RANGE} {{ totalCount }} }} b: account {{ history{RANGE} {{ nodes {{ id }} }} }} }}"
    assert len(await asked(service, query)) == 2
    for _ in range(6):  # more than the pool has connections
        await asked(service, query)
        [snapshot] = service.snapshots.opened
        assert snapshot._connection is None


async def test_the_log_is_one_query(service: Service):
    assert len(await asked(service, "{ eventLog { position readModels { name position lag } } }")) == 1

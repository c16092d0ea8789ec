"""Law: you pay for what you select. What is asked of Postgres follows from the fields of the query, and from nothing else."""

from typing import Any

from tests.events import at, request_completed
from tests.graph.conftest import OPERATOR, Service

RANGE = '(range: {from: "2026-04-21T00:10:00Z", to: "2026-04-22T00:00:00Z"})'


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
    assert "{router_lines}" not in sums
    assert "{router_series}" not in sums
    [models] = await asked(service, usage("usedModels totalRequests"))
    assert "{router_series}" in models


async def test_a_breakdown_is_one_query_for_both_sides(service: Service):
    [lines] = await asked(service, usage("input { count } output { count }"))
    assert "{router_lines}" in lines


async def test_buckets_are_one_query_and_have_lines_only_when_asked_for(service: Service):
    [without] = await asked(service, usage("buckets { nodes { time requests totalTokens } pageInfo { hasNextPage } }"))
    assert "{router_lines}" not in without
    for selection in (
        "nodes { input { count } }",
        "edges { node { output { count } } }",
        "... on RouterBucketConnection { nodes { ...F } }",
    ):
        query = usage(f"buckets {{ {selection} }}") + (" fragment F on RouterBucket { input { count } }" if "...F" in selection else "")
        [lines] = await asked(service, query)
        assert "{router_lines}" in lines
    [peak] = await asked(service, usage("peak { time requests }"))
    assert "{router_lines}" not in peak
    [peak] = await asked(service, usage("peak { output { count } }"))
    assert "{router_lines}" in peak


async def test_buckets_that_group_by_nothing_join_no_names(service: Service):
    [rows] = await asked(service, usage("buckets(groupBy: []) { nodes { time requests } }"))
    assert "{router_series}" not in rows


async def test_what_is_skipped_or_not_included_costs_nothing(service: Service):
    query = """query($yes: Boolean!, $no: Boolean! = false) { account { routerUsage%s {
        dataState { position } totalRequests @skip(if: $yes) ...F @include(if: $no)
        buckets { nodes { time ... @include(if: $no) { input { count } } } totalCount @skip(if: true) }
    } } } fragment F on RouterUsage { input { count } }"""
    [rows] = await asked(service, query % RANGE, yes=True)
    assert "{router_lines}" not in rows
    assert len(await asked(service, query % RANGE, yes=False, no=True)) == 3


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
    assert "{router_lines}" not in sums
    [lines] = await asked(service, usage("totalRequests: input { count }"))
    assert "{router_lines}" in lines


async def test_the_requests_behind_buckets_and_the_events_of_requests_are_fetched_when_asked_for(service: Service):
    service.record(request_completed(at("09:00")), request_completed(at("10:00")))
    assert len(await asked(service, usage("buckets { nodes { history { totalCount } } }"))) == 1 + 2
    assert len(await asked(service, usage("buckets { nodes { history { nodes { events { type } } } } }"))) == 1 + 2 + 2


async def test_an_operation_has_one_snapshot_and_gives_it_back(service: Service):
    query = f"{{ a: account {{ history{RANGE} {{ totalCount }} }} b: account {{ history{RANGE} {{ totalCount }} }} }}"
    assert len(await asked(service, query)) == 2
    for _ in range(6):  # more than the pool has connections
        await asked(service, query)
        [snapshot] = service.snapshots.opened
        assert snapshot._connection is None


async def test_the_log_is_one_query(service: Service):
    assert len(await asked(service, "{ eventLog { position readModels { name position lag } } }")) == 1

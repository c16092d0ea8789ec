"""Law: you pay for what you select, and not again for every row: a page of fifty takes as many statements as a page of one."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from graphql import FieldNode, GraphQLObjectType, GraphQLOutputType, TypeInfo, TypeInfoVisitor, Visitor, get_named_type, parse, visit
from graphql import is_list_type as is_list
from graphql.type import GraphQLNonNull

from graph.node import Kind, name_of_kind
from graph.schema import schema
from jobs.actors import Workshop, attend_audit
from jobs.files import FileStore
from tests.events import PRICES, at, corrected, request_completed
from tests.graph.conftest import Service
from tests.graph.test_bill import gpu_price, ran, record_in_april
from tests.jobs.engines import TableEngine
from tests.jobs.sources import TableSource

MANY = 50
BESIDE = 5  # what is asked in several places of a query is one statement or several, as it happens to be asked; rows are many more
JOBS = 3  # an account waits for few at a time
SIZES = {"Account.exports": (1, JOBS), "Account.audits": (1, JOBS), "Query.accounts": (2, 20)}  # the first account is the platform
OPERATOR, FINANCE = "*:ingest+read+billing+operate", "acme:read+billing"
RANGE = 'range: {from: "2026-04-20T00:00:00Z", to: "2026-04-24T00:00:00Z"}'
EVENT = "type recordedAt data"
COUNTED = "nodes { __typename } edges { cursor } totalCount"
DEPLOYMENT = f"""deployment {{ key status gpuType
    events(first: 3) {{ nodes {{ {EVENT} }} totalCount }} contradictions(first: 3) {{ {COUNTED} }} }}"""
REQUEST = f"""requestId apiKey {{ name }} {DEPLOYMENT} input {{ label }} output {{ label }} events {{ {EVENT} }}
    ratedLines {{ fee price {{ {EVENT} }} }}"""
HISTORY = f"history(first: 3) {{ nodes {{ {REQUEST} }} edges {{ cursor }} totalCount }}"
BUCKET = f"time input {{ label }} output {{ label }} apiKey {{ name }} {HISTORY}"
LINE = f"fee apiKey {{ name }} {DEPLOYMENT} {HISTORY} gpuCharges {{ fee price {{ {EVENT} }} {DEPLOYMENT} }}"
AUDIT = f"id differences(first: 2) {{ {COUNTED} }}"
CHANGES = f"""billChanges({RANGE}, from: $from) {{
    before {{ total }} after {{ total }} events(first: 2) {{ nodes {{ {EVENT} }} totalCount }}
    lines(groupBy: %s) {{ change line {{ {LINE} }} }} }}"""
ACCOUNT = f"""
    routerUsage({RANGE}) {{ totalRequests usedModels input {{ count }} output {{ count }} peak {{ {BUCKET} }}
        buckets(first: 2) {{ nodes {{ {BUCKET} }} totalCount }} }}
    deploymentUsage({RANGE}) {{ totalRequests activeDeployments fineTunings allocatedGpuHours idleGpuHours totalFee
        series {{ fee requests }} deployments(first: 2) {{ nodes {{ idleGpuHours fee {DEPLOYMENT} }} totalCount }} }}
    bill({RANGE}) {{ total lines {{ {LINE} }} }}
    {CHANGES % "[SERVICE]"}
    history({RANGE}, first: 2) {{ nodes {{ {REQUEST} }} totalCount }}
    exports(first: 2) {{ {COUNTED} }}
    audits(first: 2) {{ nodes {{ {AUDIT} }} totalCount }}
    waitingChanges(first: 2) {{ nodes {{ {EVENT} }} totalCount }}
    conflicts(first: 2) {{ {COUNTED} }}"""

ASK = f"exportRouterUsage(input: {{{RANGE}}}) {{ export {{ id }} }} startAudit(input: {{{RANGE}}}) {{ audit {{ id }} }}"

# By the list that grows: what is asked of its first $first below the account, or of all roots.
PAGES = {
    "RouterUsage.buckets": f"routerUsage({RANGE}) {{ buckets(first: $first) {{ nodes {{ {BUCKET} }} }} }}",
    "Account.history": f"history({RANGE}, first: $first) {{ nodes {{ {REQUEST} }} }}",
    "DeploymentUsage.deployments": f"deploymentUsage({RANGE}) {{ deployments(first: $first) {{ nodes {{ fee {DEPLOYMENT} }} }} }}",
    "Account.exports": "exports(first: $first) { nodes { id status downloadUrl } }",
    "Account.audits": f"audits(first: $first) {{ nodes {{ {AUDIT} }} }}",
    "Account.waitingChanges": f"waitingChanges(first: $first) {{ nodes {{ {EVENT} }} }}",
    "Account.conflicts": "conflicts(first: $first) { nodes { standing refused } }",
    "BillChanges.events": f"billChanges({RANGE}, from: $from) {{ events(first: $first) {{ nodes {{ {EVENT} }} }} }}",
    "Query.accounts": f"accounts(first: $first) {{ nodes {{ {ACCOUNT} }} }}",
    "Query.rejectedEvents": "rejectedEvents(first: $first) { nodes { id message body } }",
}
BY = "[API_KEY, DAY, DEPLOYMENT]"
LINES = {  # lists without pages
    "Bill.lines": f"bill(range: $range) {{ lines(groupBy: {BY}) {{ {LINE} }} }}",
    "BillChanges.lines": (CHANGES % BY).replace(RANGE, "range: $range"),
}
FEW = {"from": "2026-04-21T08:00:00Z", "to": "2026-04-21T08:45:00Z"}  # one line of requests, and one of a deployment
ALL = {"from": "2026-04-20T00:00:00Z", "to": "2026-04-24T00:00:00Z"}
OF_NO_ROW = {"Query.eventLog": "eventLog { readModels { name } }"}  # a list that nothing is nested in


@pytest.fixture
def filled(service: Service, database_url: str) -> str:
    """More than a page of everything, and a position before most of it."""
    start = service.record(request_completed(at("07:00"), api_key="early"))
    keys = [*(f"key-{i}" for i in range(6)), None]
    requests = [
        request_completed(at(f"{9 + i % 8:02}:{i % 60:02}"), id=f"r-{i}", api_key=keys[i % 7], provider=("openai", None)[i % 2])
        for i in range(120)
    ]
    requests.append(request_completed(at("08:01"), api_key="few"))
    gpus = ran("gpu-few", at("08:00"), at("08:20"), 1)
    gpus += [
        event for i in range(MANY) for event in ran(f"gpu-{i}", at("09:00"), at("09:20"), 1, kind=("deployment", "fine_tuning")[i % 2])
    ]
    served = [request_completed(at("09:10"), id=f"s-{i}", channel="deployment", deployment=f"gpu-{i}") for i in range(MANY)]
    orphans = [corrected(request_completed(id=f"never-{i}"), model="other") for i in range(MANY)]
    again = [request_completed(at("20:00"), id=f"r-{i}") for i in range(MANY)]
    others = [request_completed(at("10:00"), account=f"other-{i}") for i in range(MANY)]
    changed = [corrected(each, model="gpt-5") for each in requests[:20]]
    prices = [*PRICES, gpu_price("2.5", at("00:00"))]
    record_in_april(service, database_url, *prices, *requests, *gpus, *served, *orphans, *others, *changed)
    record_in_april(service, database_url, *again)
    service.reject("acme", *(f"refused {i}".encode() for i in range(MANY)))
    return start


async def statements(service: Service, query: str, token: str, **variables: Any) -> tuple[list[str], Any]:
    """What was asked of the read models, the log and the jobs' log."""
    service.snapshots.asked.clear()
    service.office.asked.clear()
    data = await service.ask(query, token, **variables)
    return [*service.snapshots.asked, *service.office.asked], data


def of_page(name: str) -> tuple[str, str]:
    """The query for the first $first of a list, and who may ask it."""
    root = name.startswith("Query.")
    selection = PAGES[name] if root else f"account {{ {PAGES[name]} }}"
    position = ", $from: Position!" if "$from" in selection else ""
    return f"query($first: Int!{position}) {{ {selection} }}", OPERATOR if root else FINANCE


def of_lines(name: str) -> str:
    position = ", $from: Position!" if "$from" in LINES[name] else ""
    return f"query($range: TimeRange!{position}) {{ account {{ lines: {LINES[name]} }} }}"


async def record_jobs(service: Service, database_url: str, folder: Path) -> None:
    """A few exports, and audits with differences."""
    for _ in range(JOBS):
        asked = await service.ask(f"mutation {{ {ASK} }}", FINANCE)
        name = name_of_kind(asked["startAudit"]["audit"]["id"], Kind.AUDIT)
        assert name is not None
        workshop = Workshop(service.exports, FileStore(folder), TableSource(database_url), service.audits, TableEngine(database_url, 3))
        attend_audit(workshop, UUID(bytes=name))


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_of_many_takes_as_many_statements_as_a_page_of_one(
    service: Service, database_url: str, tmp_path: Path, filled: str, name: str
):
    await record_jobs(service, database_url, tmp_path)
    query, token = of_page(name)
    variables = {"from": filled} if "$from" in query else {}
    small, size = SIZES.get(name, (1, MANY))
    one, few = await statements(service, query, token, first=small, **variables)
    many, all = await statements(service, query, token, first=size, **variables)
    assert len(many) <= len(one) + BESIDE, [each for each in many if each not in one]
    assert (nodes_of(few), nodes_of(all)) == (small, size)


@pytest.mark.parametrize("name", LINES)
async def test_many_lines_of_a_bill_take_as_many_statements_as_few(service: Service, filled: str, name: str):
    position = {"from": filled} if "$from" in LINES[name] else {}
    query = of_lines(name)
    few, data = await statements(service, query, FINANCE, range=FEW, **position)
    many, all = await statements(service, query, FINANCE, range=ALL, **position)
    assert len(many) <= len(few) + BESIDE, [each for each in many if each not in few]
    assert len(data["account"]["lines"]["lines"]) == 2
    assert len(all["account"]["lines"]["lines"]) > MANY


async def test_the_query_of_a_dashboard_takes_two_statements(service: Service, filled: str):
    """Account → routerUsage → buckets → input, output, apiKey → history: one for the buckets, one for the requests behind them all."""
    history = "history(first: 5) { nodes { requestId apiKey { name } input { label } } pageInfo { hasNextPage } }"
    nested = f"buckets(first: $first) {{ nodes {{ time input {{ label count }} output {{ label count }} apiKey {{ name }} {history} }} }}"
    query = f"query($first: Int!) {{ account {{ routerUsage({RANGE}) {{ {nested} }} }} }}"
    for first in (1, MANY):
        assert len((await statements(service, query, FINANCE, first=first))[0]) == 2


def test_every_list_of_the_schema_is_asked_for_here():
    found: set[str] = set()
    queries = [of_page(name)[0] for name in PAGES] + [of_lines(name) for name in LINES]
    for query in [*queries, *(f"query {{ {each} }}" for each in OF_NO_ROW.values())]:
        info = TypeInfo(schema._schema)
        visit(parse(query), TypeInfoVisitor(info, Lists(info, found)))
    assert found == lists_below("Query")


class Lists(Visitor):
    """Adds the lists of objects that a document selects."""

    def __init__(self, info: TypeInfo, found: set[str]) -> None:
        super().__init__()
        self._info, self._found = info, found

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent, definition = self._info.get_parent_type(), self._info.get_field_def()
        assert parent is not None
        assert definition is not None
        if lists_objects(parent, definition.type):
            self._found.add(f"{parent.name}.{node.name.value}")


def lists_objects(parent: Any, type: GraphQLOutputType) -> bool:
    """A connection stands for its nodes and edges."""
    if parent.name.endswith("Connection"):
        return False
    named = get_named_type(type)
    plain = type.of_type if isinstance(type, GraphQLNonNull) else type
    return isinstance(named, GraphQLObjectType) and (is_list(plain) or named.name.endswith("Connection"))


def lists_below(root: str) -> set[str]:
    """Every list of objects that can be reached, connections for their nodes and edges, each of which is asked for somewhere."""
    found, seen, ahead = set[str](), set[str](), [root]
    while ahead:
        type = schema._schema.type_map[ahead.pop()]
        if type.name in seen or not isinstance(type, GraphQLObjectType):
            continue
        seen.add(type.name)
        for name, field in type.fields.items():
            ahead.append(get_named_type(field.type).name)
            if lists_objects(type, field.type):
                found.add(f"{type.name}.{name}")
    return found


def nodes_of(data: Any) -> int:
    """How many nodes the outermost list has."""
    while "nodes" not in data:
        [data] = data.values()
    return len(data["nodes"])

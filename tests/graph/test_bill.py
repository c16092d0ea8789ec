"""The bill: its lines add up to its total, its total is that of the figures beside it, and other prices change nothing but the answer."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.deployment_events import MICRO, DeploymentCreated, DeploymentStarted, DeploymentStopped
from domain.events import microseconds
from domain.price_events import PLATFORM, GpuPriceSet
from tests.events import PRICES, added_up, around, at, corrected, price_set, request_completed, requests, voided
from tests.graph.conftest import Service

DAYS = {"from": "2026-04-20T00:00:00Z", "to": "2026-04-24T00:00:00Z"}
FINANCE = "acme:read+billing"
LINES = "service model apiKey { id name } provider deployment { key } direction category day quantity unit fee"
BILL = f"""query($range: TimeRange!, $zone: TimeZone, $by: [BillDimension!], $prices: [PriceInput!]) {{ account {{
    bill(range: $range, timeZone: $zone, prices: $prices) {{
        total currency unpricedGpuHours dataState {{ unpricedRequests }} lines(groupBy: $by) {{ {LINES} }} }}
    routerUsage(range: $range, prices: $prices) {{ totalFee input {{ category fee }} output {{ category fee }}
        buckets(interval: null, groupBy: [MODEL], orderBy: {{field: TOTAL_FEE}}) {{ nodes {{ model totalFee unpricedRequests }} }} }}
    }} }}"""
DIMENSIONS = ("SERVICE", "MODEL", "API_KEY", "PROVIDER", "DEPLOYMENT", "CATEGORY", "DAY")


async def billed(service: Service, *by: str, range: dict[str, str] = DAYS, **variables: Any) -> dict[str, Any]:
    return (await service.ask(BILL, FINANCE, range=range, by=[*by], **variables))["account"]


def ran(key: str, start: datetime, end: datetime | None, gpus: int, kind: str = "deployment") -> list[Any]:
    """The life of a deployment."""
    told = [
        DeploymentCreated(
            "acme", "control", f"{key}-created", microseconds(start), key, gpus * MICRO, kind=kind, model="llama", gpu_type="H100"
        ),
        DeploymentStarted("acme", "control", f"{key}-started", microseconds(start), key),
    ]
    return told if end is None else [*told, DeploymentStopped("acme", "control", f"{key}-stopped", microseconds(end), key)]


def gpu_price(amount: str, since: datetime) -> GpuPriceSet:
    return GpuPriceSet(PLATFORM, "prices", f"h100 {amount}", microseconds(since), "H100", amount, microseconds(since))


def record_in_april(service: Service, database_url: str, *events: Any) -> None:
    """As if it had been recorded on the first of the month, and looked at on the last."""
    service.record(*events, project=False)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE cell_0.ledger_appends SET recorded_at = '2026-04-01T00:00:00Z'")
    service.project()
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE cell_0.generations SET complete_through = '2026-04-30T00:00:00Z'")


async def test_every_line_of_a_bill(service: Service, database_url: str):
    # Given a priced request, one without a price, one of a deployment, and GPUs of which an hour and a half are priced
    record_in_april(
        service,
        database_url,
        *PRICES,
        gpu_price("2.5", at("10:00")),
        request_completed(at("09:00"), input=(("prompt", "token", 1000),), output=(("completion", "token", 50),)),
        request_completed(at("09:30"), model="unheard-of"),
        request_completed(at("10:00"), channel="deployment", deployment="gpu-1"),
        *ran("gpu-1", at("09:30"), at("11:00"), 1),
        *ran("tune-1", at("10:00"), at("10:15"), 2, "fine_tuning"),
    )
    account = await billed(service, "SERVICE", "MODEL", "DEPLOYMENT", "CATEGORY")
    nothing = dict.fromkeys(("service", "model", "apiKey", "provider", "deployment", "direction", "category", "day", "quantity", "unit"))
    gpus = {"model": "llama", "category": "gpu_time", "unit": "gpu_hour"}
    router = {"service": "ROUTER", "model": "gpt-4o", "unit": "token"}
    assert account["bill"] == {
        "total": "3.753",
        "currency": "USD",
        "unpricedGpuHours": "0.5",
        "dataState": {"unpricedRequests": 1},
        "lines": [
            nothing | gpus | {"service": "DEPLOYMENT", "deployment": {"key": "gpu-1"}, "quantity": "1", "fee": "2.5"},
            nothing | gpus | {"service": "FINE_TUNING", "deployment": {"key": "tune-1"}, "quantity": "0.5", "fee": "1.25"},
            nothing | router | {"direction": "INPUT", "category": "prompt", "quantity": "1000", "fee": "0.0025"},
            nothing | router | {"direction": "OUTPUT", "category": "completion", "quantity": "50", "fee": "0.0005"},
        ],
    }


@pytest.mark.postgres
@settings(max_examples=12)
@given(
    events=st.lists(requests(around(at("20:00", "2026-04-20"), timedelta(hours=60))), max_size=25, unique_by=lambda event: event.id),
    zone=st.sampled_from(("UTC", "Asia/Kathmandu", "America/St_Johns")),
)
async def test_adds_up_lines_are_the_total_are_buckets_are_history_however_they_are_grouped(service, database_url, events, zone):
    # Whatever was there before stays: the law holds for any log
    record_in_april(
        service,
        database_url,
        *PRICES,
        gpu_price("2.123456789", at("00:00", "2026-04-21")),
        *ran("gpu-1", at("13:07:11", "2026-04-20"), None, 3),
        *ran("gpu-2", at("09:30"), at("09:37"), 1),
        *events,
    )
    for number in (0, 1, 2, 7):
        for by in combinations(DIMENSIONS, number):
            account = await billed(service, *by, zone=zone)
            bill, usage = account["bill"], account["routerUsage"]
            assert added_up(line["fee"] for line in bill["lines"]) == Decimal(bill["total"])
            if "SERVICE" in by:
                router = [line for line in bill["lines"] if line["service"] == "ROUTER"]
                fee = added_up(line["fee"] for line in router)
                assert fee == Decimal(usage["totalFee"] or 0)
                assert fee == added_up(each["fee"] for each in (*usage["input"], *usage["output"]))
                assert fee == added_up(each["totalFee"] for each in usage["buckets"]["nodes"])
                assert fee == await fees_of_history(service)


async def fees_of_history(service: Service) -> Decimal:
    query = "query($range: TimeRange!) { account { history(range: $range, filter: {channel: ROUTER}, first: 1000) { nodes { fee } } } }"
    nodes = (await service.ask(query, FINANCE, range=DAYS))["account"]["history"]["nodes"]
    return added_up(node["fee"] for node in nodes)


async def test_as_billed_a_price_recorded_later_changes_nothing_before_it(service: Service):
    service.record(price_set("gpt-4o", "prompt", "0.001"), price_set("gpt-4o", "completion", "0.002"), request_completed(at("09:00")))
    before = await billed(service, "MODEL", "CATEGORY")
    service.record(price_set("gpt-4o", "prompt", "7"), price_set("gpt-4o", "completion", "7"))
    assert await billed(service, "MODEL", "CATEGORY") == before
    # and changes what comes after it
    service.record(request_completed(at("09:00")))
    assert Decimal((await billed(service))["bill"]["total"]) == Decimal(before["bill"]["total"]) + 15 * 7


async def test_a_correction_takes_the_prices_of_the_first_report_and_a_voiding_takes_the_fee_away(service: Service):
    request = request_completed(at("09:00"))
    service.record(price_set("gpt-4o", "prompt", "0.001"), price_set("gpt-4o", "completion", "0.002"), request)
    service.record(price_set("gpt-4o", "prompt", "7"), price_set("gpt-4o", "completion", "7"))
    service.record(corrected(request, input=(("prompt", "token", 100),)))
    assert Decimal((await billed(service))["bill"]["total"]) == Decimal("0.11")
    service.record(voided(request, 2))
    account = await billed(service, "CATEGORY")
    assert (Decimal(account["bill"]["total"]), account["bill"]["lines"]) == (0, [])


def price(category: str, amount: str, **fields: Any) -> dict[str, Any]:
    direction = "OUTPUT" if category == "completion" else "INPUT"
    told = {"model": "gpt-4o", "direction": direction, "category": category, "unitPrice": amount, "effectiveFrom": "2026-01-01T00:00:00Z"}
    return told | fields


async def test_what_if_answers_at_other_prices_and_writes_nothing(service: Service):
    service.record(*PRICES, request_completed(at("09:00")), request_completed(at("09:10"), model="o3"))
    before = await billed(service, "MODEL")
    # Given a price that comes before the known one, and one for a model without
    prices = [price("prompt", "1"), price("prompt", "2", model="o3"), price("completion", "3", model="o3")]
    account = await billed(service, "MODEL", prices=prices)
    # Then what has no other price keeps its own
    fees = {"gpt-4o": Decimal(10) + Decimal("0.00005"), "o3": Decimal(10 * 2 + 5 * 3)}
    assert {line["model"]: Decimal(line["fee"]) for line in account["bill"]["lines"]} == fees
    assert {each["model"]: Decimal(each["totalFee"]) for each in account["routerUsage"]["buckets"]["nodes"]} == fees
    assert Decimal(account["bill"]["total"]) == Decimal(account["routerUsage"]["totalFee"]) == sum(fees.values())
    assert account["bill"]["dataState"] == {"unpricedRequests": 0}
    assert await billed(service, "MODEL") == before
    # And one that is not in force then changes nothing
    later = [price("prompt", "1", effectiveFrom="2026-04-21T09:00:01Z")]
    assert await billed(service, "MODEL", prices=later) == before


async def test_what_if_names_what_is_wrong_with_a_price(service: Service):
    refusal = await service.refusal(BILL, FINANCE, range=DAYS, prices=[price("prompt", "1"), price("prompt", "-1")])
    assert (refusal["code"], refusal["field"]) == ("BAD_INPUT", ["prices", "1", "unitPrice"])


async def test_yours_alone_a_bill_needs_the_scope_billing(service: Service):
    refusal = await service.refusal(BILL, "acme:read", range=DAYS)
    assert refusal["code"] == "FORBIDDEN"


async def test_an_account_without_usage_costs_nothing(service: Service):
    bill = (await billed(service, *DIMENSIONS))["bill"]
    assert (bill["total"], bill["lines"]) == ("0", [])


async def test_adds_up_gpu_hours_of_a_line_are_rounded_once(service: Service, database_url: str):
    seconds = [ran(f"gpu-{i}", at("10:00"), at("10:00:01"), 1) for i in range(3)]
    record_in_april(service, database_url, gpu_price("2.5", at("09:00")), *(event for life in seconds for event in life))
    [line] = (await billed(service, "CATEGORY"))["bill"]["lines"]
    assert line["quantity"] == "0.000833333"  # three seconds, and not three times a second that was rounded

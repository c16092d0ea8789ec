"""Metrics: exactly what happened, in formats that Prometheus reads, for operators alone, and without a word of any account."""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from domain.access import Scope
from domain.limits import MAX_BODY_BYTES
from ingest import backlog, metrics
from ingest.outcomes import Receipt
from service import tokens
from service.embedded_postgres import THROWAWAY, EmbeddedPostgres
from service.metrics_readers import NotForThemError, Readers
from service.throwaway_postgres import wait_until_stopped
from service.tokens import Gatekeeper
from service.web import Parts
from tests.events import line
from tests.service.exporting import APRIL, ASK
from tests.service.running import ADMIN, Command, Commands, bearer, eventually

Connection = psycopg.Connection[Any]
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
NDJSON = {"Content-Type": "application/x-ndjson"}
SENT = b"\n".join(
    [
        *(line(subject="acme", id=f"a{i}") for i in range(3)),
        line(subject="acme", id="a1"),
        line(subject="acme", id="a2", data={"model": "another"}),
        b'{"no": "event"}',
    ]
)
OUTCOMES = {"recorded": 3, "duplicate": 1, "conflict": 1, "rejected": 1}


def samples(text: str) -> Samples:
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}


def scraped(served: Command, token: str = ADMIN) -> Samples:
    answer = served.get("/metrics", headers=bearer(token))
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


async def scraped_by(browser: httpx.AsyncClient, token: str = "an operator's token") -> Samples:
    answer = await browser.get("/metrics", headers=bearer(token))
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def value(found: Samples, name: str, **labels: str) -> float:
    return found["tallygraph_" + name, frozenset(labels.items())]


@pytest.fixture
def operator(tokens_of: Connection) -> str:
    token = "an operator's token"
    tokens.create(tokens_of, "prometheus", (Scope.OPERATE, Scope.INGEST, Scope.READ), None, token=token)
    return token


def test_what_comes_in_is_counted_and_what_is_not_projected_yet_lags(tallygraph: Commands):
    # Given a service without projections
    served = tallygraph.serve("--only", "web")
    before = scraped(served)
    assert (value(before, "database_up"), value(before, "log_events_total")) == (1, 0)
    assert (value(before, "projection_lag_events", group="usage"), value(before, "projection_lag_seconds", group="usage")) == (0, 0)
    # When events come, of which some count
    served.client.post(f"{served.url}/v1/events", content=SENT, headers=bearer(ADMIN) | NDJSON)
    # Then each is counted as what became of it, and those in the log wait for the projections
    after = scraped(served)
    for outcome, events in OUTCOMES.items():
        assert value(after, "ingest_events_total", dialect="application/x-ndjson", outcome=outcome) == events
    assert value(after, "append_seconds_count") == value(after, "append_events_count") == 1
    assert value(after, "append_events_sum") == 5  # what is rejected is not appended
    assert value(after, "append_failures_total") == 0
    assert value(after, "append_queue_events") == 0
    assert value(after, "append_queue_limit_events") == backlog.MAX_EVENTS_WAITING
    assert value(after, "log_events_total") == 3
    assert value(after, "http_requests_total", method="POST", route="/v1/events", status="200") == 1
    assert value(after, "http_request_seconds_count", route="/v1/events") == 1
    assert value(after, "projection_lag_events", group="usage") == 3
    assert 0 < value(after, "projection_lag_seconds", group="usage") < 60
    assert ("process_cpu_seconds_total", frozenset()) in after
    # When projections are started, then nothing lags
    tallygraph.start("project")
    eventually(lambda: value(scraped(served), "projection_lag_events", group="usage") == 0)
    assert value(scraped(served), "projection_lag_seconds", group="usage") == 0


async def test_the_age_of_the_lag_is_that_of_the_oldest_event_that_is_not_in_the_read_models(
    browser: httpx.AsyncClient, operator: str, tokens_of: Connection
):
    # Given three appends, of an hour, a minute and a second ago, of which the first is projected but for its last event
    for name in ("a", "b", "c"):
        body = b"\n".join(line(subject="acme", id=f"{name}{i}") for i in range(2))
        await browser.post("/v1/events", content=body, headers=bearer(operator) | NDJSON)
    for position, age in ((2, "1 hour"), (4, "1 minute"), (6, "1 second")):
        change = "UPDATE cell_0.ledger_appends SET recorded_at = clock_timestamp() - %s::interval WHERE position = %s"
        assert tokens_of.execute(change, [age, position]).rowcount == 1
    for projected, behind, seconds in ((0, 6, 3_600), (1, 5, 3_600), (2, 4, 60), (3, 3, 60), (4, 2, 1), (6, 0, 0)):
        tokens_of.execute("UPDATE cell_0.generations SET position = %s", [projected])
        found = await scraped_by(browser)
        assert value(found, "projection_lag_events", group="usage") == behind
        assert seconds <= value(found, "projection_lag_seconds", group="usage") < seconds + (30 if seconds else 1)
    # Without read models, all of the log is not in them
    tokens_of.execute("DELETE FROM cell_0.generations")
    assert value(await scraped_by(browser), "projection_lag_events", group="usage") == 6


async def test_both_formats_can_be_read(browser: httpx.AsyncClient, operator: str):
    plain = await browser.get("/metrics", headers=bearer(operator))
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert {family.name for family in text_string_to_metric_families(plain.text)} >= {"tallygraph_append_seconds", "tallygraph_log_events"}
    asked = {"Accept": "application/openmetrics-text; version=1.0.0"}
    other = await browser.get("/metrics", headers=bearer(operator) | asked)
    assert other.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert {family.name for family in openmetrics(other.text)} >= {"tallygraph_append_seconds", "tallygraph_log_events"}


async def test_only_those_who_look_after_the_whole_service_may_read(browser: httpx.AsyncClient, tokens_of: Connection):
    tokens.create(tokens_of, "gateway", tuple({*Scope} - {Scope.OPERATE}), None, token="of a gateway for all")
    tokens.create(tokens_of, "acme's", tuple(Scope), "acme", token="of one account")
    for headers, status in (({}, 401), (bearer("unknown"), 401), (bearer("of a gateway for all"), 403), (bearer("of one account"), 403)):
        answer = await browser.get("/metrics", headers=headers)
        assert answer.status_code == status
        assert "tallygraph_" not in answer.text
        assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_no_word_of_an_account_is_in_the_metrics(browser: httpx.AsyncClient, operator: str, tokens_of: Connection):
    """Law 9, Yours alone."""
    secret = "whose-business"
    tokens.create(tokens_of, f"token-of-{secret}", (Scope.INGEST,), secret, token=f"bearer-of-{secret}")
    event = line(subject=secret, id=secret, source=secret, data={"model": secret, "provider": secret, "request_type": secret})
    answer = await browser.post("/v1/events", content=event, headers=bearer(f"bearer-of-{secret}") | NDJSON)
    assert answer.json()["recorded"] == 1
    await browser.post("/v1/events", content=event, headers=bearer(operator) | {"Content-Type": secret})
    await browser.get(f"/{secret}?{secret}={secret}", headers={"X-Request-Id": secret})
    await browser.request(secret.upper(), f"/v1/exports/{secret}", headers=bearer(f"bearer-of-{secret}"))
    found = await browser.get("/metrics", headers=bearer(operator))
    assert found.status_code == 200
    assert secret not in found.text.lower()


async def test_batches_that_are_refused_whole_are_counted_by_reason(
    browser: httpx.AsyncClient, parts: Parts, operator: str, monkeypatch: pytest.MonkeyPatch
):
    before = await scraped_by(browser)
    monkeypatch.setattr(backlog, "MAX_EVENTS_WAITING", 0)
    bodies = (
        (line(subject="acme", id="a"), bearer(operator), 503, "overloaded"),
        (bytes(MAX_BODY_BYTES + 1), bearer(operator), 413, "body"),
        (b"", bearer("unknown"), 401, "not_admitted"),
    )
    for content, headers, status, reason in bodies:
        answer = await browser.post("/v1/events", content=content, headers=headers | NDJSON)
        assert answer.status_code == status
        counted = (await scraped_by(browser), before)
        key = "tallygraph_ingest_refused_batches_total", frozenset({("status", str(status)), ("reason", reason)})
        assert counted[0][key] - counted[1].get(key, 0) == 1


async def test_what_waits_to_be_appended_is_told(browser: httpx.AsyncClient, operator: str, database_url: str):
    # Given a log that cannot be written for now
    with psycopg.connect(database_url) as writer:
        writer.execute("SELECT FROM cell_0.ledger_head FOR UPDATE")
        body = b"\n".join(line(subject="acme", id=f"a{i}") for i in range(7))
        sending = asyncio.ensure_future(browser.post("/v1/events", content=body, headers=bearer(operator) | NDJSON))
        async with asyncio.timeout(20):
            while value(await scraped_by(browser), "append_queue_events") != 7:
                pass
    assert (await sending).json()["recorded"] == 7
    assert value(await scraped_by(browser), "append_queue_events") == 0


async def test_jobs_that_wait_are_counted(browser: httpx.AsyncClient, operator: str):
    await browser.post("/v1/events", content=line(subject="acme", id="a"), headers=bearer(operator) | NDJSON)
    found = await scraped_by(browser)
    assert {value(found, "jobs", kind=kind, status=status) for kind in ("export", "audit") for status in ("pending", "running")} == {0}
    accounts = await browser.post("/graphql", json={"query": "{ accounts { nodes { id } } }"}, headers=bearer(operator))
    id = accounts.json()["data"]["accounts"]["nodes"][0]["id"]
    asked = {"query": ASK, "variables": {"input": {"range": APRIL, "accountId": id}}}
    answer = await browser.post("/graphql", json=asked, headers=bearer(operator))
    assert answer.json()["data"]["exportRouterUsage"]["errors"] == [], answer.text
    found = await scraped_by(browser)
    assert value(found, "jobs", kind="export", status="pending") == 1
    assert value(found, "jobs", kind="audit", status="pending") == 0


async def test_clients_cannot_make_labels(browser: httpx.AsyncClient, operator: str):
    before = await scraped_by(browser)
    for i in range(5):
        await browser.request(f"BREW{i}", f"/nowhere/{i}")
        await browser.get(f"/v1/exports/00000000-0000-0000-0000-00000000000{i}/name-{i}")
    labels = {(name, labels) for name, labels in await scraped_by(browser) if name == "tallygraph_http_requests_total"}
    new = [dict(labels) for name, labels in labels - {*before}]
    expected = [
        {"method": "GET", "route": "/metrics", "status": "200"},
        {"method": "GET", "route": "/v1/exports/{id:uuid}/{name:path}", "status": "403"},
        {"method": "other", "route": "none", "status": "404"},
    ]
    assert all(each in expected for each in new)
    assert expected[2].items() <= dict(next(labels for _, labels in labels if ("method", "other") in labels)).items()


def test_dialects_beyond_so_many_are_counted_together(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics, "_dialects", {f"known {i}" for i in range(metrics.MAX_DIALECTS)})
    for i in range(3):
        metrics.count(f"unheard of {i}", Receipt(2, 0, [], [], None))
    assert metrics.EVENTS.labels(metrics.OTHERS, "recorded")._value.get() == 6


def test_while_the_database_is_away_the_rest_is_told_to_whom_it_let_in_before(alone: Commands):
    # Given a service whose metrics somebody reads
    root = alone.folder / "elsewhere"
    with EmbeddedPostgres(root, settings=THROWAWAY) as postgres:
        served = alone.serve("--only", "web", DATABASE_URL=postgres.url)
        served.report([line(subject="acme", id="a")])
        assert value(scraped(served), "database_up") == 1
    # When the database goes away
    wait_until_stopped(root)
    eventually(lambda: value(scraped(served), "database_up") == 0)
    # Then they are told so, and what the process knows; what only the database knows is unknown; and others are told nothing
    found = scraped(served)
    assert value(found, "ingest_events_total", dialect="application/x-ndjson", outcome="recorded") == 1
    assert not [name for name, _ in found if name.startswith(("tallygraph_projection", "tallygraph_jobs", "tallygraph_log"))]
    other = served.get("/metrics", headers=bearer("another"))
    assert other.status_code == 503
    assert "tallygraph_" not in other.text
    # When it is back, so are its figures
    with EmbeddedPostgres(root, settings=THROWAWAY):
        eventually(lambda: value(scraped(served), "database_up") == 1)
        assert value(scraped(served), "log_events_total") == 1
        served.interrupt()
        assert served.ended() == 0


REVOKED = "UPDATE tallygraph.tokens SET revoked_at = clock_timestamp()"
DEMOTED = "UPDATE tallygraph.tokens SET scopes = '{ingest}'"


@pytest.mark.parametrize("refusal", [(REVOKED, HTTPStatus.UNAUTHORIZED), (DEMOTED, HTTPStatus.FORBIDDEN)])
async def test_yours_alone_whom_the_database_refused_reads_nothing_while_it_is_away(parts, tokens_of, database_url, refusal):
    change, status = refusal
    now = 1_000.0
    readers = Readers(Gatekeeper(parts.door_pool, stopwatch=lambda: now))
    bearers = [f"Bearer {tokens.create(tokens_of, name, (Scope.OPERATE,), None)}" for name in ("prometheus", "another")]

    async def admitted(bearer: str) -> bool | HTTPStatus:
        nonlocal now
        now += tokens.CACHE_SECONDS
        try:
            return await readers.admit(bearer)
        except NotForThemError as error:
            return error.status

    # Given a reader who goes on reading while the database is away, whoever else is refused meanwhile
    assert [await admitted(bearer) for bearer in (*bearers, "Bearer unknown")] == [True, True, HTTPStatus.UNAUTHORIZED]
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE tallygraph.tokens")
        assert [await admitted(bearer) for bearer in bearers] == [HTTPStatus.SERVICE_UNAVAILABLE, False]
    # When the token is refused
    tokens_of.execute(change)
    assert await admitted(bearers[1]) == status
    # Then it reads nothing when the database is away again
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE tallygraph.tokens")
        assert await admitted(bearers[1]) == HTTPStatus.SERVICE_UNAVAILABLE


async def test_every_metric_is_explained_and_alerts_ask_only_for_those_there_are(browser: httpx.AsyncClient, operator: str):
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    exported = {name for name, _ in await scraped_by(browser)} | {family.name for family in REGISTRY.collect()}
    ours = {name.removesuffix("_total") for name in exported if name.startswith("tallygraph_")}
    plain = {name for name in ours if not name.endswith(("_bucket", "_count", "_sum", "_created"))}
    assert plain == {name.removesuffix("_total") for name in re.findall(r"`(tallygraph_[a-z_]+)`", page)}
    configurations = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.+?)```", page, re.DOTALL)]
    asked = " ".join(rule["expr"] for rule in configurations[1]["groups"][0]["rules"])
    assert {name.removesuffix("_total") for name in re.findall(r"tallygraph_[a-z_]+", asked)} <= plain

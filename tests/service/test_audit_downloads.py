"""Downloads of audits: verdict and every difference, for whoever has a link that is good, and for nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from domain.access import Scope
from domain.names import account_id
from jobs.actors import Workshop, attend_audit
from jobs.audit_document import PAGE_SIZE
from jobs.audit_request import AuditRequest
from jobs.links import LIFETIME, Linked, download_path
from ledger.application import CELL
from ledger.position import Position, opened
from service import tokens
from service.web import Parts
from tests.jobs.engines import DIGEST, POSITION, TableEngine
from tests.jobs.sources import TableSource
from tests.service.running import bearer
from tests.service.test_downloads import Connection, is_refused

ACCOUNT = account_id("acme")
REQUEST = AuditRequest(ACCOUNT, "acme", datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
NAME = "acme-audit-2026-04-01-to-2026-04-30.json"
Audited = Callable[[int], UUID]


@pytest.fixture
def audited(parts: Parts, database_url: str) -> Audited:
    """The id of an audit of acme that has found so many differences."""

    def audited(differences: int) -> UUID:
        engine = TableEngine(database_url, differences)
        audit = parts.audits.request(REQUEST)
        attend_audit(Workshop(parts.exports, parts.store, TableSource(database_url), parts.audits, engine), audit.id)
        return audit.id

    return audited


def link(parts: Parts, id: UUID, *, of: Linked = Linked.AUDIT, account: UUID = ACCOUNT, age: timedelta = timedelta()) -> str:
    """A link that was made some time ago."""
    return download_path(of, parts.seal, id, account, file_name=NAME, now=datetime.now(UTC) - age)


@pytest.mark.parametrize("differences", [0, 1, PAGE_SIZE, PAGE_SIZE + 1])
async def test_a_link_gives_the_whole_result(browser: httpx.AsyncClient, parts: Parts, audited: Audited, differences: int):
    id = audited(differences)
    answer = await browser.get(link(parts, id))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["content-disposition"] == f'attachment; filename="{NAME}"'
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("private, no-store", "nosniff")
    told = answer.json()
    found = told.pop("differences")
    assert opened(told.pop("position"), parts.seal) == Position(CELL, POSITION)
    assert datetime.fromisoformat(told.pop("completedAt")) == parts.audits.state(id).completed_at
    assert told == {
        "audit": str(id),
        "account": "acme",
        "range": {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"},
        "status": "DIFFERENT" if differences else "MATCHED",
        "digest": DIGEST,
        "eventsReplayed": 744,
        "differenceCount": differences,
    }
    expected = {"readModel": "router_buckets", "field": "requests", "materialised": None}
    assert found == [{**expected, "key": f'{{"model": "m-{i}"}}', "replayed": f"={i}"} for i in range(1, differences + 1)]


async def test_yours_alone_links_that_are_not_good_are_refused(
    browser: httpx.AsyncClient, parts: Parts, audited: Audited, tokens_of: Connection
):
    id, pending = audited(1), parts.audits.request(REQUEST).id
    rival = tokens.create(tokens_of, "a caller", (Scope.BILLING,), "rival")
    assert is_refused(await browser.get(link(parts, id), headers=bearer(rival)))
    token = link(parts, id).partition("?")[2]
    for address in (
        link(parts, id, account=uuid4()),
        link(parts, id, age=LIFETIME),
        link(parts, uuid4()),
        link(parts, pending),
        link(parts, id, of=Linked.EXPORT),  # nor is it one to an export
        link(parts, id, of=Linked.EXPORT).replace("/v1/exports/", "/v1/audits/"),
        f"/v1/audits/{id}/{NAME}",
        f"/v1/audits/{id}/other.json?{token}",
    ):
        assert is_refused(await browser.get(address)), address
    own = tokens.create(tokens_of, "a caller", (Scope.BILLING,), "acme")
    assert (await browser.get(link(parts, id), headers=bearer(own))).status_code == 200

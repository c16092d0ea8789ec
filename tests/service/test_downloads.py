"""Downloads: a link is good for minutes and for its owner, and gives the file as browsers and scripts want it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from domain.access import Scope
from domain.names import account_id
from jobs.export import ExportFile
from jobs.links import LIFETIME, Linked, download_path
from jobs.request import ExportFormat, ExportRequest
from service import tokens
from service.sign_in import SESSION_COOKIE
from service.web import Parts
from tests.service.running import bearer

Connection = psycopg.Connection[Any]
CONTENT = b"PK" + bytes(range(256)) * 40
ACCOUNT = account_id("acme")
REQUEST = ExportRequest(ACCOUNT, "acme", datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
MEDIA_TYPES: dict[ExportFormat, str] = {
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "CSV": "text/csv; charset=utf-8; header=present",
    "PARQUET": "application/vnd.apache.parquet",
}


NOT_GOOD = {"error": {"code": "FORBIDDEN", "message": "This download link is not good (any more): ask for a new link."}}


def is_refused(answer: httpx.Response) -> bool:
    """As every link is that is not good, whatever the reason."""
    return (answer.status_code, answer.json()) == (403, NOT_GOOD)


@dataclass(frozen=True)
class Finished:
    """An export of acme whose file is there."""

    id: UUID
    name: str
    parts: Parts

    def link(self, *, id: UUID | None = None, account: UUID = ACCOUNT, name: str | None = None, age: timedelta = timedelta()) -> str:
        """A link that was made some time ago."""
        made = datetime.now(UTC) - age
        return download_path(Linked.EXPORT, self.parts.seal, id or self.id, account, file_name=name or self.name, now=made)


@pytest.fixture
def finished(parts: Parts) -> Finished:
    return finish(parts, REQUEST)


def finish(parts: Parts, request: ExportRequest) -> Finished:
    id = parts.exports.request(request).id
    attempt = parts.exports.take(id, "a worker").attempt
    parts.store.begin(id, attempt, request.format).write_bytes(CONTENT)
    stored = parts.store.finish(id, attempt, request.format)
    file = ExportFile(request.file_name, stored.size, stored.sha256, 0, 0, datetime(2026, 5, 1, tzinfo=UTC))
    parts.exports.complete(id, attempt, file)
    return Finished(id, request.file_name, parts)


@pytest.mark.parametrize("format", MEDIA_TYPES)
async def test_a_link_gives_the_file(browser: httpx.AsyncClient, parts: Parts, format: ExportFormat):
    finished = finish(parts, replace(REQUEST, format=format))
    answer = await browser.get(finished.link())
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == MEDIA_TYPES[format]
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-disposition"] == f'attachment; filename="acme-usage-2026-04-01-to-2026-04-30.{format.lower()}"'
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_download_that_broke_off_goes_on_where_it_was(browser: httpx.AsyncClient, finished: Finished):
    etag = (await browser.head(finished.link())).headers["etag"]
    rest = await browser.get(finished.link(), headers={"Range": "bytes=100-", "If-Range": etag})
    assert (rest.status_code, rest.headers["content-range"]) == (206, f"bytes 100-{len(CONTENT) - 1}/{len(CONTENT)}")
    assert sha256(CONTENT[:100] + rest.content).hexdigest() == sha256(CONTENT).hexdigest()
    # Of another file, it begins anew
    other = await browser.get(finished.link(), headers={"Range": "bytes=100-", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, CONTENT)
    beyond = await browser.get(finished.link(), headers={"Range": f"bytes={len(CONTENT)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")


async def test_a_file_that_is_known_is_not_sent_again(browser: httpx.AsyncClient, finished: Finished):
    etag = (await browser.head(finished.link())).headers["etag"]
    known = await browser.get(finished.link(), headers={"If-None-Match": etag})
    assert (known.status_code, known.headers["etag"], known.content) == (304, etag, b"")
    assert (await browser.get(finished.link(), headers={"If-None-Match": '"another"'})).content == CONTENT


async def test_a_link_is_good_for_minutes(browser: httpx.AsyncClient, finished: Finished):
    minute = timedelta(minutes=1)
    assert (await browser.get(finished.link(age=LIFETIME - minute))).status_code == 200
    assert is_refused(await browser.get(finished.link(age=LIFETIME)))


async def test_yours_alone_a_link_that_was_tampered_with_is_refused(browser: httpx.AsyncClient, finished: Finished):
    path, token = finished.link().split("?token=")
    of_another_file = finished.link(id=uuid4()).split("?token=")[1]
    of_another_account = finished.link(account=uuid4()).split("?token=")[1]
    for tampered in ("", "?token=", f"?token={token[:-1]}", f"?token={token}A", f"?token={token.swapcase()}", "?token=%00", "?token=é"):
        assert is_refused(await browser.get(path + tampered)), tampered
    for tampered in (of_another_file, of_another_account):
        assert is_refused(await browser.get(f"{path}?token={tampered}"))


@pytest.mark.parametrize(("account", "status"), [("acme", 200), (None, 200), ("rival", 403)])
async def test_yours_alone_a_link_is_for_its_owner(
    account: str | None, status: int, browser: httpx.AsyncClient, finished: Finished, tokens_of: Connection
):
    # Given a caller that is known, by a token or by a session
    token = tokens.create(tokens_of, "a caller", (Scope.READ,), account)
    by_token = await browser.get(finished.link(), headers=bearer(token))
    id = tokens.find(tokens_of, token)
    assert id is not None
    await browser.get(f"/sign-in?code={tokens.sign_in_code(tokens_of, id)}")
    assert SESSION_COOKIE in browser.cookies
    by_session = await browser.get(finished.link())
    # Then the link is good for callers of its account, and for others like any that is not
    for answer in (by_token, by_session):
        assert (answer.status_code, answer.content == CONTENT or is_refused(answer)) == (status, True)


async def test_yours_alone_an_export_that_there_is_looks_like_none_to_who_has_no_link(browser: httpx.AsyncClient, finished: Finished):
    for id in (finished.id, uuid4()):
        assert is_refused(await browser.get(f"/v1/exports/{id}/{finished.name}"))
        assert is_refused(await browser.get(finished.link(id=id, account=uuid4())))
        assert is_refused(await browser.get(finished.link(id=id, age=LIFETIME)))
        assert is_refused(await browser.get(finished.link(id=id, name="other.xlsx")))
        assert is_refused(await browser.get(f"/v1/exports/{id}/..%2f..%2fsecret.key?{finished.link().partition('?')[2]}"))
    assert is_refused(await browser.get(finished.link(id=uuid4())))
    pending = finished.parts.exports.request(REQUEST)
    assert is_refused(await browser.get(finished.link(id=pending.id)))


async def test_only_a_good_link_tells_that_its_file_is_gone(browser: httpx.AsyncClient, finished: Finished, tokens_of: Connection):
    finished.parts.store.delete(finished.id)
    gone = await browser.get(finished.link())
    assert gone.status_code == 404
    told = {"code": "NOT_FOUND", "message": "The file of this export is not there any more: ask for a new export."}
    assert gone.json() == {"error": told}
    rival = tokens.create(tokens_of, "a caller", (Scope.READ,), "rival")
    assert is_refused(await browser.get(finished.link(), headers=bearer(rival)))
    assert is_refused(await browser.get(finished.link(age=LIFETIME)))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_file_can_only_be_read(method: str, browser: httpx.AsyncClient, finished: Finished):
    assert (await browser.request(method, finished.link())).status_code == 405

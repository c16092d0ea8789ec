"""`POST /v1/events`: reports in, a receipt out, and the log as the receipt says."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
import zstandard

from domain import limits
from domain.names import account_id
from ingest.endpoint import RETRY_SECONDS
from ledger.application import CELL
from ledger.position import Position, opened
from tests.events import ABSENT, line
from tests.ingest.sending import BATCH, NDJSON, SINGLE, execute, logged, post, rows

CONFLICTING = "this source and id already stand for another content: the first report stands"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (line(id="1"), SINGLE),
        (b"[" + line(id="1") + b"]", BATCH),
        (line(id="1") + b"\n", NDJSON),
        (line(id="1"), "application/json"),
        (b" [" + line(id="1") + b"]", "application/json"),
        (line(id="1"), "Application/CloudEvents+JSON; charset=utf-8"),
    ],
)
async def test_a_report_is_in_the_log_when_it_is_answered(client, ledger, seal, content, media_type):
    response = await post(client, content, media_type)
    receipt = response.json()
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert opened(receipt.pop("position"), seal) == Position(CELL, 1)
    assert receipt == {"recorded": 1, "duplicates": 0, "conflicts": [], "rejected": []}
    assert [(event.account, event.id) for event in logged(ledger)] == [("acme", "1")]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("GZip", gzip.compress), ("zstd", zstandard.compress)])
async def test_a_packed_body_is_unpacked(client, encoding, pack):
    response = await post(client, pack(line(id="1") + b"\n" + line(id="2")), Content_Encoding=encoding)
    assert response.json()["recorded"] == 2


async def test_half_good_the_good_half_is_recorded(client, ledger, database_url):
    batch = [line(id="1"), b"{", line(id="2"), line(id="3", data={"status_code": 9}), line(id="1")]
    response = await post(client, batch)
    receipt = response.json()
    assert (response.status_code, receipt["recorded"], receipt["duplicates"]) == (200, 2, 1)
    assert receipt["rejected"] == [
        {"index": 1, "id": None, "field": None, "message": "is not JSON: Input data was truncated"},
        {"index": 3, "id": "3", "field": "data.status_code", "message": "expected int >= 200"},
    ]
    assert [event.id for event in logged(ledger)] == ["1", "2"]


async def test_once_reports_sent_again_are_duplicates_and_have_a_position(client, ledger, seal):
    await post(client, [line(id="1"), line(id="2")])
    response = await post(client, [line(id="2"), line(id="1", traceparent="00-4bf9")])
    receipt = response.json()
    assert (response.status_code, receipt["recorded"], receipt["duplicates"]) == (200, 0, 2)
    assert opened(receipt["position"], seal) == Position(CELL, 2)
    assert len(logged(ledger)) == 2


async def test_once_another_content_of_a_name_is_a_conflict_and_kept_aside(client, ledger, database_url):
    await post(client, [line(id="1")])
    response = await post(client, [b"{", line(id="1", data={"model": "o3"})])
    receipt = response.json()
    assert (response.status_code, receipt["recorded"], receipt["duplicates"]) == (422, 0, 0)
    assert receipt["conflicts"] == [{"index": 1, "id": "1", "field": None, "message": CONFLICTING}]
    assert [event.model for event in logged(ledger)] == ["gpt-4o"]
    # And the conflict is kept once, however often it is sent
    await post(client, [line(id="1", data={"model": "o3"})])
    kept = rows(database_url, "SELECT account_id, topic, originator_id FROM tallygraph.conflicts")
    assert kept == [(account_id("acme"), "request.completed", rows(database_url, "SELECT originator_id FROM cell_0.ledger_events")[0][0])]


async def test_within_a_batch_the_first_report_of_a_name_stands(client, ledger):
    response = await post(client, [line(id="1"), line(id="1", data={"model": "o3"}), line(id="1"), line(id="2")])
    receipt = response.json()
    assert (receipt["recorded"], receipt["duplicates"]) == (2, 1)
    assert receipt["conflicts"] == [{"index": 1, "id": "1", "field": None, "message": CONFLICTING}]
    assert [event.model for event in logged(ledger)] == ["gpt-4o", "gpt-4o"]


async def test_nothing_good_is_a_receipt_with_422(client, ledger):
    response = await post(client, [b"{", line(type="unheard.of")])
    assert response.status_code == 422
    assert response.json()["position"] is None
    assert [each["index"] for each in response.json()["rejected"]] == [0, 1]
    assert logged(ledger) == []


@pytest.mark.parametrize(("content", "media_type"), [(b"", NDJSON), (b"\n \n", NDJSON), (b"[]", BATCH)])
async def test_an_empty_batch_is_taken(client, content, media_type):
    response = await post(client, content, media_type)
    assert (response.status_code, response.json()) == (
        200,
        {"recorded": 0, "duplicates": 0, "conflicts": [], "rejected": [], "position": None},
    )


@pytest.mark.parametrize(
    ("token", "status", "error"),
    [
        ("", 401, {"code": "UNAUTHORIZED", "message": "a valid token is needed: send Authorization: Bearer …"}),
        ("unheard-of", 401, {"code": "UNAUTHORIZED", "message": "a valid token is needed: send Authorization: Bearer …"}),
        (
            "of-reader",
            403,
            {
                "code": "FORBIDDEN",
                "message": "the token 'a dashboard' may not report anything: use one with the scope ingest or billing or operate",
            },
        ),
    ],
)
async def test_only_a_token_that_may_report_something_does(client, ledger, token, status, error):
    response = await post(client, [line()], token=token)
    assert (response.status_code, response.json()) == (status, {"error": error})
    assert response.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert logged(ledger) == []


@pytest.mark.parametrize(
    ("content", "sent_as", "error"),
    [
        (line(), ("text/csv", "identity"), (415, "UNSUPPORTED_MEDIA_TYPE")),
        (line(), ("", "identity"), (415, "UNSUPPORTED_MEDIA_TYPE")),
        (line(), (NDJSON, "br"), (415, "UNSUPPORTED_MEDIA_TYPE")),
        (line(), (NDJSON, "gzip"), (400, "BAD_REQUEST")),
        (gzip.compress(line(), mtime=0)[:-4], (NDJSON, "gzip"), (400, "BAD_REQUEST")),
        (zstandard.compress(line() * 9)[:-4], (NDJSON, "zstd"), (400, "BAD_REQUEST")),
        (b"{}", (BATCH, "identity"), (400, "BAD_REQUEST")),
        (b"{}\n" * 10_001, (NDJSON, "identity"), (413, "REQUEST_ENTITY_TOO_LARGE")),
        (bytes(limits.MAX_BODY_BYTES + 1), (NDJSON, "identity"), (413, "REQUEST_ENTITY_TOO_LARGE")),
    ],
)
async def test_a_body_that_cannot_be_taken_at_all_is_an_error(client, ledger, content, sent_as, error):
    media_type, encoding = sent_as
    response = await post(client, content, media_type, Content_Encoding=encoding)
    assert (response.status_code, response.json()["error"]["code"]) == error
    assert logged(ledger) == []


async def test_nothing_lost_what_is_refused_is_kept_whole_once_and_can_be_sent_again(client, ledger, database_url):
    # Given reports of every kind that is refused, sent twice, and by two senders
    refused = [
        b"{",
        b"\xff\x00\xfe",
        line(id="1", type="a\0b"),
        line(id="2", subject="other"),
        line(id="3", unknown="x" * limits.MAX_KEPT_BYTES),
        b"[" * 50_000,
        line(id="4", data={"model": "x" * 1_000_000}),
    ]
    for _ in range(2):
        response = await post(client, refused)
        assert (response.status_code, len(response.json()["rejected"])) == (422, len(refused))
    await post(client, [b"{"], token="of-other")
    await post(client, [b"{"], token="of-all")
    # Then each is kept once by its sender, byte for byte, as far as an event may go
    kept = rows(database_url, "SELECT account, dialect, body FROM tallygraph.rejections ORDER BY received_at")
    assert kept == [*(("acme", NDJSON, body[: limits.MAX_EVENT_BYTES]) for body in refused), ("other", NDJSON, b"{"), (None, NDJSON, b"{")]
    # And when what was wrong is mended, it counts
    mended = next(body for _, _, body in kept if b'"3"' in body).replace(b"x" * limits.MAX_KEPT_BYTES, b"x")
    assert (await post(client, [mended])).json()["recorded"] == 1


async def test_bounded_what_is_larger_than_any_event_is_kept_up_to_that_size(client, database_url):
    refused = line(id="1", data={"error_message": "x" * limits.MAX_EVENT_BYTES})
    receipt = (await post(client, [refused, line(id="2")])).json()
    assert receipt["recorded"] == 1
    assert receipt["rejected"] == [
        {"index": 0, "id": None, "field": None, "message": "is larger than 1048576 bytes (MAX_EVENT_BYTES): so much of it is kept aside"}
    ]
    assert rows(database_url, "SELECT body FROM tallygraph.rejections") == [(refused[: limits.MAX_EVENT_BYTES],)]


async def test_a_token_of_one_account_reports_for_no_other(client, ledger):
    response = await post(client, [line(id="1", subject="other"), line(id="2"), line(id="3", subject="acme")])
    receipt = response.json()
    assert receipt["recorded"] == 2
    assert receipt["rejected"] == [
        {"index": 0, "id": "1", "field": "subject", "message": "must be 'acme', the account of the token, or absent"}
    ]
    assert {event.account for event in logged(ledger)} == {"acme"}


async def test_a_token_of_all_accounts_brings_accounts_into_being(client, ledger, database_url):
    batch = [line(id="1", subject="acme"), line(id="1", subject="other"), line(id="1", subject=ABSENT), line(id="2", subject="other")]
    receipt = (await post(client, batch, token="of-all")).json()
    assert (receipt["recorded"], receipt["duplicates"]) == (3, 0)  # one name in two accounts is two events
    assert [each["field"] for each in receipt["rejected"]] == ["subject"]
    known = rows(database_url, "SELECT id, key, cell FROM tallygraph.accounts ORDER BY key")
    assert known == [(account_id("acme"), "acme", CELL), (account_id("other"), "other", CELL)]


async def test_a_report_from_beyond_tomorrow_is_refused(client):
    soon, far = (f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (23, 25))
    receipt = (await post(client, [line(id="1", time=soon), line(id="2", time=far)])).json()
    assert receipt["recorded"] == 1
    assert receipt["rejected"][0] == {"index": 1, "id": "2", "field": "time", "message": f"{far} is more than 1 day ahead of our clock"}


async def test_a_whole_batch_of_the_largest_size_is_taken(client, ledger):
    batch = [json.dumps({"id": str(i), **json.loads(line(id=ABSENT))}).encode() for i in range(limits.MAX_EVENTS_PER_BATCH)]
    receipt = (await post(client, batch)).json()
    assert receipt["recorded"] == limits.MAX_EVENTS_PER_BATCH
    assert len(logged(ledger)) == limits.MAX_EVENTS_PER_BATCH


async def test_a_log_that_cannot_be_written_is_said_to_come_back(client, ledger, database_url):
    execute(database_url, "ALTER TABLE cell_0.ledger_head RENAME TO away")
    response = await post(client, [line(id="1")])
    assert (response.status_code, int(response.headers["retry-after"]) in RETRY_SECONDS) == (503, True)
    assert response.json()["error"]["code"] == "SERVICE_UNAVAILABLE"
    # And when it is back, the same batch counts
    execute(database_url, "ALTER TABLE cell_0.away RENAME TO ledger_head")
    assert (await post(client, [line(id="1")])).json()["recorded"] == 1

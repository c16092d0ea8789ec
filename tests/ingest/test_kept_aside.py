"""Bounded: what is refused is kept aside, whole, up to so many bytes of an account; what is not is said to be the sender's to keep."""

import asyncio

import psycopg
import pytest

from domain import limits
from ledger import aside
from ledger.aside_room import ROW_BYTES
from tests.events import line
from tests.ingest.sending import execute, logged, post, rows

BODIES = "SELECT body FROM tallygraph.rejections ORDER BY received_at, body"
NOT_JSON = "is not JSON: JSON is malformed: invalid character (byte 0)"


def bad(name: str) -> bytes:
    """Ten bytes that are no JSON."""
    return f"bad {name}".ljust(10).encode()[:9] + b"!"


ROOM_OF_ONE = 10 + len(NOT_JSON) + ROW_BYTES


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for three."""
    monkeypatch.setattr(limits, "MAX_REJECTED_BYTES_PER_ACCOUNT", 3 * ROOM_OF_ONE)


def messages(response) -> list[str]:
    return [each["message"] for each in response.json()["rejected"]]


def not_kept(limit: int, name: str) -> str:
    return f"; not kept aside, for {limit} bytes of this account are already ({name}): keep it yourself"


async def test_what_finds_no_room_is_not_kept_and_its_sender_is_told(client, database_url, narrow):
    told = NOT_JSON + not_kept(3 * ROOM_OF_ONE, "MAX_REJECTED_BYTES_PER_ACCOUNT")
    response = await post(client, [bad("a"), bad("b"), bad("a"), bad("c"), bad("d")])
    assert response.status_code == 422
    assert messages(response) == [NOT_JSON] * 4 + [told]
    # And what was promised to be kept is there, is not said to be away when it comes again, and gives no room to others
    assert messages(await post(client, [bad("e"), bad("c"), bad("b")])) == [told, NOT_JSON, NOT_JSON]
    assert [body for (body,) in rows(database_url, BODIES)] == [bad("a"), bad("b"), bad("c")]
    assert rows(database_url, "SELECT account, kind, bytes FROM tallygraph.kept_aside") == [("acme", "rejections", 3 * ROOM_OF_ONE)]


async def test_one_account_takes_no_room_from_another_and_good_reports_need_none(client, ledger, database_url, narrow):
    for token in ("of-acme", "of-other", "of-all"):
        batch = [bad("a"), bad("b"), bad("c"), bad("d"), line(id="good", subject="other" if token == "of-other" else "acme")]
        response = await post(client, batch, token=token)
        assert [" not kept aside" in message for message in messages(response)] == [False, False, False, True]
        assert response.json()["recorded"] + response.json()["duplicates"] == 1
    assert len(rows(database_url, BODIES)) == 9
    assert len(logged(ledger)) == 2


async def test_when_an_operator_has_made_room_it_is_counted_anew(client, database_url, narrow):
    await post(client, [bad("a"), bad("b"), bad("c")])
    execute(database_url, f"DELETE FROM tallygraph.rejections WHERE body = '{bad('b').decode()}'")
    execute(database_url, "DELETE FROM tallygraph.kept_aside")
    assert [" not kept aside" in message for message in messages(await post(client, [bad("d"), bad("e")]))] == [False, True]
    assert [body for (body,) in rows(database_url, BODIES)] == [bad("a"), bad("c"), bad("d")]


async def test_conflicts_are_bounded_too(client, database_url, monkeypatch):
    await post(client, [line(id="1")])
    await post(client, [line(id="1", data={"model": "o3"})])
    ((size,),) = rows(database_url, "SELECT bytes FROM tallygraph.kept_aside WHERE kind = 'conflicts'")
    monkeypatch.setattr(limits, "MAX_CONFLICT_BYTES_PER_ACCOUNT", 2 * size)
    response = await post(client, [line(id="1", data={"model": model}) for model in ("o3", "o4", "o5", "o4")])
    told = [each["message"] for each in response.json()["conflicts"]]
    same = "this source and id already stand for another content: the first report stands"
    assert told == [same, same, same + not_kept(2 * size, "MAX_CONFLICT_BYTES_PER_ACCOUNT"), same]
    assert len(rows(database_url, "SELECT FROM tallygraph.conflicts")) == 2
    execute(database_url, "DELETE FROM tallygraph.kept_aside")
    await post(client, [line(id="1", data={"model": "o3"})])
    assert rows(database_url, "SELECT bytes FROM tallygraph.kept_aside WHERE kind = 'conflicts'") == [(2 * size,)]


async def test_many_at_once_keep_no_more_than_there_is_room_for(client, database_url, narrow):
    answers = await asyncio.gather(*(post(client, [bad(f"{number}{i}") for i in range(2)]) for number in range(8)))
    kept = [" not kept aside" not in message for answer in answers for message in messages(answer)]
    assert sum(kept) == len(rows(database_url, BODIES)) == 3


def test_two_who_keep_of_the_same_accounts_in_another_order_both_end(database_url):
    """Whoever comes second waits, and sees what the first one has kept."""
    first, second = (
        [aside.Rejected(account, "a test", None, "a reason", body) for account in accounts]
        for accounts, body in ((("acme", "other"), b"1"), (("other", "acme"), b"2"))
    )
    with psycopg.connect(database_url) as one, psycopg.connect(database_url, autocommit=True) as other:
        aside.keep(one, first, [])
        other.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            aside.keep(other, second, [])
        one.commit()
        assert aside.keep(other, second, []) == (set(), set())
    assert len(rows(database_url, BODIES)) == 4

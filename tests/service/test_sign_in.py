"""Signing in with a link that works once, as a browser does it, and out again."""

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from starlette.requests import Request

from domain.access import Scope
from graph.errors import UnauthenticatedError
from service import tokens
from service.sign_in import SESSION_COOKIE
from service.tokens import Gatekeeper
from service.web import Access, Parts

Connection = psycopg.Connection[Any]
ASK = {"query": "{ viewer { tokenName } }"}


@pytest.fixture
def person(tokens_of: Connection) -> UUID:
    """The token that the person signs in with."""
    id = tokens.find(tokens_of, tokens.create(tokens_of, "a person", (Scope.READ,), "acme"))
    assert id is not None
    return id


def link(connection: Connection, id: UUID) -> str:
    return f"/sign-in?code={tokens.sign_in_code(connection, id)}"


async def signed_in(browser: httpx.AsyncClient) -> bool:
    answer = await browser.post("/graphql", json=ASK)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def test_a_link_signs_in_once(browser: httpx.AsyncClient, tokens_of: Connection, person: UUID):
    path = link(tokens_of, person)
    assert not await signed_in(browser)
    entered = await browser.get(path)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert (await browser.post("/graphql", json=ASK)).json()["data"] == {"viewer": {"tokenName": "a person"}}
    again = await browser.get(path)
    assert (again.status_code, again.headers["location"]) == (303, "/"), "who is in already goes on"
    browser.cookies.clear()
    again = await browser.get(path)
    assert again.status_code == 403
    assert again.text.startswith("This sign-in link has been used, or is too old.")
    assert "set-cookie" not in again.headers
    assert not await signed_in(browser)


async def test_looking_at_a_link_does_not_use_it_up(browser: httpx.AsyncClient, tokens_of: Connection, person: UUID):
    path = link(tokens_of, person)
    looked = await browser.head(path)
    assert (looked.status_code, looked.headers.get("set-cookie")) == (200, None)
    assert (await browser.get(path)).status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in?code=", "/sign-in?code=%00", "/sign-in?code=%ff", "/sign-in?code=" + "x" * 5_000])
async def test_no_other_code_signs_in(path: str, browser: httpx.AsyncClient, tokens_of: Connection, person: UUID):
    link(tokens_of, person)
    assert (await browser.get(path)).status_code == 403


async def test_a_link_is_good_for_a_day(browser: httpx.AsyncClient, tokens_of: Connection, person: UUID):
    path = link(tokens_of, person)
    assert timedelta(days=1) == tokens.CODE_LIFETIME
    tokens_of.execute("UPDATE tallygraph.sign_in_codes SET expires_at = expires_at - %s", [tokens.CODE_LIFETIME])
    assert (await browser.get(path)).status_code == 403
    link(tokens_of, person)
    assert tokens_of.execute("SELECT count(*) FROM tallygraph.sign_in_codes").fetchone() == (1,)  # old ones do not pile up


async def test_the_cookie_is_kept_from_scripts_and_other_sites(browser: httpx.AsyncClient, tokens_of: Connection, person: UUID):
    entered = await browser.get(link(tokens_of, person))
    cookie = SimpleCookie(entered.headers["set-cookie"])[SESSION_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"], cookie["secure"]) == (
        True,
        "lax",
        "/",
        "5788800",
        "",
    )
    assert (entered.headers["referrer-policy"], entered.headers["cache-control"]) == ("no-referrer", "no-store")
    secure = await browser.get(f"https://tallygraph.test{link(tokens_of, person)}")
    assert SimpleCookie(secure.headers["set-cookie"])[SESSION_COOKIE]["secure"] is True


async def test_yours_alone_signing_out_ends_the_session_wherever_there_is_a_copy(
    browser: httpx.AsyncClient, tokens_of: Connection, person: UUID
):
    # Given two sessions of a person, and a copy of the cookie of one
    await browser.get(link(tokens_of, person))
    copied = browser.cookies[SESSION_COOKIE]
    await browser.get(link(tokens_of, person))
    other = browser.cookies[SESSION_COOKIE]
    browser.cookies.clear()
    browser.cookies.set(SESSION_COOKIE, copied)
    assert await signed_in(browser)
    assert (await browser.get("/sign-out")).status_code == 405  # a link or an image must not sign anybody out
    # When that one is signed out
    left = await browser.post("/sign-out")
    # Then the browser forgets it, the copy is good no more, and the other session is as it was
    assert (left.status_code, left.headers["location"]) == (303, "/")
    assert SimpleCookie(left.headers["set-cookie"])[SESSION_COOKIE].value == ""
    for session, good in ((copied, False), (other, True)):
        browser.cookies.clear()
        browser.cookies.set(SESSION_COOKIE, session)
        assert await signed_in(browser) is good


@pytest.mark.parametrize("cookie", [None, "x", "é"])
async def test_who_is_not_signed_in_can_sign_out(browser: httpx.AsyncClient, cookie: str | None):
    headers = {} if cookie is None else {b"Cookie": f"{SESSION_COOKIE}={cookie}".encode()}
    assert (await browser.post("/sign-out", headers=headers)).status_code == 303


async def test_a_session_that_was_ended_is_refused_by_all_within_seconds(parts: Parts, tokens_of: Connection, person: UUID):
    # Given another process, which has just let the session in
    now = 1_000.0
    another = Gatekeeper(parts.door_pool, stopwatch=lambda: now)
    session = await redeemed(another, tokens_of, person)
    viewer = await another.viewer(None, session)
    assert viewer is not None
    # When it is ended here
    await parts.gatekeeper.end(session)
    assert await parts.gatekeeper.viewer(None, session) is None
    # Then it is remembered there for as long as a revoked token, and no longer
    now += tokens.CACHE_SECONDS - 0.001
    assert await another.viewer(None, session) == viewer
    now += 0.001
    assert await another.viewer(None, session) is None


async def test_what_a_session_follows_ends_with_it(parts: Parts, tokens_of: Connection, person: UUID):
    session = await redeemed(parts.gatekeeper, tokens_of, person)
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": [(b"cookie", f"{SESSION_COOKIE}={session}".encode())]}
    context = await Access(parts).open_context(Request(scope), {})
    await context.recheck()
    await parts.gatekeeper.end(session)
    with pytest.raises(UnauthenticatedError):
        await context.recheck()


async def test_a_session_ends_with_its_token(browser: httpx.AsyncClient, tokens_of: Connection, person: UUID):
    await browser.get(link(tokens_of, person))
    unused = link(tokens_of, person)
    tokens.revoke(tokens_of, person)
    assert not await signed_in(browser)
    # Nor does a link of before lead anywhere, and there is no other.
    await browser.get(unused)
    assert not await signed_in(browser)
    assert tokens.sign_in_code(tokens_of, person) is None


async def test_a_session_lasts_a_week(parts: Parts, tokens_of: Connection, person: UUID):
    assert timedelta(days=7) == tokens.SESSION_LIFETIME
    session = await redeemed(parts.gatekeeper, tokens_of, person)
    grow_older(tokens_of, tokens.SESSION_LIFETIME - timedelta(minutes=1))
    assert await Gatekeeper(parts.door_pool).viewer(None, session) is not None
    grow_older(tokens_of, timedelta(minutes=1))
    assert await Gatekeeper(parts.door_pool).viewer(None, session) is None
    await redeemed(parts.gatekeeper, tokens_of, person)
    assert tokens_of.execute("SELECT count(*) FROM tallygraph.sessions").fetchone() == (1,)  # old ones do not pile up


def grow_older(connection: Connection, age: timedelta) -> None:
    connection.execute("UPDATE tallygraph.sessions SET expires_at = expires_at - %s", [age])


async def redeemed(gatekeeper: Gatekeeper, connection: Connection, person: UUID) -> str:
    """A session that has begun."""
    code = tokens.sign_in_code(connection, person)
    assert code is not None
    session = await gatekeeper.redeem(code)
    assert session is not None
    return session


async def test_a_session_that_has_ended_is_told_from_none(browser: httpx.AsyncClient, tokens_of: Connection, person: UUID):
    async def refusal() -> tuple[int, str]:
        answer = await browser.post("/graphql", json=ASK)
        return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]

    assert await refusal() == (401, "UNAUTHENTICATED")
    entered = await browser.get(link(tokens_of, person))
    cookie = SimpleCookie(entered.headers["set-cookie"])[SESSION_COOKIE]
    assert int(cookie["max-age"]) > tokens.SESSION_LIFETIME.total_seconds()  # browsers keep it longer than it is good
    grow_older(tokens_of, tokens.SESSION_LIFETIME)
    assert await refusal() == (401, "SESSION_ENDED")
    unknown = await browser.post("/graphql", json=ASK, headers={"Authorization": "Bearer unknown"})
    assert unknown.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_session_is_stored_hashed(parts: Parts, tokens_of: Connection, person: UUID):
    session = await redeemed(parts.gatekeeper, tokens_of, person)
    ((stored,),) = tokens_of.execute("SELECT s::text FROM tallygraph.sessions AS s").fetchall()
    assert session not in stored
    assert session.encode().hex() not in stored


async def test_yours_alone_no_other_text_is_a_session(browser: httpx.AsyncClient, tokens_of: Connection, person: UUID):
    await browser.get(link(tokens_of, person))
    session = browser.cookies[SESSION_COOKIE]
    ((stored,),) = tokens_of.execute("SELECT hash FROM tallygraph.sessions").fetchall()
    forged = (stored.hex(), str(person), person.hex, session[:-1], session + "A", session.swapcase(), "", "x", "é")
    for text in forged:
        browser.cookies.clear()
        answer = await browser.post("/graphql", json=ASK, headers=[(b"Cookie", f"{SESSION_COOKIE}={text}".encode())])
        assert answer.status_code == 401


async def test_a_token_goes_before_a_session(browser: httpx.AsyncClient, tokens_of: Connection, person: UUID):
    await browser.get(link(tokens_of, person))
    other = tokens.create(tokens_of, "a script", (Scope.READ,), None)
    answer = await browser.post("/graphql", json=ASK, headers={"Authorization": f"Bearer {other}"})
    assert answer.json()["data"] == {"viewer": {"tokenName": "a script"}}
    assert (await browser.post("/graphql", json=ASK, headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_a_token_signs_in_and_ends_with_it(browser: httpx.AsyncClient, tokens_of: Connection):
    token = tokens.create(tokens_of, "a person", (Scope.READ,), "acme")
    entered = await browser.post("/sign-in", content=f" {token}\n")
    assert (entered.status_code, entered.headers["cache-control"]) == (204, "no-store")
    cookie = SimpleCookie(entered.headers["set-cookie"])[SESSION_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], token in cookie.value) == (True, "lax", False)
    assert await signed_in(browser)


@pytest.mark.parametrize("token", [b"", b"tg_nothing", b"\0", b"\xff", b"x" * 1_024])
async def test_no_other_text_signs_in(browser: httpx.AsyncClient, tokens_of: Connection, token: bytes):
    refused = await browser.post("/sign-in", content=token)
    assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
    assert not await signed_in(browser)


async def test_a_token_that_expired_or_was_revoked_signs_nobody_in(browser: httpx.AsyncClient, tokens_of: Connection):
    gone = tokens.create(tokens_of, "gone", (Scope.READ,), "acme")
    id = tokens.find(tokens_of, gone)
    assert id is not None
    tokens.revoke(tokens_of, id)
    old = tokens.create(tokens_of, "old", (Scope.READ,), "acme", expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    for token in (gone, old):
        assert (await browser.post("/sign-in", content=token)).status_code == 403


async def test_bounded_a_text_that_is_too_long_for_a_token_is_not_read_on(browser: httpx.AsyncClient):
    assert (await browser.post("/sign-in", content=b"x" * 1_025)).status_code == 413

"""Tokens: who they let in, and when they no longer do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from domain.access import Scope
from service import tokens
from service.tokens import Gatekeeper
from service.web import Parts

Connection = psycopg.Connection[Any]
ASK = {"query": "{ viewer { tokenName scopes account { key } } }"}
HOUR = timedelta(hours=1)


def id_of(connection: Connection, token: str) -> UUID:
    id = tokens.find(connection, token)
    assert id is not None
    return id


async def ask(browser: httpx.AsyncClient, authorization: str) -> httpx.Response:
    return await browser.post("/graphql", json=ASK, headers={"Authorization": authorization})


async def lets_in(browser: httpx.AsyncClient, token: str) -> bool:
    """Whether both doors do; they never differ."""
    asked = await ask(browser, f"Bearer {token}")
    reported = await browser.post(
        "/v1/events", content=b"", headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    )
    assert (asked.status_code, reported.status_code) in ((200, 200), (401, 401))
    return asked.status_code == 200


async def test_a_token_speaks_for_its_account_with_its_scopes(browser: httpx.AsyncClient, tokens_of: Connection):
    token = tokens.create(tokens_of, "nightly", (Scope.READ, Scope.INGEST), "acme")
    answer = (await ask(browser, f"Bearer {token}")).json()["data"]["viewer"]
    assert answer["tokenName"] == "nightly"
    assert sorted(answer["scopes"]) == ["INGEST", "READ"]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic {}", "{}", "Token {}", "Bearer {}x", "Bearer x{}", "bearer"])
async def test_yours_alone_nothing_but_the_token_itself_lets_in(authorization: str, browser: httpx.AsyncClient, tokens_of: Connection):
    token = tokens.create(tokens_of, "nightly", Scope, None)
    refused = await ask(browser, authorization.format(token))
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert token not in refused.text
    assert [error["extensions"]["code"] for error in refused.json()["errors"]] == ["UNAUTHENTICATED"]
    assert (await browser.post("/v1/events", headers={"Authorization": authorization.format(token)})).status_code == 401


async def test_the_scheme_may_be_written_either_way(browser: httpx.AsyncClient, tokens_of: Connection):
    token = tokens.create(tokens_of, "nightly", Scope, None)
    assert {(await ask(browser, f"{scheme} {token}")).status_code for scheme in ("Bearer", "bearer", "BEARER", "Bearer ")} == {200}


async def test_a_token_works_until_it_expires(browser: httpx.AsyncClient, tokens_of: Connection):
    now = datetime.now(UTC)
    assert not await lets_in(browser, tokens.create(tokens_of, "old", Scope, None, expires_at=now - HOUR))
    assert await lets_in(browser, tokens.create(tokens_of, "new", Scope, None, expires_at=now + HOUR))


async def test_a_revoked_token_is_refused_by_whoever_has_not_just_seen_it(browser: httpx.AsyncClient, tokens_of: Connection):
    token = tokens.create(tokens_of, "nightly", Scope, None)
    assert tokens.revoke(tokens_of, id_of(tokens_of, token))
    assert not await lets_in(browser, token)
    assert tokens.find(tokens_of, token) is None


async def test_a_revoked_token_is_refused_by_all_within_seconds(parts: Parts, tokens_of: Connection):
    # Given a process that has just let the bearer in
    now = 1_000.0
    gatekeeper = Gatekeeper(parts.door_pool, stopwatch=lambda: now)
    token = tokens.create(tokens_of, "nightly", Scope, None)
    viewer = await gatekeeper.viewer(f"Bearer {token}")
    assert viewer is not None
    # When the token is revoked
    tokens.revoke(tokens_of, viewer.token_id)
    # Then it is remembered for as long as was said, and no longer
    now += tokens.CACHE_SECONDS - 0.001
    assert await gatekeeper.viewer(f"Bearer {token}") == viewer
    now += 0.001
    assert await gatekeeper.viewer(f"Bearer {token}") is None


async def test_a_token_that_was_unknown_works_within_seconds(parts: Parts, tokens_of: Connection):
    now = 1_000.0
    gatekeeper = Gatekeeper(parts.door_pool, stopwatch=lambda: now)
    assert await gatekeeper.viewer("Bearer a token to come") is None
    tokens.create(tokens_of, "to come", Scope, None, token="a token to come")
    now += tokens.CACHE_SECONDS
    viewer = await gatekeeper.viewer("Bearer a token to come")
    assert viewer is not None
    assert viewer.token_name == "to come"


async def test_bounded_what_is_remembered_of_callers(parts: Parts, tokens_of: Connection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tokens, "MAX_CACHED", 5)
    gatekeeper = Gatekeeper(parts.door_pool)
    for i in range(23):
        assert await gatekeeper.viewer(f"Bearer {i}") is None
        assert len(gatekeeper._known) <= 5


def test_a_token_is_stored_hashed(tokens_of: Connection):
    token = tokens.create(tokens_of, "nightly", Scope, "acme")
    row = tokens_of.execute("SELECT t::text FROM tallygraph.tokens AS t").fetchall()
    assert len(row) == 1
    assert token not in row[0][0]
    assert token.encode().hex() not in row[0][0]


def test_the_same_token_is_made_once_and_keeps_what_it_may(tokens_of: Connection):
    for scopes in ((Scope.READ,), tuple(Scope)):
        assert tokens.create(tokens_of, "admin", scopes, None, token="given") == "given"
    assert [each.scopes for each in tokens.every(tokens_of)] == [["read"]]


def test_tokens_that_are_made_of_a_secret_are_the_same_for_the_same_purpose_alone():
    made = {tokens.derived(secret, purpose) for secret in (b"one", b"two") for purpose in ("admin", "sample account") for _ in range(2)}
    assert len(made) == 4
    assert all(token.startswith("tg_") and len(token) == 46 for token in made)


def test_a_token_is_revoked_once(tokens_of: Connection):
    id = id_of(tokens_of, tokens.create(tokens_of, "nightly", Scope, None))
    assert [tokens.revoke(tokens_of, id), tokens.revoke(tokens_of, id), tokens.revoke(tokens_of, UUID(int=1))] == [True, False, False]

"""Tokens, sign-in codes and sessions. Each is told once and stored hashed; a code works once; a session ends with its token, too."""

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, LiteralString, NamedTuple
from uuid import UUID, uuid4

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from domain.access import Scope, Viewer

PREFIX = "tg_"
CACHE_SECONDS = 5.0  # a revoked token, or a session that was ended, is refused after this at the latest
MAX_CACHED = 10_000
CODE_LIFETIME = timedelta(days=1)
SESSION_LIFETIME = timedelta(days=7)

CREATE = (
    """
    CREATE TABLE IF NOT EXISTS tallygraph.tokens (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        hash bytea NOT NULL UNIQUE,
        scopes text[] NOT NULL,
        account text COLLATE "C",
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        expires_at timestamptz,
        revoked_at timestamptz
    )""",
    """
    CREATE TABLE IF NOT EXISTS tallygraph.sign_in_codes (
        hash bytea PRIMARY KEY,
        token_id uuid NOT NULL,
        expires_at timestamptz NOT NULL
    )""",
    """
    CREATE TABLE IF NOT EXISTS tallygraph.sessions (
        hash bytea PRIMARY KEY,
        token_id uuid NOT NULL,
        expires_at timestamptz NOT NULL
    )""",
)


def create(
    connection: psycopg.Connection[Any],
    name: str,
    scopes: Iterable[Scope],
    account: str | None,
    *,
    token: str | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A new token, or `token` itself made known; creating the same one again changes nothing. Returned once, stored hashed."""
    token = token or PREFIX + secrets.token_urlsafe(32)
    connection.execute(
        "INSERT INTO tallygraph.tokens (id, name, hash, scopes, account, expires_at) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (hash) DO NOTHING",
        [uuid4(), name, _hash(token), [scope.value for scope in scopes], account, expires_at],
    )
    return token


def derived(secret: bytes, purpose: str) -> str:
    """The token for a purpose that is made of the service's secret: the same at every start."""
    return PREFIX + urlsafe_b64encode(hmac.digest(secret, f"tallygraph token\n{purpose}".encode(), "sha256")).rstrip(b"=").decode()


def revoke(connection: psycopg.Connection[Any], id: UUID) -> bool:
    """Refuse the token from now on; false if there is none with this id that still worked."""
    statement = "UPDATE tallygraph.tokens SET revoked_at = clock_timestamp() WHERE id = %s AND revoked_at IS NULL"
    return connection.execute(statement, [id]).rowcount == 1


class Token(NamedTuple):
    """What is known of a token: not the token."""

    id: UUID
    name: str
    scopes: list[str]
    account: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def every(connection: psycopg.Connection[Any]) -> list[Token]:
    """All there ever were, oldest first."""
    statement = "SELECT id, name, scopes, account, created_at, expires_at, revoked_at FROM tallygraph.tokens ORDER BY created_at, id"
    return [Token(*row) for row in connection.execute(statement).fetchall()]


def find(connection: psycopg.Connection[Any], token: str) -> UUID | None:
    """The id of a token that works; null for others."""
    row = connection.execute(FIND["hash"], [_hash(token)]).fetchone()
    return None if row is None else row[0]


def sign_in_code(connection: psycopg.Connection[Any], id: UUID) -> str | None:
    """A code that signs in the bearer of a token, once; null where the token does not work (any more)."""
    code = secrets.token_urlsafe(24)
    connection.execute("DELETE FROM tallygraph.sign_in_codes WHERE expires_at < clock_timestamp()")
    if connection.execute(FIND["id"], [id]).fetchone() is None:
        return None
    connection.execute(
        "INSERT INTO tallygraph.sign_in_codes (hash, token_id, expires_at) VALUES (%s, %s, clock_timestamp() + %s)",
        [_hash(code), id, CODE_LIFETIME],
    )
    return code


class Gatekeeper:
    """Says who the bearer of a token or session is."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], *, stopwatch: Callable[[], float] = time.monotonic) -> None:
        """`stopwatch` tells how long a token or session has been remembered, in seconds."""
        self._pool = pool
        self._stopwatch = stopwatch
        self._known: dict[tuple[str, bytes], tuple[float, Viewer | None]] = {}

    async def viewer(self, authorization: str | None, session: str | None = None) -> Viewer | None:
        """From an Authorization header, or else a session cookie; null where neither is valid."""
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            return await self._find("hash", _hash(token.strip())) if scheme.lower() == "bearer" else None
        return None if session is None else await self._find("session", _hash(session))

    async def redeem(self, code: str) -> str | None:
        """A session for a sign-in code, which is used up; null for one that is not good (any more)."""
        session = secrets.token_urlsafe(24)
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM tallygraph.sessions WHERE expires_at < clock_timestamp()")
            begun = await connection.execute(REDEEM, [_hash(code), _hash(session), SESSION_LIFETIME])
        return session if begun.rowcount == 1 else None

    async def begin(self, token: str) -> str | None:
        """A session for a token; null for one that does not work."""
        session = secrets.token_urlsafe(24)
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM tallygraph.sessions WHERE expires_at < clock_timestamp()")
            begun = await connection.execute(BEGIN, [_hash(session), SESSION_LIFETIME, _hash(token.strip())])
        return session if begun.rowcount == 1 else None

    async def end(self, session: str) -> None:
        """Refuse the session from now on, whoever has a copy of it."""
        key = _hash(session)
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM tallygraph.sessions WHERE hash = %s", [key])
        self._known.pop(("session", key), None)

    async def _find(self, by: str, key: bytes) -> Viewer | None:
        now = self._stopwatch()
        known = self._known.get((by, key))
        if known is not None and known[0] > now:
            return known[1]
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
        async with self._pool.connection() as connection:
            cursor = await connection.execute(FIND[by], [key])
            row = await cursor.fetchone()
        viewer = None if row is None else Viewer(row[0], row[1], frozenset(map(Scope, row[2])), row[3])
        self._known[by, key] = (now + CACHE_SECONDS, viewer)
        return viewer


WORKING: LiteralString = """
    SELECT id, name, scopes, account FROM tallygraph.tokens
    WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())"""
FIND: dict[str, LiteralString] = {
    "hash": f"{WORKING} AND hash = %s",
    "id": f"{WORKING} AND id = %s",
    "session": f"{WORKING} AND id = (SELECT token_id FROM tallygraph.sessions WHERE hash = %s AND expires_at > clock_timestamp())",
}
BEGIN: LiteralString = f"""
    INSERT INTO tallygraph.sessions (hash, token_id, expires_at)
    SELECT %s, token.id, clock_timestamp() + %s FROM ({WORKING} AND hash = %s) AS token"""
REDEEM = """
    WITH used AS (DELETE FROM tallygraph.sign_in_codes WHERE hash = %s RETURNING token_id, expires_at)
    INSERT INTO tallygraph.sessions (hash, token_id, expires_at)
    SELECT %s, token_id, clock_timestamp() + %s FROM used WHERE expires_at > clock_timestamp()"""


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()  # secrets of 24 bytes and more need no salt: there is nothing to guess

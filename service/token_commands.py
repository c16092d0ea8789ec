"""`tallygraph tokens`: make, list and revoke the tokens that clients present, and let people sign in with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import psycopg
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.access import Scope
from domain.limits import MAX_STRING_BYTES
from service import tokens as known
from service.database import database
from service.errors import StartError
from service.options import DataDir, Url
from service.settings import Settings

WIDTH = 200
MAX_LIFETIME = timedelta(days=36_525)  # a century: beyond it, calendars end

tokens = App(name="tokens")

Scopes = Annotated[list[Scope], Parameter(name="--scope", negative="", help="What it may do; give it several times for several.")]
Account = Annotated[str | None, Parameter(help="The key of the one account it speaks for; without it, it speaks for all.")]
Name = Annotated[str, Parameter(help="What people call it.")]
Lifetime = Annotated[timedelta | None, Parameter(name="--expires-in", help="How long it works, such as 90d or 12h; for ever without it.")]
Id = Annotated[UUID, Parameter(help="Its id, of `tallygraph tokens list`.")]


class UselessTokenError(StartError):
    """Raised when a token could never let anybody in, or could not be stored."""


class NoSuchTokenError(StartError):
    """Raised when there is no token with this id, or it works no more."""


@tokens.command
def create(*, scope: Scopes, account: Account = None, name: Name = "token", expires_in: Lifetime = None, data_dir: DataDir = None) -> None:
    """Make a token, and print it: this once."""
    _check_text("--name", name)
    if account is not None:
        _check_text("--account", account)
    if expires_in is not None and not timedelta() < expires_in <= MAX_LIFETIME:
        raise UselessTokenError(f"--expires-in has to lie in the future, by no more than {MAX_LIFETIME.days} days, such as 90d.")
    expires_at = None if expires_in is None else datetime.now(UTC) + expires_in
    with _connected(data_dir) as connection:
        token = known.create(connection, name, scope, account, expires_at=expires_at)
    print(token)  # noqa: T201 - the one time it is shown


@tokens.command(name="list")
def show(*, data_dir: DataDir = None) -> None:
    """List the tokens: what they may do, not what they are."""
    table = Table("id", "name", "account", "scopes", "created", "expires", "revoked", box=None, pad_edge=False)
    with _connected(data_dir) as connection:
        for each in known.every(connection):
            cells = (each.id, each.name, each.account or "all", " ".join(each.scopes), each.created_at, each.expires_at, each.revoked_at)
            table.add_row(*(Text(f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else str(cell or "")) for cell in cells))
    Console(width=WIDTH).print(table)  # whole, also in a narrow terminal: the ids are to be copied


@tokens.command
def revoke(id: Id, /, *, data_dir: DataDir = None) -> None:
    """Refuse a token from now on, and the sessions of those who signed in with it."""
    with _connected(data_dir) as connection:
        if not known.revoke(connection, id):
            raise NoSuchTokenError(f"There is no token {id} that still works: `tallygraph tokens list` shows what there is.")


@tokens.command
def link(id: Id, /, *, url: Url = "http://127.0.0.1:8000", data_dir: DataDir = None) -> None:
    """Print a link that signs a person in to what a token may do. It works once, within a day."""
    with _connected(data_dir) as connection:
        code = known.sign_in_code(connection, id)
    if code is None:
        raise NoSuchTokenError(f"There is no token {id} that still works: `tallygraph tokens list` shows what there is.")
    print(f"{url.rstrip('/')}/sign-in?code={code}")  # noqa: T201 - what was asked for


def _check_text(option: str, text: str) -> None:
    """What no report could name is no account: the rule of `ingest`. Raises UselessTokenError."""
    encoded = text.encode(errors="replace")
    if not text:
        raise UselessTokenError(f"{option} is empty: give it a text, or leave it out.")
    if "\0" in text or encoded.decode() != text:
        raise UselessTokenError(f"{option} holds a NUL character, or bytes that are not UTF-8: leave them out.")
    if len(encoded) > MAX_STRING_BYTES:
        raise UselessTokenError(f"{option} is {len(encoded)} bytes long: {MAX_STRING_BYTES} are allowed (MAX_STRING_BYTES).")


@contextmanager
def _connected(data_dir: Path | None) -> Iterator[psycopg.Connection[Any]]:
    with database(Settings.from_environment(data_dir)) as found, psycopg.connect(found.direct_url) as connection:
        yield connection

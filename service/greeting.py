"""What `tallygraph serve` tells a person, to begin with."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
from rich.console import Console
from rich.markup import escape

from domain.access import Scope
from service import demo, tokens
from service.database import Database
from service.place import Place
from service.settings import Settings


class Line(NamedTuple):
    """What it is, the thing itself, and a word on it."""

    name: str
    text: str
    note: str = ""


def greet(settings: Settings, database: Database, place: Place, *, with_demo: bool) -> None:
    """Make the tokens to begin with known, and print them, with a link to sign in."""
    with psycopg.connect(database.url) as connection:
        lines = list(_ways_in(connection, settings, place, with_demo=with_demo))
    lines.append(Line("data", "DATABASE_URL" if settings.database_url else str(settings.data_dir)))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n[bold]Tallygraph[/] serves at [bold]{escape(place.url)}[/]")
    for line in lines:
        note = f"   [dim]({line.note})[/]" if line.note else ""
        console.print(f"  {line.name:<9} [cyan]{escape(line.text)}[/]{note}")
    console.print("[dim]Ctrl-C stops it.[/]\n")


def _ways_in(connection: psycopg.Connection[Any], settings: Settings, place: Place, *, with_demo: bool) -> Iterator[Line]:
    """Tokens made of the secret are the same at every start. One that was set is not told: who set it knows it, and logs are read."""
    operator = settings.admin_token or tokens.derived(settings.secret(), "admin")
    tokens.create(connection, "admin", Scope, None, token=operator)
    told = [] if settings.admin_token else [Line("operator", operator, "every account, every scope")]
    if with_demo:
        sample = tokens.derived(settings.secret(), "sample account")
        tokens.create(connection, "sample account", (Scope.INGEST, Scope.READ, Scope.BILLING), demo.ACCOUNT, token=sample)
        told.insert(0, Line("token", sample, f"the sample account, {demo.ACCOUNT}"))
    good = [(line, id) for line in told if (id := tokens.find(connection, line.text))]  # the others were revoked
    for _, id in good[:1]:
        yield Line("sign in", f"{place.url}/sign-in?code={tokens.sign_in_code(connection, id)}", "works once")
    yield from (line for line, _ in good)

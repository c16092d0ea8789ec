"""What `tallygraph serve` tells a person, to begin with."""

import psycopg
from rich.console import Console
from rich.markup import escape

from domain.access import Scope
from service import demo, tokens
from service.database import Database
from service.place import Place
from service.settings import Settings


def greet(settings: Settings, database: Database, place: Place, *, with_demo: bool) -> None:
    """Print where the service is and how to get in. The tokens are made of the secret, so they are the same at every start."""
    lines: list[tuple[str, str, str]] = []
    with psycopg.connect(database.url) as connection:
        person = admin = settings.admin_token or tokens.derived(settings.secret(), "admin")
        tokens.create(connection, "admin", Scope, None, token=admin)
        if with_demo:
            person = tokens.derived(settings.secret(), "sample account")
            tokens.create(connection, "sample account", (Scope.INGEST, Scope.READ, Scope.BILLING), demo.ACCOUNT, token=person)
            lines.append(("token", person, f"the sample account, {demo.ACCOUNT}"))
        lines.insert(0, ("sign in", f"{place.url}/sign-in?code={tokens.sign_in_code(connection, person)}", "works once"))
    if settings.admin_token is None:  # who has set it knows it, and logs are read by others
        lines.append(("operator", admin, "every account, every scope"))
    lines.append(("data", "DATABASE_URL" if settings.database_url else str(settings.data_dir), ""))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n[bold]Tallygraph[/] serves at [bold]{escape(place.url)}[/]")
    for name, text, note in lines:
        console.print(f"  {name:<9} [cyan]{escape(text)}[/]{f'   [dim]({note})[/]' if note else ''}")
    console.print("[dim]Ctrl-C stops it.[/]\n")

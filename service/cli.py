"""The commands."""

import os
import signal
import sys
import threading
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

import psycopg
from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.console import Console

from domain.access import Scope
from projections.runner import Runner
from service import logs, rebuilding, schema_file, sending, tokens, work
from service.errors import StartError
from service.place import Place
from service.processes import collect_seldom, stop_with_parent
from service.serve import database, serve
from service.set_up import prepare, reachable
from service.settings import Settings

app = App(
    name="tallygraph", help="Usage and billing for AI platforms: events in, figures out, and a log that proves them.", version="0.1.0"
)
tokens_app = App(name="tokens", help="Make and revoke the tokens that clients present.")
app.command(tokens_app)

DataDir = Annotated[Path | None, Parameter(name="--data-dir", help="Where local data lives; TALLYGRAPH_DATA_DIR, or ./data.")]
Companion = Annotated[bool, Parameter(show=False, negative="")]  # started by `serve`: ends when standard input does
Port = Annotated[int, Parameter(validator=Number(gte=0, lte=65_535))]


@app.command(name="serve")
def serve_command(
    *,
    demo: bool = False,
    host: str = "127.0.0.1",
    port: Port = 8000,
    data_dir: DataDir = None,
    only: Literal["web"] | None = None,
) -> None:
    """Serve the API, with projections, exports and, unless DATABASE_URL is set, a Postgres of its own.

    Parameters
    ----------
    demo
        Load a sample account. Without it the service starts empty.
    host
        Address to listen on.
    port
        Port to listen on.
    only
        web: leave projections and exports to `tallygraph project` and `tallygraph work`.

    """
    serve(Settings.from_environment(data_dir), Place(host, port), with_demo=demo, only_web=only == "web")


@app.command
def project(*, data_dir: DataDir = None, companion: Companion = False) -> None:
    """Keep the read models up with the log. Any number may run: an event counts once."""
    settings = Settings.from_environment(data_dir)
    with database(settings) as database_url, reachable(database_url):
        url = settings.database_direct_url or database_url
        prepare(url)
        stop = threading.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: stop.set())
        if companion:
            stop_with_parent(stop, sys.stdin.buffer)
        Runner(url).follow(stop)


@app.command(name="work")
def work_command(*, data_dir: DataDir = None, threads: Annotated[int, Parameter(validator=Number(gte=1, lte=16))] = 1) -> None:
    """Write the exports that the broker of BROKER_URL tells of.

    Parameters
    ----------
    threads
        How many exports at a time.

    """
    work.run(Settings.from_environment(data_dir), threads)


@app.command
def ingest(
    *files: Path,
    url: Annotated[str, Parameter(env_var="TALLYGRAPH_URL")] = "http://127.0.0.1:8000",
    token: Annotated[str, Parameter(env_var="TALLYGRAPH_TOKEN")],
) -> None:
    """Send files of usage events: NDJSON or CloudEvents in JSON, gzipped or not. Sending them again changes nothing.

    Parameters
    ----------
    files
        What to send.
    url
        The service.
    token
        A token with the scope ingest.

    """
    sys.exit(sending.send(files, url, token))


@app.command
def rebuild(name: Literal["usage"] = "usage", *, data_dir: DataDir = None) -> None:
    """Build read models anew from the first event, beside the live ones, and swap them in.

    Parameters
    ----------
    name
        The group of read models.

    """
    settings = Settings.from_environment(data_dir)
    with database(settings) as database_url, reachable(database_url):
        url = settings.database_direct_url or database_url
        prepare(url)
        rebuilding.rebuild(url, name)


@app.command(name="schema")
def schema_command(*, check: bool = False) -> None:
    """Write schema.graphql.

    Parameters
    ----------
    check
        Only say whether it is up to date.

    """
    sys.exit(schema_file.check() if check else schema_file.write())


@tokens_app.command
def create(
    *,
    scope: Annotated[list[Scope], Parameter(name="--scope")],
    account: str | None = None,
    name: str = "token",
    data_dir: DataDir = None,
) -> None:
    """Make a token, and print it: this once.

    Parameters
    ----------
    scope
        What it may do; give it several times for several.
    account
        The key of the one account it speaks for; without it, it speaks for all.
    name
        What people call it.

    """
    settings = Settings.from_environment(data_dir)
    with database(settings) as database_url:
        url = settings.database_direct_url or database_url
        prepare(url)
        with reachable(url), psycopg.connect(url) as connection:
            token = tokens.create(connection, name, scope, account)
    print(token)  # noqa: T201 - the one time it is shown


def main() -> None:
    """Run a command. What keeps it from starting is one sentence on standard error, and exit code 1."""
    logs.configure()
    collect_seldom()
    zoneinfo.reset_tzpath(())  # one time zone database everywhere: that of the tzdata package, not the machine's
    os.environ["PYTHONTZPATH"] = ""  # in the processes that this one starts, too
    try:
        app()
    except StartError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]tallygraph:[/] {error}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

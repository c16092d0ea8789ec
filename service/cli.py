"""The commands. Each is loaded when it is asked for: what sends a file need not load the API first."""

import os
import sys
import zoneinfo

from cyclopts import App
from rich.console import Console
from rich.markup import escape

from service import logs
from service.errors import INTERRUPTED, StartError

app = App(
    name="tallygraph", help="Usage and billing for AI platforms: events in, figures out, and a log that proves them.", version="0.1.0"
)
COMMANDS = {
    "service.serve:serve": "Serve the API, with projections, exports, audits and, unless DATABASE_URL is set, a Postgres of its own.",
    "service.project:project": "Keep the read models up with the log. Any number may run: an event counts once.",
    "service.work:work": "Write the exports and make the audits that the broker of BROKER_URL tells of.",
    "service.sending:ingest": "Send files of usage events. Sending them again changes nothing.",
    "service.price_commands:prices": "Set prices from a list.",
    "service.rerating:rerate": "Rate requests again, with the prices known now.",
    "service.rebuilding:rebuild": "Build read models anew from the first event, beside the live ones, and swap them in.",
    "service.auditing:audit": "Prove an account's figures of a range: replay the log, and compare. Ends with 0 where all match,"
    " with 1 where something differs, and with 2 where it could not be done.",
    "service.token_commands:tokens": "Make, list and revoke the tokens that clients present.",
    "service.schema_file:schema": "Write schema.graphql in this folder.",
}
for place, text in COMMANDS.items():
    app.command(place, help=text)


def main() -> None:
    """Run a command. What keeps it from starting is one sentence on standard error, and an exit code, 1 for most."""
    logs.configure()
    os.umask(0o066)  # files are for our user alone; folders can be passed through, as the private Postgres may run as another one
    zoneinfo.reset_tzpath(())  # one time zone database everywhere: that of the tzdata package, not the machine's
    os.environ["PYTHONTZPATH"] = ""  # in the processes that this one starts, too
    try:
        app()
    except StartError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]tallygraph:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()

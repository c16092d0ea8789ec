"""`tallygraph rerate`: rating again, asked of the service, with what it has changed."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from domain.names import account_id
from domain.notation import instant
from graph.node import Kind, global_id
from service.door import Door
from service.options import Url, instant_of

RERATE = """mutation($input: RerateInput!) { rerate(input: $input) {
    requests changedRequests feeBefore feeAfter errors { message } } }"""

Start = Annotated[str, Parameter(name="--from", help="Where the range begins: a day or an instant.")]
End = Annotated[str, Parameter(name="--to", help="Where it ends: requests of that instant are not in it.")]
Reason = Annotated[str, Parameter(help="Why: it is kept in the log.")]
Account = Annotated[str | None, Parameter(help="The key of the account whose requests are rated again; without it, those of all.")]
Models = Annotated[
    list[str] | None, Parameter(name="--model", negative="", help="Only requests to this model; give it several times for several.")
]
Token = Annotated[str, Parameter(env_var="TALLYGRAPH_TOKEN", help="A token of all accounts with the scope operate.")]


def rerate(
    *,
    start: Start,
    end: End,
    reason: Reason,
    account: Account = None,
    model: Models = None,
    url: Url = "http://127.0.0.1:8000",
    token: Token,
) -> None:
    """Ask for it, and print what it has changed. Raises StartError."""
    input = {
        "range": {"from": instant(instant_of("--from", start)), "to": instant(instant_of("--to", end))},
        "reason": reason,
        "models": model or None,
        "accountId": None if account is None else global_id(Kind.ACCOUNT, account_id(account).bytes),
    }
    console = Console(highlight=False, soft_wrap=True)
    door = Door(url, token, console)
    with door.client:
        done = door.change(RERATE, input)
    if done["requests"] is None:
        console.print("Recorded. The figures do not include it yet: they will, without another call.")
        return
    console.print(
        f"{done['requests']:,} requests rated again, {done['changedRequests']:,} of them with another fee:"
        f" {done['feeBefore']} USD before, {done['feeAfter']} USD now"
    )

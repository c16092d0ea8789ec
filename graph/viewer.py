"""Who asks."""

from enum import Enum

import strawberry

from domain import access
from graph.account import Account, account
from graph.context import Info
from graph.reach import own_account


@strawberry.enum(description="What a token may do.")
class Scope(Enum):
    INGEST = strawberry.enum_value("ingest", description="Report usage.")
    READ = strawberry.enum_value("read", description="See usage, history, fees and exports.")
    BILLING = strawberry.enum_value("billing", description="See the bill and audits, correct and void requests.")
    OPERATE = strawberry.enum_value("operate", description="For all accounts: set prices, rate again, rebuild, see the log itself.")


@strawberry.type(description="Who asks: the bearer of a token.")
class Viewer:
    token_name: str = strawberry.field(description="The name that the token was given when it was made.")
    scopes: list[Scope] = strawberry.field(description="What the token may do.")
    account: Account | None = strawberry.field(description="The one account it speaks for; null where it speaks for all.")


def viewer(info: Info) -> Viewer:
    """From the token alone: nothing is fetched."""
    asking, own = info.context.viewer, own_account(info.context)
    return Viewer(
        token_name=asking.token_name,
        scopes=[Scope[scope.name] for scope in access.Scope if asking.may(scope)],
        account=None if own is None else account(own),
    )

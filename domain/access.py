"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from uuid import UUID

from domain.names import account_id


class Scope(Enum):
    """What a token may do."""

    INGEST = "ingest"  # report usage
    READ = "read"  # usage, history, fees, exports
    BILLING = "billing"  # the bill, audits, corrections
    OPERATE = "operate"  # prices, rating again, rebuilding, the log itself, for all accounts


@cache
def needed_to_report(topic: str) -> Scope:
    """What it takes to tell events of this type: a gateway's token must not be able to set a price, or to correct what it has told."""
    if topic.startswith(("price.", "gpu_price.", "rating.")):
        return Scope.OPERATE
    return Scope.BILLING if topic in ("request.corrected", "request.voided") else Scope.INGEST


@dataclass(frozen=True, slots=True)
class Viewer:
    """The bearer of a token. `account` is the key of the one account it speaks for; null speaks for all."""

    token_id: UUID
    token_name: str
    scopes: frozenset[Scope]
    account: str | None

    def may(self, scope: Scope) -> bool:
        """Whether the token has `scope`."""
        return scope in self.scopes

    @property
    def account_id(self) -> UUID | None:
        """The identifier of the viewer's own account."""
        return None if self.account is None else account_id(self.account)

    @property
    def operates(self) -> bool:
        """Whether the viewer looks after the whole service."""
        return self.account is None and Scope.OPERATE in self.scopes

    def reaches(self, account: UUID) -> bool:
        """Whether `account` is within the viewer's reach: their own, or any for a token of all accounts."""
        return self.account is None or self.account_id == account

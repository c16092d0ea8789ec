"""Download links: good for minutes, for one file and for its account.

A link is made when somebody who may see the file asks for it, and is never stored.
"""

from datetime import datetime, timedelta
from enum import Enum
from urllib.parse import quote
from uuid import UUID

from domain.sealing import Seal, SealBrokenError
from jobs.errors import LinkError

LIFETIME = timedelta(minutes=10)


class Linked(Enum):
    """What a link is for: the folder of its path. A link to one kind of file is none to another, whatever their ids."""

    EXPORT = "exports"
    AUDIT = "audits"

    @property
    def purpose(self) -> bytes:
        """What the seal binds, which serves others too."""
        return f"{self.name.lower()} download 1".encode()


def download_path(
    of: Linked, seal: Seal, id: UUID, account_id: UUID, *, file_name: str, now: datetime, lifetime: timedelta = LIFETIME
) -> str:
    """Path and query of a link that is good until `now` + `lifetime`, to the second."""
    expires = int((now + lifetime).timestamp())
    token = seal.seal(expires.to_bytes(8), of.purpose, id.bytes, account_id.bytes)
    return f"/v1/{of.value}/{id}/{quote(file_name)}?token={token}"


def check_link(of: Linked, seal: Seal, token: str, id: UUID, account_id: UUID, *, now: datetime) -> None:
    """`account_id` is that of the file's owner. Who presents the link may be unknown, but not known to be of another account.

    Raises LinkError, which does not say whether the link is false or old.
    """
    try:
        expires = int.from_bytes(seal.open(token, of.purpose, id.bytes, account_id.bytes))
    except SealBrokenError:
        expires = 0
    if now.timestamp() >= expires:
        raise LinkError

"""Download links: good for minutes, for one export and for its account.

A link is made when somebody who may see the export asks for it, and is never stored.
"""

from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from domain.sealing import Seal, SealBrokenError
from jobs.errors import LinkError

LIFETIME = timedelta(minutes=10)

_PURPOSE = b"export download 1"  # the seal serves others too


def download_path(seal: Seal, export_id: UUID, account_id: UUID, *, file_name: str, now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """Path and query of a link that is good until `now` + `lifetime`, to the second."""
    expires = int((now + lifetime).timestamp())
    token = seal.seal(expires.to_bytes(8), _PURPOSE, export_id.bytes, account_id.bytes)
    return f"/v1/exports/{export_id}/{quote(file_name)}?token={token}"


def check_link(seal: Seal, token: str, export_id: UUID, account_id: UUID, *, now: datetime) -> None:
    """`account_id` is the export's own. Who presents the link may be unknown, but not known to be of another account.

    Raises LinkError, which does not say whether the link is false or old.
    """
    try:
        expires = int.from_bytes(seal.open(token, _PURPOSE, export_id.bytes, account_id.bytes))
    except SealBrokenError:
        expires = 0
    if now.timestamp() >= expires:
        raise LinkError

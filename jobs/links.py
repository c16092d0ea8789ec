"""Download links: signed, good for minutes, and good for one export of one account.

A link is made when somebody who may see the export asks for it, and is never stored.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlencode
from uuid import UUID

from jobs.errors import LinkError

LIFETIME = timedelta(minutes=10)


def download_path(key: bytes, export_id: UUID, account_id: UUID, file_name: str, now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """Path and query of a link that is good until `now` + `lifetime`."""
    expires = int((now + lifetime).timestamp())
    query = urlencode({"expires": expires, "signature": _signature(key, export_id, account_id, expires)})
    return f"/v1/exports/{export_id}/{quote(file_name)}?{query}"


def check_link(key: bytes, export_id: UUID, account_id: UUID, *, expires: str, signature: str, now: datetime) -> None:
    """`account_id` is the export's own; who presents the link must be of it, or be nobody known.

    Raises LinkError, which does not say whether the signature or the time is wrong.
    """
    moment = int(expires) if expires.isascii() and expires.isdigit() and len(expires) <= _MAX_DIGITS else 0
    expected = _signature(key, export_id, account_id, moment)
    is_genuine = hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))
    if not is_genuine or now >= datetime.fromtimestamp(moment, UTC):
        raise LinkError("This download link is not good any more. Ask for a new one.")


_MAX_DIGITS = 11


def _signature(key: bytes, export_id: UUID, account_id: UUID, expires: int) -> str:
    # The first line says what is signed: the key signs other things too.
    message = f"tallygraph export download v1\n{export_id}\n{account_id}\n{expires}"
    return hmac.new(key, message.encode(), sha256).hexdigest()

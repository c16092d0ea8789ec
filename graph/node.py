"""Global ids: opaque texts that name one thing of any kind. They open no door: who asks for a thing has to reach its account."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import Enum

import strawberry

from domain.limits import MAX_STRING_BYTES


@strawberry.interface(description="Something with a global id, by which `node` finds it again.")
class Node:
    id: strawberry.ID = strawberry.field(description="The global id: opaque, and the same for ever.")


class Kind(Enum):
    """What a global id names, as the byte that it begins with. Ids are kept by clients: a byte never gets another meaning."""

    ACCOUNT = b"a"  # 16 bytes of the account's id
    AUDIT = b"u"  # 16 bytes of the audit's id
    DEPLOYMENT = b"d"  # the account's id, then the deployment's key
    EXPORT = b"e"  # 16 bytes of the export's id
    REJECTION = b"j"  # 16 bytes of digest
    REQUEST = b"r"  # the account's id, then 16 bytes of the request's


def global_id(kind: Kind, name: bytes) -> strawberry.ID:
    """The id of the thing of that kind with that name."""
    return strawberry.ID(urlsafe_b64encode(kind.value + name).rstrip(b"=").decode())


def name_of(id: str) -> tuple[Kind, bytes] | None:
    """Kind and name behind an id; null where it is none of ours."""
    try:
        found = urlsafe_b64decode(id + "=" * (-len(id) % 4))
        kind, name = Kind(found[:1]), found[1:]
    except ValueError:  # not base64, not ASCII, or of no kind
        return None
    return (kind, name) if len(name) in SIZES[kind] and global_id(kind, name) == id else None


def name_of_kind(id: str, kind: Kind) -> bytes | None:
    """The name behind an id of that kind; null where it is not one."""
    found = name_of(id)
    return found[1] if found is not None and found[0] is kind else None


SIZES = {
    Kind.ACCOUNT: range(16, 17),
    Kind.AUDIT: range(16, 17),
    Kind.DEPLOYMENT: range(17, 17 + MAX_STRING_BYTES),
    Kind.EXPORT: range(16, 17),
    Kind.REJECTION: range(16, 17),
    Kind.REQUEST: range(32, 33),
}

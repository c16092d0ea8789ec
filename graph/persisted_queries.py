"""Apollo's protocol of automatic persisted queries: a request names its document, in place of it or, to register it, beside it.

https://www.apollographql.com/docs/apollo-server/performance/apq
"""

from typing import Any

import msgspec

from graph.documents import Documents, name_of
from graph.errors import BadInputError, PersistedQueryNotFoundError, PersistedQueryNotSupportedError

VERSION = 1


class PersistedQuery(msgspec.Struct, frozen=True, rename="camel"):
    """The name of a document."""

    version: int
    sha256_hash: str = ""


class Extensions(msgspec.Struct, frozen=True, rename="camel"):
    """Those that we know."""

    persisted_query: PersistedQuery | None = None


class Asked(msgspec.Struct, frozen=True):
    """What of a request says which document it means."""

    query: str | None = None
    extensions: Extensions | None = None


def completed(parameters: Any, documents: Documents, account: str | None) -> Any:
    """The parameters of a request, with the document that they name in place. One that they bring along is kept.

    Raises msgspec.ValidationError, BadInputError for a name that is another document's, PersistedQueryNotFoundError, and
    PersistedQueryNotSupportedError for another version of the protocol.
    """
    asked = msgspec.convert(parameters, Asked)
    named = asked.extensions.persisted_query if asked.extensions else None
    if named is None:
        return parameters
    if named.version != VERSION:
        raise PersistedQueryNotSupportedError
    if asked.query:
        if name_of(asked.query) != named.sha256_hash:
            raise BadInputError(
                "extensions.persistedQuery.sha256Hash is not the SHA-256 of the query: send that, in lowercase hexadecimal."
            )
        documents.keep(account, asked.query)
        return parameters
    text = documents.find(account, named.sha256_hash)
    if text is None:
        raise PersistedQueryNotFoundError
    return {**parameters, "query": text}

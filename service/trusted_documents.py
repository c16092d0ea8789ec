"""Documents that everybody may name from the start: those of a file that the build of a client has made."""

from pathlib import Path
from typing import Any

import msgspec

from graph.documents import MAX_DOCUMENT_BYTES, name_of
from service.errors import SettingError

MAX_FILE_BYTES = 16 * 1024 * 1024


class Operation(msgspec.Struct):
    """One of Apollo's manifest."""

    id: str
    body: str


class Manifest(msgspec.Struct):
    """What Apollo's generate-persisted-query-manifest writes."""

    operations: list[Operation]


def trusted_documents(file: Path | None) -> list[str]:
    """The texts of a JSON file: an object of texts by their SHA-256, or a manifest. Raises SettingError."""
    if file is None:
        return []
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise SettingError(f"The file of trusted documents, {file}, has more than {MAX_FILE_BYTES:,} bytes (MAX_FILE_BYTES).")
        found = _by_name(msgspec.json.decode(file.read_bytes()))
    except OSError as error:
        raise SettingError(f"The file of trusted documents, {file}, cannot be read ({error.strerror}).") from None
    except ValueError as error:  # msgspec's are
        raise SettingError(f"The file of trusted documents, {file}, is none: {error}.") from None
    for name, text in found:
        if len(text.encode()) > MAX_DOCUMENT_BYTES:
            raise SettingError(f"The document {name} of {file} has more than {MAX_DOCUMENT_BYTES:,} bytes (MAX_DOCUMENT_BYTES).")
        if name_of(text) != name:
            raise SettingError(f"The document {name} of {file} has another SHA-256 than its name: {name_of(text)}.")
    return [text for _, text in found]


def _by_name(content: Any) -> list[tuple[str, str]]:
    if isinstance(content, dict) and "operations" in content:
        return [(each.id, each.body) for each in msgspec.convert(content, Manifest).operations]
    return [*msgspec.convert(content, dict[str, str]).items()]

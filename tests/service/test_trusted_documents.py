"""The file of documents that everybody may name: what is read of it, and what is told of one that cannot be used."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.access import Scope
from graph.documents import MAX_DOCUMENT_BYTES
from service import tokens
from service.errors import SettingError
from service.settings import Settings
from service.trusted_documents import MAX_FILE_BYTES, trusted_documents
from service.web import Parts, application
from tests.service.running import Commands, bearer

TEXT = "{ viewer { account { key } } }"
NAME = sha256(TEXT.encode()).hexdigest()
MANIFEST = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": NAME, "name": "Viewer", "type": "query", "body": TEXT}],
}


@pytest.mark.parametrize("content", [{NAME: TEXT}, MANIFEST], ids=["texts by name", "Apollo's manifest"])
def test_documents_are_read_of_either_form(tmp_path: Path, content: Any):
    assert trusted_documents(written(tmp_path, json.dumps(content))) == [TEXT]


def test_without_a_file_there_are_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TALLYGRAPH_TRUSTED_DOCUMENTS", raising=False)
    assert trusted_documents(Settings.from_environment().trusted_documents) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is none: Input data was truncated."),
        ("[]", "is none: Expected `object`, got `array`."),
        ('{"operations": 5}', "is none: Expected `array`, got `int` - at `$.operations`."),
        ('{"operations": [{"id": "x"}]}', "is none: Object missing required field `body` - at `$.operations[0]`."),
        (json.dumps({NAME: 5}), "is none: Expected `str`, got `int` - at `$[...]`."),
        (json.dumps({"x": TEXT}), f"has another SHA-256 than its name: {NAME}."),
        (json.dumps({NAME: " " * (MAX_DOCUMENT_BYTES + 1)}), "has more than 65,536 bytes (MAX_DOCUMENT_BYTES)."),
        (" " * (MAX_FILE_BYTES + 1), "has more than 16,777,216 bytes (MAX_FILE_BYTES)."),
    ],
    ids=["no JSON", "a list", "no operations", "no text", "a number", "another name", "a long document", "a long file"],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, content: str, told: str):
    file = written(tmp_path, content)
    with pytest.raises(SettingError) as caught:
        trusted_documents(file)
    assert str(file) in str(caught.value)
    assert str(caught.value).endswith(told)


def test_a_service_does_not_start_without_the_file_that_it_was_told_of(tallygraph: Commands, tmp_path: Path):
    served = tallygraph.run("serve", "--port", "0", TALLYGRAPH_TRUSTED_DOCUMENTS=str(tmp_path / "missing.json"))
    assert served.ended() == 1
    assert served.errors == (
        f"tallygraph: The file of trusted documents, {tmp_path}/missing.json, cannot be read (No such file or directory).\n"
    )


async def test_yours_alone_a_document_of_the_file_is_asked_for_by_its_name_and_a_tag_is_good_for_ones_own_answer(
    database_url: str, tmp_path: Path, tokens_of: Any
):
    # Given dashboards of two accounts that name a document
    acme, globex = (bearer(tokens.create(tokens_of, "dashboard", [Scope.READ], account)) for account in ("acme", "globex"))
    parts = Parts(Settings(tmp_path, trusted_documents=written(tmp_path, json.dumps(MANIFEST))), database_url)
    named = {"extensions": json.dumps({"persistedQuery": {"version": 1, "sha256Hash": NAME}})}
    async with (
        parts.open(),
        httpx.AsyncClient(transport=httpx.ASGITransport(application(parts)), base_url="http://tallygraph.test") as client,
    ):
        # When each asks, and again with what it holds, and with what the other holds
        first = await client.get("/graphql", params=named, headers=acme)
        other = await client.get("/graphql", params=named, headers=globex)
        again = await client.get("/graphql", params=named, headers=acme | {"If-None-Match": first.headers["etag"]})
        mixed_up = await client.get("/graphql", params=named, headers=globex | {"If-None-Match": first.headers["etag"]})
    # Then each gets its own answer, or hears that it has it
    assert first.json()["data"] == {"viewer": {"account": {"key": "acme"}}}
    assert mixed_up.json()["data"] == other.json()["data"] == {"viewer": {"account": {"key": "globex"}}}
    assert (again.status_code, again.content) == (304, b"")


def written(folder: Path, content: str) -> Path:
    file = folder / "documents.json"
    file.write_text(content)
    return file

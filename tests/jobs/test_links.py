from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from domain.sealing import Seal
from jobs.errors import LinkError
from jobs.links import LIFETIME, Linked, check_link, download_path

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
EXPORT, ACCOUNT, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
SEAL = Seal(b"a secret for tests")


def token(export_id: UUID = EXPORT, account_id: UUID = ACCOUNT, seal: Seal = SEAL) -> str:
    path = download_path(Linked.EXPORT, seal, export_id, account_id, file_name="a.xlsx", now=NOW)
    return parse_qs(urlsplit(path).query)["token"][0]


def test_a_link_names_the_export_and_its_file():
    path = download_path(Linked.EXPORT, SEAL, EXPORT, ACCOUNT, file_name="a b.xlsx", now=NOW)
    assert urlsplit(path).path == "/v1/exports/00000000-0000-0000-0000-000000000001/a%20b.xlsx"


def test_a_link_is_good_for_minutes():
    check_link(Linked.EXPORT, SEAL, token(), EXPORT, ACCOUNT, now=NOW + LIFETIME - timedelta(seconds=1))
    with pytest.raises(LinkError):
        check_link(Linked.EXPORT, SEAL, token(), EXPORT, ACCOUNT, now=NOW + LIFETIME)


@pytest.mark.parametrize(
    "token",
    [
        token(export_id=OTHER),
        token(account_id=OTHER),
        token(export_id=ACCOUNT, account_id=EXPORT),
        token(seal=Seal(b"some other secret")),
        SEAL.seal((2**40).to_bytes(8), EXPORT.bytes, ACCOUNT.bytes),
        token()[:-1],
        token() + "A",
        "",
        "é",
        "\ud800",
    ],
)
def test_any_other_link_is_refused(token: str):
    with pytest.raises(LinkError, match=r"^This download link is not good \(any more\): ask for a new link\.$"):
        check_link(Linked.EXPORT, SEAL, token, EXPORT, ACCOUNT, now=NOW)


def test_a_link_to_one_kind_of_file_is_none_to_another():
    with pytest.raises(LinkError):
        check_link(Linked.AUDIT, SEAL, token(), EXPORT, ACCOUNT, now=NOW)
    path = download_path(Linked.AUDIT, SEAL, EXPORT, ACCOUNT, file_name="a.json", now=NOW)
    assert urlsplit(path).path == "/v1/audits/00000000-0000-0000-0000-000000000001/a.json"
    check_link(Linked.AUDIT, SEAL, parse_qs(urlsplit(path).query)["token"][0], EXPORT, ACCOUNT, now=NOW)

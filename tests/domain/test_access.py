"""Yours alone: how far a token reaches."""

from uuid import UUID

import pytest

from domain.access import Scope, Viewer
from domain.names import account_id


def viewer(account: str | None, *scopes: Scope) -> Viewer:
    return Viewer(UUID(int=1), "a token", frozenset(scopes), account)


@pytest.mark.parametrize(("account", "own", "other"), [("acme", True, False), (None, True, True)])
def test_a_token_of_one_account_reaches_no_other(account, own, other):
    assert viewer(account).reaches(account_id("acme")) is own
    assert viewer(account).reaches(account_id("acme ")) is other


def test_a_token_may_what_its_scopes_say_and_nothing_else():
    reader = viewer("acme", Scope.READ)
    assert [scope for scope in Scope if reader.may(scope)] == [Scope.READ]


def test_only_a_token_of_all_accounts_operates():
    assert viewer(None, Scope.OPERATE).operates
    assert not viewer("acme", Scope.OPERATE).operates
    assert not viewer(None, Scope.READ, Scope.INGEST, Scope.BILLING).operates


def test_the_account_of_a_token_has_the_identifier_of_its_key():
    assert viewer("acme").account_id == account_id("acme")
    assert viewer(None).account_id is None
